"""From what a batch summed up on the device to rows about each of its cells, once an epoch."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor

from hypercore.problems.contract import ProblemData
from hypercore.spec.columns import CURVE_POINT, Status, names
from hypercore.spec.record import Row
from hypercore.train.evaluate import Evaluations
from hypercore.train.lanes import NEVER, Lanes, Log


@dataclass
class Recorded:
    """What was found out about one cell so far; rows as in :mod:`hypercore.spec.columns`.

    ``facts`` are there once the cell ended: after its last epoch, or after the one in which it turned
    non-finite. The seconds are the cell's share: an epoch's time over the lanes that trained in it.
    """

    curves: list[Row] = field(default_factory=list)
    trajectories: list[Row] = field(default_factory=list)
    gradients: list[Row] = field(default_factory=list)
    facts: Row | None = None
    lanes: int = 0
    train_sec: float = 0.0
    eval_sec: float = 0.0


class Point(NamedTuple):
    """The learned hyperparameters, [L, H] for each level above the weights, after ``step`` steps."""

    step: int
    hyper: tuple[Tensor, ...]


class Interval(NamedTuple):
    """A logging interval of ``steps`` steps up to step ``end``, and its sums (:class:`Log`), [L, 3, K]."""

    end: int
    steps: int
    sums: Tensor


class Evaluated(NamedTuple):
    """What lanes were evaluated to within an epoch, after ``step`` steps."""

    step: int
    found: Evaluations


@dataclass(frozen=True)
class Epoch:
    """An epoch's measurements, all still on the device, in the order of the lanes."""

    number: int
    steps: int
    log: Log
    evaluation: Evaluations
    points: Sequence[Point]
    intervals: Sequence[Interval]
    within: Sequence[Evaluated] = ()

    def first_nonfinite(self) -> list[int]:
        """The first non-finite step of each lane, ``NEVER`` where there was none."""
        found: list[int] = self.log.first_nonfinite.tolist()
        return found


def facts(epoch: Epoch, data: ProblemData) -> list[Row]:
    """What to say of each lane if it ends with this epoch."""
    columns = {
        "loss": epoch.log.first_loss,
        "last": epoch.log.loss_sum / len(data.train),
        "negative": epoch.log.negative_alpha,
    }
    values = {name: column.tolist() for name, column in columns.items()}
    evaluated = _lists(epoch.evaluation, len(values["loss"]))
    steps = int(epoch.log.step)
    return [
        {
            "status": (Status.FINISHED if first == NEVER else Status.NONFINITE).value,
            "error": None,
            "first_nonfinite_step": None if first == NEVER else first,
            "first_batch_loss": _finite(values["loss"][lane]),
            "last_epoch_train_loss": _finite(values["last"][lane]),
            **{name: column[lane] if first == NEVER else None for name, column in evaluated.items()},
            "steps": steps,
            "negative_alpha_steps": values["negative"][lane],
            "n_train": len(data.train),
            "n_test": len(data.test),
            "n_validation": None if data.validation is None else len(data.validation),
            "n_classes": data.n_classes,
        }
        for lane, first in enumerate(epoch.first_nonfinite())
    ]


def commonest_error(data: ProblemData) -> float | None:
    """Percent of the test split that are not of its commonest class; None without classes."""
    if not data.n_classes:
        return None
    targets = torch.cat([batch[-1].flatten() for batch in data.test.chunks(len(data.test))])
    return 100 * (1 - int(torch.bincount(targets, minlength=data.n_classes).max()) / len(targets))


# What curves hold of whole epochs alone.
_OVER_AN_EPOCH = ("train_loss", "grad_norm_mean", "grad_norm_max", "clipped_share", "threshold_mean")


def _lists(evaluations: Evaluations, lanes: int) -> dict[str, list[float | None]]:
    """An evaluation's columns as finite numbers or None, lane by lane."""
    return {
        name: [None] * lanes if column is None else [_finite(value) for value in column.tolist()]
        for name, column in evaluations.columns().items()
    }


