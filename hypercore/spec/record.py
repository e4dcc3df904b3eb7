"""What is known of one trained cell: the form in which training hands it to the store."""

from dataclasses import dataclass

Value = str | int | float | bool | None
Row = dict[str, Value]


@dataclass(frozen=True)
class Record:
    """One trained cell.

    ``cell`` has a value for each of :data:`hypercore.spec.columns.CELL`, a row of ``curves`` one for
    each of ``CURVE_POINT``, and likewise those of ``trajectories`` (``TRAJECTORY_POINT``) and of
    ``gradients`` (``GRADIENT_POINT``).
    """

    cell: Row
    curves: tuple[Row, ...]
    trajectories: tuple[Row, ...]
    gradients: tuple[Row, ...]
