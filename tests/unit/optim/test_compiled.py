"""Steps in compiled kernels: as eager ones but for rounding, whatever comes and goes on the way."""

import copy
import warnings

import pytest
import torch
from torch import nn

from hypercore.machine.compiler import compiler_problem
from hypercore.optim import Stack, compiled, pieces, step
from hypercore.optim.lowest import Passes
from tests.unit.optim.problems import everything, weights

SIZES = [(3, 9000), (70,), (20, 1000), (9,), (33000,)]
ADAM = "Adam / SGD(1e-6)"
# Half precision: a rounded weight may be the neighbour.
RELATIVE = {torch.float64: 1e-12, torch.float32: 1e-6, torch.bfloat16: 2**-7}

needs_compiler = pytest.mark.skipif(compiler_problem("cpu") is not None, reason="wants a C++ compiler")


@pytest.fixture(autouse=True)
def short_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two blocks, so that there are several, and one that is not full."""
    monkeypatch.setattr(step, "piece_length", lambda _: 2 * pieces.BLOCK)


def begun(notation: str = ADAM, dtype: torch.dtype = torch.float64, **options: object) -> "Run":
    generator = torch.Generator().manual_seed(0)
    module = nn.ParameterList(nn.Parameter(torch.randn(*s, generator=generator).to(dtype)) for s in SIZES)
    return Run(module, Stack(module, notation, **options), generator)


class Run:
    """Parameters of which some wait now and then, and their stack."""

    def __init__(self, module: nn.ParameterList, stack: Stack, generator: torch.Generator) -> None:
        self.module, self.stack, self.generator = module, stack, generator
        self.targets = [p.detach() + torch.randn(p.shape, generator=generator) for p in module]

    def train(self, steps: int, waits: bool = False) -> "Run":
        for number in range(steps):
            for index, (parameter, target) in enumerate(zip(self.module, self.targets, strict=False)):
                noise = torch.randn(parameter.shape, generator=self.generator)
                grad = (parameter.detach() - target + noise).to(parameter.dtype)
                parameter.grad = None if waits and (index + number) % 5 == 0 else grad
            self.stack.step()
        return self

    def agrees(self, other: "Run", rel: float) -> bool:
        mine, theirs = (
            torch.cat([weights(run.module), torch.tensor([*map(float, _values(run.stack))])])
            for run in (self, other)
        )
        return torch.allclose(mine.double(), theirs.double(), rtol=rel, atol=rel)


def _values(stack: Stack) -> list[float]:
    return [value for named in stack.hyperparameters.values() for value in named.values()]


@needs_compiler
@pytest.mark.parametrize(
    ("notation", "dtype", "options"),
    [
        (ADAM, torch.float64, {}),
        (ADAM, torch.float32, {"clipping": "agc(0.01)", "nonfinite": "skip"}),
        (ADAM, torch.bfloat16, {"clipping": "on"}),
        ("SGD(0.1, mu=0.9) / Adam / SGD(1e-6)", torch.float64, {"clipping": "on"}),
        ("SGD(0.1, 0.9) / SGDPerParam(alpha=1e-7, mu=1e-6)", torch.float64, {}),
        ("AdaGrad", torch.float64, {}),
    ],
)
def test_steps_agree_with_eager_ones(notation: str, dtype: torch.dtype, options: dict[str, object]) -> None:
    eager = begun(notation, dtype, **options).train(20, waits=True)
    kernels = begun(notation, dtype, compiled=True, **options).train(20, waits=True)
    assert kernels.agrees(eager, RELATIVE[dtype])


@needs_compiler
@pytest.mark.parametrize("kinds", [(False, True), (True, False)])
def test_a_checkpoint_goes_on_either_way(kinds: tuple[bool, bool]) -> None:
    straight = begun().train(6)
    run = begun(compiled=kinds[0]).train(3)
    saved = run.stack.state_dict()
    assert saved["param_groups"][0].keys() == straight.stack.state_dict()["param_groups"][0].keys()
    run.stack = Stack(run.module, ADAM, compiled=kinds[1])
    run.stack.load_state_dict(saved)
    assert run.stack.defaults["compiled"] is kinds[1]
    assert run.train(3).agrees(straight, RELATIVE[torch.float64])


@needs_compiler
def test_parameters_join() -> None:
    found = []
    for options in ({}, {"compiled": True}):
        run = begun(**options).train(2)
        run.module.append(nn.Parameter(torch.ones(40000, dtype=torch.float64)))
        run.targets.append(torch.zeros(40000))
        run.stack.add_param_group({"params": [run.module[-1]]})
        found.append(run.train(4))
    assert found[1].agrees(found[0], RELATIVE[torch.float64])


@needs_compiler
def test_a_copy_steps_in_kernels_too(monkeypatch: pytest.MonkeyPatch) -> None:
    run = begun(compiled=True).train(2)
    twin = copy.deepcopy(run)
    monkeypatch.setattr(Passes, "pull_back", None)  # the eager one
    assert everything(twin.train(2).module, twin.stack) == everything(run.train(2).module, run.stack)


def test_without_a_compiler_a_warning_says_so_and_steps_are_eager(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "compiler_problem", lambda _: "no C++ compiler is here")
    compiled.can_compile.cache_clear()
    with pytest.warns(UserWarning, match=r"compiled=True, but steps are eager: no C\+\+ compiler is here"):
        run = begun(compiled=True).train(2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run.train(1)
    compiled.can_compile.cache_clear()
    eager = begun().train(3)
    assert everything(run.module, run.stack) == everything(eager.module, eager.stack)
