"""How learned hyperparameters are stored, so that a gradient may move them freely."""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from torch import Tensor


class Transform(NamedTuple):
    """``natural(raw)`` is the value that a rule uses, ``raw`` its inverse.

    The gradient descends on ``raw``; a squashed one can never leave its range.
    """

    natural: Callable[["Tensor"], "Tensor"]
    raw: Callable[["Tensor"], "Tensor"]


def _same(x: "Tensor") -> "Tensor":
    return x


def _unit_interval(raw: "Tensor") -> "Tensor":
    return (raw.tanh() + 1.0) / 2.0


def _unit_interval_raw(value: "Tensor") -> "Tensor":
    return (value / (1.0 - value)).log() / 2.0


# Learned as it is; may turn negative.
IDENTITY = Transform(_same, _same)
# Learned as √x, so x ≥ 0.
SQUARE = Transform(lambda raw: raw * raw, lambda value: value.sqrt())
# Learned through (tanh x + 1)/2, so 0 < x < 1.
UNIT_INTERVAL = Transform(_unit_interval, _unit_interval_raw)
