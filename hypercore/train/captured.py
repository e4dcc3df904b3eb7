"""The step of a batch as one CUDA graph, launched whole.

An eager step launches some 400 kernels. On an H100 those of 64 lanes of an MLP take 1.4 ms, and their
launching 6 ms of Python. A graph replays the very kernels that were captured, so its bits are the step's.
"""

import torch
from torch import Tensor

from hypercore.problems.contract import Examples
from hypercore.train.compiled import Step
from hypercore.train.lanes import Carry, Lanes


class CapturedStep:
    """A step of ``lanes`` on examples of a split, for carries and numbers of examples of the given shapes.

    It works on memory of its own: what a call returns is overwritten by the next one.
    """

    def __init__(self, step: Step, lanes: Lanes, split: Examples, carry: Carry, examples: Tensor) -> None:
        self._examples = examples.clone()
        self._carry = carry.mapped(torch.clone)
        self._kept = self._carry.tensors()
        device = examples.device
        with torch.cuda.device(device):
            # Libraries set themselves up at their first call, which no graph can hold. Nothing is trained: a
            # step is a pure function.
            stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]  # torch leaves it untyped
            stream.wait_stream(torch.cuda.current_stream(device))
            with torch.cuda.stream(stream):
                step(lanes, self._carry, *split.take(self._examples))
            torch.cuda.current_stream(device).wait_stream(stream)
            self._graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(self._graph):
                after, self._hyper = step(lanes, self._carry, *split.take(self._examples))
                self._write(after)

    def __call__(self, carry: Carry, examples: Tensor) -> tuple[Carry, tuple[Tensor, ...]]:
        """The step, as :meth:`Lanes.step` has it, on examples [L, B] by their index."""
        self._examples.copy_(examples)
        # Of what the last call returned most comes back as it was; the log's sums begin anew now and then.
        self._write(carry)
        self._graph.replay()
        return self._carry, self._hyper

    def _write(self, carry: Carry) -> None:
        for kept, given in zip(self._kept, carry.tensors(), strict=True):
            if given is not kept:
                kept.copy_(given)
