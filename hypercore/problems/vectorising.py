"""The lanes of anyone's module computed together, by ``torch.func.vmap``, and whether they can be."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor
from torch.func import vmap

from hypercore.core.pullback import pulled_back
from hypercore.problems.contract import Batch, Problem, ProblemData, State, Totals
from hypercore.spec.errors import first_line

# Says whether the lanes of modules are computed together on a device.
Together = Callable[[torch.device], bool]

# Two lanes are tried on so many examples each. Rounding moves what they find by less than these parts of it;
# another function, say a batch norm across lanes, by far more.
_LANES, _EXAMPLES = 2, 4
_RELATIVE, _OF_LARGEST = 1e-3, 1e-4


def off_the_cpu(device: torch.device) -> bool:
    """Where launching a lane's operations takes longer than computing them. On a CPU lanes go one by one,
    and so have the same bits in any company without a comparison.

    >>> off_the_cpu(torch.device("cpu")), off_the_cpu(torch.device("cuda"))
    (False, True)
    """
    return device.type != "cpu"


def losses_together(
    of_lane: Callable[[Tensor, Batch, State], tuple[Tensor, State]],
    weights: Tensor,
    batch: Batch,
    state: State,
) -> tuple[Tensor, State]:
    """All lanes' losses and their state after it, by what computes those of one."""
    with _quietly():
        found: tuple[Tensor, State] = vmap(of_lane)(weights, batch, state)
    return found


def totals_together(
    of_lane: Callable[[Tensor, Batch, State], Totals], weights: Tensor, examples: Batch, state: State
) -> Totals:
    """All lanes' totals of examples that they share, by what computes those of one."""
    counts: list[int] = []

    def sums(row: Tensor, own: State) -> tuple[Tensor, Tensor]:
        loss, score, counted = of_lane(row, examples, own)
        counts.append(counted)  # no tensor, which is all that vmap returns
        return loss, score

    with _quietly():
        loss, score = vmap(sums)(weights, state)
    return Totals(loss, score, counts[0])


@contextmanager
def _quietly() -> Iterator[None]:
    """Without vmap's words on operations that it loops over lanes for: nobody can do anything about it."""
    if torch.compiler.is_compiling():
        yield
        return
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "There is a performance drop")
        yield


def refusal(alone: Problem, together: Problem, data: ProblemData) -> str | None:
    """Why a problem's lanes are not computed together, if something speaks against it.

    ``alone`` computes them one by one. How many lanes give equal bits is for the admission of widths to
    compare; here it is whether vmap takes the module at all, and means the same by it.
    """
    expected = _computed(alone, data)
    try:
        found = _computed(together, data)
    except torch.OutOfMemoryError:
        raise  # it says nothing of the module, and bits must not depend on it
    except Exception as error:
        return f"it cannot be vectorised: {first_line(error)}"
    if not all(map(_close, found, expected)):
        return "vectorised it gives other numbers"
    return None


def _computed(problem: Problem, data: ProblemData) -> list[Tensor]:
    """All that a problem computes of some lanes: losses, gradients, the state after them, and totals."""
    device, count = data.train.device, min(_EXAMPLES, len(data.train))
    examples = torch.arange(_LANES * count, device=device).view(_LANES, count) % len(data.train)
    batch = data.train.take(examples)
    weights = torch.stack([problem.initial(seed) for seed in range(_LANES)]).to(device)
    parts = zip(*(problem.initial_state(seed) for seed in range(_LANES)), strict=True)
    state = tuple(torch.stack(part).to(device) for part in parts)
    losses, pull_back, after = pulled_back(lambda w: problem.training_losses(w, batch, state, ()), weights)
    gradients = pull_back(torch.ones_like(losses))
    with torch.no_grad():
        totals = problem.totals(weights, tuple(tensor[0].clone() for tensor in batch), state)
    return [losses, *gradients, *after, totals.loss, totals.score]


def _close(one: Tensor, other: Tensor) -> bool:
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    one, other = one.double(), other.double()
    largest = float(other.nan_to_num(0.0, 0.0, 0.0).abs().amax()) if other.numel() else 0.0
    return torch.allclose(one, other, rtol=_RELATIVE, atol=_OF_LARGEST * largest, equal_nan=True)
