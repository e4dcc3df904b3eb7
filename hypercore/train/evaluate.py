"""Loss and error on a whole split."""

from typing import NamedTuple

import torch
from torch import Tensor

from hypercore.problems.datasets import Split
from hypercore.problems.images import Model

# Examples a chunk: bounds the memory of an evaluation; sums over chunks run in a fixed order.
CPU_CHUNK, GPU_CHUNK = 1000, 250


def chunk_size(device: torch.device) -> int:
    """Examples that are evaluated at a time: fewer on a GPU, where many lanes train side by side."""
    return CPU_CHUNK if device.type == "cpu" else GPU_CHUNK


class Evaluation(NamedTuple):
    """Mean negative log-likelihood (nats) and share misclassified (percent), each [L]."""

    loss: Tensor
    error_pct: Tensor


def evaluate(model: Model, weights: Tensor, split: Split) -> Evaluation:
    """Evaluate weights [L, P] on every example of a split."""
    lanes = weights.shape[0]
    loss = torch.zeros(lanes, dtype=torch.float64, device=weights.device)
    wrong = torch.zeros(lanes, dtype=torch.int64, device=weights.device)
    chunk = chunk_size(weights.device)
    with torch.no_grad():
        for counts, labels in zip(
            torch.split(split.images, chunk), torch.split(split.labels, chunk), strict=True
        ):
            images = split.scaling.inputs(counts)
            shared = labels.expand(lanes, -1)
            log_p = model.log_probabilities(weights, images.expand(lanes, *images.shape))
            loss -= log_p.gather(2, shared.unsqueeze(2)).squeeze(2).double().sum(1)
            wrong += (log_p.argmax(2) != shared).sum(1)
    return Evaluation(loss / len(split), 100.0 * wrong / len(split))
