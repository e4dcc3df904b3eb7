"""From what a batch summed up on the device to rows about each of its cells, once an epoch."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor

from hypercore.problems.contract import ProblemData
from hypercore.spec.columns import Status
from hypercore.spec.record import Row
from hypercore.train.evaluate import Evaluation
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


@dataclass(frozen=True)
class Epoch:
    """An epoch's measurements, all still on the device, in the order of the lanes."""

    number: int
    steps: int
    log: Log
    evaluation: Evaluation
    points: Sequence[Point]
    intervals: Sequence[Interval]

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
        "test_loss": epoch.evaluation.loss,
        "error": epoch.evaluation.error_pct,
    }
    values = {name: column.tolist() for name, column in columns.items()}
    steps = int(epoch.log.step)
    return [
        {
            "status": (Status.FINISHED if first == NEVER else Status.NONFINITE).value,
            "error": None,
            "first_nonfinite_step": None if first == NEVER else first,
            "first_batch_loss": _finite(values["loss"][lane]),
            "last_epoch_train_loss": _finite(values["last"][lane]),
            "test_loss": _finite(values["test_loss"][lane]) if first == NEVER else None,
            "test_error_pct": values["error"][lane] if first == NEVER else None,
            "steps": steps,
            "negative_alpha_steps": values["negative"][lane],
            "n_train": len(data.train),
            "n_test": len(data.test),
            "n_classes": data.n_classes,
        }
        for lane, first in enumerate(epoch.first_nonfinite())
    ]


def curve_points(epoch: Epoch, lanes: Lanes, n_train: int) -> list[Row | None]:
    """The epoch's point on each lane's curves; None from the epoch on in which it turned non-finite."""
    log = epoch.log
    sums = torch.stack([interval.sums for interval in epoch.intervals]).double().sum(0)
    weights = slice(0, len(lanes.model.sizes))
    in_scope = lanes.clipping.in_scope.sum(1).clamp(min=1)  # a lane that clips nothing has a share of 0
    columns = {
        "train_loss": log.loss_sum / n_train,
        "test_loss": epoch.evaluation.loss,
        "test_error_pct": epoch.evaluation.error_pct,
        "grad_norm_mean": log.norm_sum / epoch.steps,
        "grad_norm_max": log.norm_max,
        "clipped_share": sums[:, 2].sum(1) / in_scope / epoch.steps,
        "threshold_mean": sums[:, 1, weights].mean(1) / epoch.steps,
    }
    values = {name: column.tolist() for name, column in columns.items()}
    step = int(log.step)
    return [
        None
        if first != NEVER
        else {
            "epoch": epoch.number,
            "step": step,
            **{name: _finite(column[lane]) for name, column in values.items()},
        }
        for lane, first in enumerate(epoch.first_nonfinite())
    ]


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
