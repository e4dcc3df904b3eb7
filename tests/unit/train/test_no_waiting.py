"""No step of an epoch waits for the device: nothing is read back, so that a GPU's queue never runs dry."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from hypercore.spec.cell import Cell
from hypercore.spec.notation import parse_stack
from hypercore.spec.protocol import Protocol
from hypercore.train.batch import BatchRun
from hypercore.train.compiled import eager_step
from tests.unit.train.conftest import RULES, random_data

aten = torch.ops.aten

# What gives the host a number of the device's, or a tensor whose size depends on one.
WAITING = {
    aten._local_scalar_dense.default,  # item(), bool(), float()
    aten.equal.default,
    aten.is_nonzero.default,
    aten.masked_select.default,
    aten.nonzero.default,  # a mask as an index, too
    aten.repeat_interleave.Tensor,
    aten._unique2.default,
}


class Watch(TorchDispatchMode):
    """Refuses every operation of :data:`WAITING`."""

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        assert func not in WAITING, f"{func} waits for the device"
        if func is aten.index.Tensor:
            assert all(i is None or i.dtype is not torch.bool for i in args[1]), "a mask as an index waits"
        return func(*args, **kwargs or {})


def refuse(*_: object) -> None:
    raise AssertionError("reads the device's memory")


@pytest.fixture
def unread(monkeypatch: pytest.MonkeyPatch) -> None:
    """What reads a whole tensor without an operation of its own."""
    for name in ("tolist", "numpy", "cpu"):
        monkeypatch.setattr(Tensor, name, refuse)


@pytest.mark.usefixtures("unread")
@pytest.mark.parametrize("model", ["mlp", "cnn"])
@pytest.mark.parametrize("stack", ["SGD / SGD(0.1)", "Adam / SGD(1e20)", "RMSProp / Adam / SGD", "AdaGrad"])
def test_the_steps_of_an_epoch_read_nothing_back(model: str, stack: str) -> None:
    data = random_data(1, 8) if model == "mlp" else random_data(3, 10)
    often = Protocol(evaluations=2)
    cells = [
        Cell("digits", model, parse_stack(stack), c, 2, 32, seed, protocol=often)
        for seed, c in enumerate(RULES)
    ]
    run = BatchRun.begin(cells, data)
    with torch.no_grad(), Watch():
        points, intervals, within = run._pass_over_training_split(eager_step)
    assert points and intervals and within
    assert run.carry.log.step == run.steps_per_epoch


@pytest.mark.usefixtures("unread")
@pytest.mark.parametrize(
    "read",
    [
        lambda t: t.sum().item(),
        lambda t: bool(t.any()),
        lambda t: t[t > 0],
        lambda t: t.nonzero(),
        lambda t: torch.equal(t, t),
        lambda t: t.tolist(),
    ],
)
def test_what_waits_is_refused(read: Callable[[Tensor], object]) -> None:
    with pytest.raises(AssertionError), Watch():
        read(torch.ones(3))