def curve_points(epoch: Epoch, lanes: Lanes, n_train: int) -> list[list[Row]]:
    """The epoch's points on each lane's curves, its end's last; they end where a lane turned non-finite."""
    log = epoch.log
    sums = torch.stack([interval.sums for interval in epoch.intervals]).double().sum(0)
    weights = slice(0, len(lanes.model.sizes))
    in_scope = lanes.clipping.in_scope.sum(1).clamp(min=1)  # a lane that clips nothing has a share of 0
    columns = {
        "train_loss": log.loss_sum / n_train,
        "grad_norm_mean": log.norm_sum / epoch.steps,
        "grad_norm_max": log.norm_max,
        "clipped_share": sums[:, 2].sum(1) / in_scope / epoch.steps,
        "threshold_mean": sums[:, 1, weights].mean(1) / epoch.steps,
    }
    values = {name: column.tolist() for name, column in columns.items()}
    firsts = epoch.first_nonfinite()
    nothing = {name: [math.nan] * len(firsts) for name in _OVER_AN_EPOCH}
    evaluated = [(one.step, one.found, nothing) for one in epoch.within]
    evaluated.append((int(log.step), epoch.evaluation, values))
    rows: list[list[Row]] = [[] for _ in firsts]
    for step, found, measured in evaluated:
        of_lanes = _lists(found, len(firsts))
        for lane, first in enumerate(firsts):
            if first == NEVER or step < first:
                row: Row = {"epoch": epoch.number, "step": step}
                row |= {name: _finite(column[lane]) for name, column in measured.items()}
                row |= {name: column[lane] for name, column in of_lanes.items()}
                rows[lane].append({name: row[name] for name in names(CURVE_POINT)})
    return rows


def trajectory_points(epoch: Epoch, lanes: Lanes) -> list[list[Row]]:
    """Each lane's learned hyperparameters along the epoch, up to its non-finite step."""
    first = epoch.first_nonfinite()
    rows: list[list[Row]] = [[] for _ in first]
    for level in range(1, len(lanes.optimizers)):
        learned = lanes.optimizers[level - 1].learned
        values = [point.hyper[level - 1] for point in epoch.points]
        for point, of_lanes in zip(epoch.points, torch.stack(values).tolist() if values else (), strict=True):
            for lane, of_lane in enumerate(of_lanes):
                if first[lane] == NEVER or point.step < first[lane]:
                    rows[lane] += [
                        {"step": point.step, "level": level, "hyperparameter": name, "value": value}
                        for name, value in zip(learned, of_lane, strict=True)
                        if math.isfinite(value)
                    ]
    return rows


def gradient_points(epoch: Epoch, lanes: Lanes) -> list[list[Row]]:
    """Each level's gradient along the epoch, lane by lane, over the intervals before its non-finite step.

    The norm of a level is the 2-norm over its tensors of their mean norms in the interval.
    """
    first = epoch.first_nonfinite()
    rows: list[list[Row]] = [[] for _ in first]
    bounds = [0]
    for segments in lanes.clipping.segments:
        bounds.append(bounds[-1] + len(segments.spans))
    steps = torch.tensor([interval.steps for interval in epoch.intervals], dtype=torch.float64)
    sums = torch.stack([interval.sums for interval in epoch.intervals]).double().cpu()
    means = sums / steps[:, None, None, None]
    in_scope = lanes.clipping.in_scope.cpu()
    for level, (start, end) in enumerate(pairwise(bounds)):
        norms, thresholds, scaled = means[..., start:end].unbind(2)
        counted = in_scope[:, start:end].sum(1).clamp(min=1)
        columns = (torch.linalg.vector_norm(norms, dim=2), thresholds.mean(2), scaled.sum(2) / counted)
        for interval, *of_lanes in zip(epoch.intervals, *(c.tolist() for c in columns), strict=True):
            for lane, (norm, threshold, share) in enumerate(zip(*of_lanes, strict=True)):
                if first[lane] == NEVER or interval.end < first[lane]:
                    rows[lane].append(
                        {
                            "step": interval.end,
                            "level": level,
                            "grad_norm": _finite(norm),
                            "threshold": _finite(threshold),
                            "clipped_share": share,
                        }
                    )
    return rows


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
