"""What trains through each framework: a small module and its batches, and the loop by hand."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from hypercore.optim import Stack

NOTATION = "Adam / SGD"
LR = 1e-4
N_BATCHES = 4

Batch = tuple[Tensor, Tensor]


def module() -> nn.Module:
    """Always the same."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3))


def examples() -> Batch:
    """Of all batches, one after the other."""
    generator = torch.Generator().manual_seed(1)
    return torch.randn(8 * N_BATCHES, 4, generator=generator), torch.randint(
        3, (8 * N_BATCHES,), generator=generator
    )


def batches() -> list[Batch]:
    images, labels = examples()
    return list(zip(images.split(8), labels.split(8), strict=True))


def by_hand(epochs: int, lrs: Sequence[float] | None = None) -> list[object]:
    """The usual loop, with the rightmost α of each step."""
    model = module()
    stack = Stack(model, NOTATION, lr=LR)
    steps = [batch for _ in range(epochs) for batch in batches()]
    for (x, y), lr in zip(steps, lrs or [LR] * len(steps), strict=True):
        stack.param_groups[0]["lr"] = lr
        stack.zero_grad()
        functional.cross_entropy(model(x), y).backward()
        stack.step()
    return trained(model, stack)


def trained(model: nn.Module, stack: Stack) -> list[object]:
    """Weights and what was learned, to be compared by bits."""
    return [*(p.tolist() for p in model.parameters()), dict(stack.hyperparameters[1])]
