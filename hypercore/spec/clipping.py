"""Clipping as data: which rule, on which levels, by which norm, fed back how."""

from dataclasses import dataclass
from enum import StrEnum

from hypercore.spec.optimizers import SpecError


class Kind(StrEnum):
    """The clipping rule. ``off`` is a lane with an infinite threshold, not another code path."""

    OFF = "off"
    RUNNING_MEAN = "running_mean"


class Scope(StrEnum):
    """Which levels are clipped: level 0, every level above it, or both."""

    WEIGHTS = "weights"
    HYPER = "hyper"
    ALL = "all"


class Norm(StrEnum):
    """What one norm is taken over: each tensor, each level, or all levels in scope pooled."""

    TENSOR = "tensor"
    LEVEL = "level"
    GLOBAL = "global"


class Feedback(StrEnum):
    """Which norm the running mean continues from: the clipped gradient's or the raw one's."""

    CLIPPED = "clipped"
    RAW = "raw"


NUMERICS: dict[Kind, int] = {Kind.OFF: 1, Kind.RUNNING_MEAN: 1}


@dataclass(frozen=True)
class Clipping:
    """How a cell's gradients are clipped. The defaults stand for the presentation's clipping.

    Raises:
        SpecError: an unclipped cell is given a scope, norm or feedback other than the default.

    >>> str(Clipping()), str(Clipping(Kind.OFF)), str(Clipping(scope=Scope.HYPER))
    ('on', 'off', 'running_mean(hyper, tensor, clipped)')
    """

    kind: Kind = Kind.RUNNING_MEAN
    scope: Scope = Scope.ALL
    norm: Norm = Norm.TENSOR
    feedback: Feedback = Feedback.CLIPPED

    def __post_init__(self) -> None:
        if self.kind is Kind.OFF and (self.scope, self.norm, self.feedback) != (
            Scope.ALL,
            Norm.TENSOR,
            Feedback.CLIPPED,
        ):
            raise SpecError("clipping off takes no scope, norm or feedback")

    def __str__(self) -> str:
        if self.kind is Kind.OFF:
            return "off"
        if self == Clipping():
            return "on"
        return f"{self.kind}({self.scope}, {self.norm}, {self.feedback})"


OFF = Clipping(Kind.OFF)
ON = Clipping()
