"""A small random regression network as a flat weight matrix, for oracles in float64."""

from dataclasses import dataclass

import torch
from torch import Tensor

from hypercore.core.clip import clip
from hypercore.core.hypergradient import Gradients, StackState, apply_updates, gradients, start
from hypercore.core.lane_clipping import lane_clipping
from hypercore.core.levels import Segments, hyper_levels, level_optimizers, natural_values
from hypercore.spec.clipping import OFF, Clipping
from hypercore.spec.notation import parse_stack

SHAPES = {"w1": (3, 5), "b1": (5,), "w2": (5, 2), "b2": (2,)}
SIZES = [15, 5, 10, 2]


@dataclass(frozen=True)
class Problem:
    """Initial weights and one batch a step."""

    weights: dict[str, Tensor]
    batches: list[tuple[Tensor, Tensor]]


def problem(seed: int, steps: int, dtype: torch.dtype = torch.float64) -> Problem:
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=dtype)

    return Problem(
        {name: draw(*shape) / 2 for name, shape in SHAPES.items()},
        [(draw(8, 3), draw(8, 2)) for _ in range(steps)],
    )


def loss(weights: dict[str, Tensor], batch: tuple[Tensor, Tensor]) -> Tensor:
    x, y = batch
    return ((torch.tanh(x @ weights["w1"] + weights["b1"]) @ weights["w2"] + weights["b2"] - y) ** 2).mean()


def flat_loss(levels0: Tensor, batch: tuple[Tensor, Tensor]) -> Tensor:
    lanes = []
    for row in levels0:
        parts = row.split(SIZES)
        named = {name: part.view(shape) for (name, shape), part in zip(SHAPES.items(), parts, strict=True)}
        lanes.append(loss(named, batch))
    return torch.stack(lanes)


@dataclass(frozen=True)
class Step:
    """What our core did in one step of one stack: the weights after it, hyperparameters, gradients."""

    losses: Tensor
    weights: Tensor
    hyper: tuple[Tensor, ...]
    gradients: Gradients


def run(notation: str, given: Problem, clipping: Clipping = OFF) -> list[Step]:
    """Train one lane with our core; the state after each step, pending updates applied."""
    stack = parse_stack(notation)
    row = torch.cat([weights.flatten() for weights in given.weights.values()]).unsqueeze(0)
    optimizers = level_optimizers([stack], row)
    levels = (row, *hyper_levels([stack], row))
    segments = [Segments.of(SIZES), *(Segments.of([1] * level.shape[1]) for level in levels[1:])]
    lanes = lane_clipping([clipping], segments, row.device)
    state: StackState = start(optimizers, levels)
    clip_state = lanes.start(row)
    steps = []
    for batch in given.batches:
        updated, found = gradients(optimizers, state, lambda w, batch=batch: flat_loss(w, batch))
        clipped = clip(lanes, found.grads, clip_state, updated.levels)
        clip_state = clipped.state
        state = updated._replace(grads=clipped.grads)
        with torch.no_grad():
            now = apply_updates(optimizers, state).levels
            steps.append(Step(found.losses, now[0], natural_values(optimizers, now), found))
    return steps
