"""Loss and error on a whole split."""

from typing import NamedTuple

import torch
from torch import Tensor

from hypercore.problems.contract import Examples, Problem, State

# Examples a chunk: bounds the memory of an evaluation; sums over chunks run in a fixed order.
CPU_CHUNK, GPU_CHUNK = 1000, 250


def chunk_size(device: torch.device) -> int:
    """Examples that are evaluated at a time: fewer on a GPU, where many lanes train side by side."""
    return CPU_CHUNK if device.type == "cpu" else GPU_CHUNK


class Evaluation(NamedTuple):
    """Mean loss, and the metric, each [L]: of classes the share misclassified, in percent."""

    loss: Tensor
    error_pct: Tensor


def evaluate(problem: Problem, weights: Tensor, split: Examples, state: State = ()) -> Evaluation:
    """Evaluate weights [L, P] on every example of a split."""
    loss = torch.zeros(weights.shape[0], dtype=torch.float64, device=weights.device)
    score: Tensor | int = 0
    count = 0
    with torch.no_grad():
        for examples in split.chunks(chunk_size(weights.device)):
            totals = problem.totals(weights, examples, state)
            loss, score, count = loss + totals.loss, score + totals.score, count + totals.counted
    assert isinstance(score, Tensor), "a split without an example"
    return Evaluation(loss / count, problem.score(score, count))
