"""A step works through the weights in pieces: their length changes no bit."""

from typing import Any

import pytest
import torch
from torch import nn

from hypercore.optim import Stack, pieces, step
from tests.unit.optim.problems import everything

SIZES = [(3, 2000), (70,), (20, 1000), (9,), (30000,)]


def trained(notation: str, clipping: str, dtype: torch.dtype, waits: bool) -> list[object]:
    generator = torch.Generator().manual_seed(0)
    module = nn.ParameterList(nn.Parameter(torch.randn(*s, generator=generator).to(dtype)) for s in SIZES)
    module[2] = nn.Parameter(module[2].detach().t().contiguous().t())  # not contiguous
    stack = Stack(module, notation, clipping=clipping)
    for number in range(3):
        for index, parameter in enumerate(module):
            grad = torch.randn(*parameter.shape, generator=generator).to(dtype)
            parameter.grad = None if waits and (index + number) % 2 == 0 else grad
        stack.step()
    return everything(module, stack)


@pytest.mark.parametrize("waits", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("clipping", ["off", "agc(0.01)"])
@pytest.mark.parametrize("notation", ["Adam / SGD(1e-6)", "SGD(0.1, mu=0.9) / Adam / SGD(1e-6)", "RMSProp"])
def test_their_length_changes_no_bit(
    notation: str, clipping: str, dtype: torch.dtype, waits: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for blocks in (1, 2, 1000):
        monkeypatch.setattr(step, "piece_length", lambda _, n=blocks: n * pieces.BLOCK)
        found.append(trained(notation, clipping, dtype, waits))
    assert found[0] == found[1] == found[2]


def test_the_number_of_threads_changes_no_bit() -> None:
    before = torch.get_num_threads()
    found = []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        found.append(trained("Adam / SGD(1e-6)", "off", torch.float32, waits=False))
    torch.set_num_threads(before)
    assert found[0] == found[1]


def test_no_temporary_is_as_long_as_the_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kept are two moments, the gradient, and nothing else of that length."""
    n = 40 * pieces.BLOCK
    monkeypatch.setattr(step, "piece_length", lambda _: pieces.BLOCK)
    parameter = nn.Parameter(torch.zeros(n))
    stack = Stack([parameter], "Adam / SGD(1e-6)")
    parameter.grad = torch.ones(n)
    stack.step()
    longest = 0

    class Watching(torch.utils._python_dispatch.TorchDispatchMode):
        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            nonlocal longest
            found = func(*args, **(kwargs or {}))
            if isinstance(found, torch.Tensor) and not found._is_view() and "_" not in str(func)[-12:-8]:
                shared = any(
                    isinstance(a, torch.Tensor)
                    and a.untyped_storage().data_ptr() == found.untyped_storage().data_ptr()
                    for a in args
                )
                longest = max(longest, 0 if shared else found.numel())
            return found

    with Watching():
        stack.step()
    assert longest <= pieces.BLOCK
    kept = stack.state["stack"]
    rows = [row for row in (*kept["rows"], kept["grad"], kept["weights"]) if row is not None]
    assert [row.numel() for row in rows] == [n, n, n]
