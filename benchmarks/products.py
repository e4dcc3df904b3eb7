"""The machine's matrix-product ceiling: what a step's arithmetic takes without anything around it."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch.nn import functional

from benchmarks.contestants import linear_sizes, steps_of
from benchmarks.teams import Runner, repeat
from hypercore.problems.datasets import Data
from hypercore.problems.models.cnn import FILTERS, KERNEL


@dataclass(frozen=True)
class Products:
    """A step's matrix products and convolutions alone, in float32 and its own shapes: what no step
    that is made of such calls can beat."""

    model: str
    batch_size: int

    def start(self, data: Data) -> Runner:
        """Forward, weight gradient and, but for the first layer, input gradient."""
        calls = _convolutions(self.batch_size, data) if self.model == "cnn" else []
        calls += _linear(self.batch_size, data, self.model)

        def step() -> float:
            for call in calls:
                call()
            return 0.0

        return steps_of(step)


@dataclass(frozen=True)
class LargeProducts:
    """What one large product reaches, in units of a step's arithmetic."""

    model: str
    batch_size: int
    size: int = 1536

    def start(self, data: Data) -> Runner:
        """A product of two square matrices."""
        left, right, result = (torch.randn(self.size, self.size) for _ in range(3))
        gflop = 2e-9 * self.size**3
        steps = gflop / step_gflop(self.model, self.batch_size, data)

        def work() -> float:
            torch.mm(left, right, out=result)
            return steps

        return lambda seconds: repeat(work, seconds)


def step_gflop(model: str, batch_size: int, data: Data) -> float:
    """10⁹ floating-point operations in the products of one step."""
    multiplied = 0
    if model == "cnn":
        channels, height, width = data.image_shape
        first = (height - 2) * (width - 2) * FILTERS * channels * KERNEL**2
        second = (height - 4) * (width - 4) * FILTERS * FILTERS * KERNEL**2
        multiplied += 2 * first + 3 * second
    for index, (inputs, outputs) in enumerate(linear_sizes(data, model)):
        multiplied += (2 if index == 0 and model == "mlp" else 3) * inputs * outputs
    return 2e-9 * batch_size * multiplied


def _linear(batch_size: int, data: Data, model: str) -> list[Callable[[], object]]:
    calls: list[Callable[[], object]] = []
    for index, (inputs, outputs) in enumerate(linear_sizes(data, model)):
        weight, features = torch.randn(outputs, inputs), torch.randn(batch_size, inputs)
        gradient = torch.randn(batch_size, outputs)
        forward, backward = torch.empty(batch_size, outputs), torch.empty(outputs, inputs)
        inward = torch.empty(batch_size, inputs)
        calls.append(lambda x=features, w=weight, out=forward: torch.mm(x, w.t(), out=out))
        calls.append(lambda g=gradient, x=features, out=backward: torch.mm(g.t(), x, out=out))
        if index > 0 or model == "cnn":
            calls.append(lambda g=gradient, w=weight, out=inward: torch.mm(g, w, out=out))
    return calls


def _convolutions(batch_size: int, data: Data) -> list[Callable[[], object]]:
    calls: list[Callable[[], object]] = []
    channels, height, width = data.image_shape
    for inputs, rows, columns in ((channels, height, width), (FILTERS, height - 2, width - 2)):
        images = torch.randn(batch_size, inputs, rows, columns)
        weight = torch.randn(FILTERS, inputs, KERNEL, KERNEL)
        gradient = torch.randn(batch_size, FILTERS, rows - 2, columns - 2)
        wanted = (inputs == FILTERS, True, False)
        calls.append(lambda x=images, w=weight: functional.conv2d(x, w))
        calls.append(
            lambda g=gradient, x=images, w=weight, mask=wanted: torch.ops.aten.convolution_backward(
                g, x, w, None, (1, 1), (0, 0), (1, 1), False, (0, 0), 1, mask
            )
        )
    return calls
