"""Loss and error on a whole split."""

from typing import NamedTuple

import torch
from torch import Tensor

from hypercore.problems.contract import Examples, Problem, ProblemData, SplitName, State

# Examples a chunk: bounds the memory of an evaluation; sums over chunks run in a fixed order.
CPU_CHUNK, GPU_CHUNK = 1000, 250


def chunk_size(device: torch.device) -> int:
    """Examples that are evaluated at a time: fewer on a GPU, where many lanes train side by side."""
    return CPU_CHUNK if device.type == "cpu" else GPU_CHUNK


class Evaluation(NamedTuple):
    """Mean loss, and the error by the problem's metric, each [L]."""

    loss: Tensor
    error: Tensor

    def first(self, count: int) -> "Evaluation":
        """Of the first lanes alone."""
        return Evaluation(self.loss[:count], self.error[:count])


class Evaluations(NamedTuple):
    """On the test split and, if part of the training split is held out, on the validation split."""

    test: Evaluation
    validation: Evaluation | None = None

    def first(self, count: int) -> "Evaluations":
        """Of the first lanes alone."""
        held = self.validation
        return Evaluations(self.test.first(count), None if held is None else held.first(count))

    def columns(self) -> dict[str, Tensor | None]:
        """As columns of curves and facts."""
        held = self.validation
        return {
            "test_loss": self.test.loss,
            "test_error": self.test.error,
            "validation_loss": None if held is None else held.loss,
            "validation_error": None if held is None else held.error,
        }


def evaluate_all(problem: Problem, weights: Tensor, data: ProblemData, state: State = ()) -> Evaluations:
    """Evaluate weights [L, P] on the data's test and validation splits."""
    held = data.validation
    return Evaluations(
        evaluate(problem, weights, data.test, state),
        None if held is None else evaluate(problem, weights, held, state, "validation"),
    )


def evaluate(
    problem: Problem, weights: Tensor, split: Examples, state: State = (), name: SplitName = "test"
) -> Evaluation:
    """Evaluate weights [L, P] on every example of a split."""
    loss = torch.zeros(weights.shape[0], dtype=torch.float64, device=weights.device)
    scores: list[Tensor] = []
    count = 0
    with torch.no_grad():
        for examples in split.chunks(chunk_size(weights.device)):
            totals = problem.totals(weights, examples, state)
            loss, count = loss + totals.loss, count + totals.counted
            scores.append(totals.score)
        return Evaluation(loss / count, problem.error(scores, count, name))
