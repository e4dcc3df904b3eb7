"""Separate clocks for separate costs, synchronised with the device before they are read."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch


@dataclass
class Clocks:
    """Seconds spent by name (``train``, ``eval``, ``compile``)."""

    device: torch.device
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def running(self, name: str) -> Iterator[None]:
        """Add the time spent inside to a clock."""
        start = self._now()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + self._now() - start

    @contextmanager
    def interrupting(self, running: str, by: str) -> Iterator[None]:
        """Add the time spent inside to the clock ``by``, and not to the one that is running."""
        before = self.seconds.get(by, 0.0)
        with self.running(by):
            yield
        self.seconds[running] = self.seconds.get(running, 0.0) - (self.seconds[by] - before)

    def _now(self) -> float:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)  # kernels are queued: without it the clock reads the queueing
        return time.perf_counter()
