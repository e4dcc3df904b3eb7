"""How long the jobs of a run will take side by side."""

from collections.abc import Iterable

from hypercore.results.rates import Engine, Rate, startup_sec, total
from hypercore.workflow.preview import Preview


def makespan(previews: Iterable[Preview], rates: Iterable[Rate], engine: Engine, cores: int) -> float | None:
    """Seconds that the jobs take on some cores, longest first, start-up included; None where unknown."""
    listed = list(rates)
    loads = [0.0] * max(cores, 1)
    costs = []
    for preview in previews:
        if preview.to_train:
            cost = total(((cell, 1) for cell in preview.to_train), listed, engine)
            if cost is None:
                return None
            costs.append(cost + startup_sec(listed))
    for cost in sorted(costs, reverse=True):
        loads[loads.index(min(loads))] += cost
    return max(loads)
