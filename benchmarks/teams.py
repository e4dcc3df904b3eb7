"""Contestants measured side by side: worker processes that take turns, round after round.

A machine's speed drifts by more than what is to be told apart, so contestants run one after the other
for a moment each (A B C, A B C, …), and what counts is the ratio within a round.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Protocol

import torch
from torch import multiprocessing

from hypercore.problems.datasets import Data

# Trains for at least so many seconds; returns lane-steps done and the seconds that they took.
Runner = Callable[[float], tuple[float, float]]

_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")


class Contestant(Protocol):
    """What takes part: sent to each of its team's processes, where it gets ready."""

    def start(self, data: Data) -> Runner:
        """Get ready to train on ``data``: build, compile."""
        ...


@dataclass(frozen=True)
class Layout:
    """How a team fills the machine.

    >>> str(Layout(2, 1)), str(Layout(1, 2))
    ('2 × 1', '1 × 2')
    """

    processes: int
    threads: int

    def __str__(self) -> str:
        return f"{self.processes} × {self.threads}"


def layouts(cores: int) -> tuple[Layout, ...]:
    """A process a core with one thread, and one process with a thread a core: the whole machine each.

    >>> [str(layout) for layout in layouts(1)]
    ['1 × 1']
    """
    return (Layout(cores, 1), Layout(1, cores)) if cores > 1 else (Layout(1, 1),)


class Team:
    """Processes that run the same contestants at the same time."""

    def __init__(self, layout: Layout, contestants: Mapping[str, Contestant], data: Data) -> None:
        self.names = tuple(contestants)
        context = multiprocessing.get_context("spawn")
        self._pipes: list[Connection] = []
        self._processes = []
        with _environment(layout.threads):
            for _ in range(layout.processes):
                ours, theirs = context.Pipe()
                process = context.Process(
                    target=_work, args=(theirs, layout.threads, dict(contestants), data), daemon=True
                )
                process.start()
                self._pipes.append(ours)
                self._processes.append(process)

    def ready(self) -> None:
        """Wait until every process has every contestant ready."""
        for pipe in self._pipes:
            pipe.recv()

    def rate(self, name: str, seconds: float) -> float:
        """Lane-steps per second of all processes together."""
        for pipe in self._pipes:
            pipe.send((name, seconds))
        done = [pipe.recv() for pipe in self._pipes]
        return sum(steps / spent for steps, spent in done)

    def close(self) -> None:
        """End the processes."""
        for pipe in self._pipes:
            pipe.send(None)
        for process in self._processes:
            process.join()


def interleave(teams: Sequence[Team], seconds: float, rounds: int) -> dict[tuple[int, str], list[float]]:
    """Rates by team (its place) and contestant, one a round, after a round that does not count.

    Every other round runs backwards, so that a steady drift favours nobody.
    """
    turns = [(place, name) for place, team in enumerate(teams) for name in team.names]
    found: dict[tuple[int, str], list[float]] = {turn: [] for turn in turns}
    for number in range(rounds + 1):
        for place, name in turns if number % 2 else turns[::-1]:
            rate = teams[place].rate(name, seconds)
            if number > 0:
                found[place, name].append(rate)
    return found


@contextmanager
def assembled(
    contests: Sequence[tuple[Layout, Mapping[str, Contestant]]], data: Data
) -> Iterator[tuple[Team, ...]]:
    """Teams with everything ready, ended on leaving. The data are shared, not copied."""
    for split in (data.train, data.test):
        split.images.share_memory_()
        split.labels.share_memory_()
    teams: list[Team] = []
    try:
        for layout, contestants in contests:
            team = Team(layout, contestants, data)
            teams.append(team)
            team.ready()  # one at a time: compilation takes all cores
        yield tuple(teams)
    finally:
        for team in teams:
            team.close()


def repeat(work: Callable[[], float], seconds: float) -> tuple[float, float]:
    """Do a piece of work, which says how much it was, until the time is up."""
    start = time.perf_counter()
    done = 0.0
    while (spent := time.perf_counter() - start) < seconds:
        done += work()
    return done, spent


def _work(pipe: Connection, threads: int, contestants: Mapping[str, Contestant], data: Data) -> None:
    torch.set_num_threads(threads)
    runners = {name: contestant.start(data) for name, contestant in contestants.items()}
    pipe.send("ready")
    while (order := pipe.recv()) is not None:
        name, seconds = order
        pipe.send(runners[name](seconds))


@contextmanager
def _environment(threads: int) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, str(threads)))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name)
            else:
                os.environ[name] = value
