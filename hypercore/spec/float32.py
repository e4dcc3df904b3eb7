"""What float32, in which all train, can tell apart: beyond its range numbers train as 0 or as infinity."""

import math
import struct

# The least that keeps all its digits, and the largest.
LEAST, LARGEST = 2.0**-126, (2.0 - 2.0**-23) * 2.0**127
ALLOWED = f"a number from {LEAST:.3g} to {LARGEST:.3g}, as training in float32 tells from 0 and infinity"


def nearest(value: float) -> float:
    """The nearest number of float32.

    >>> nearest(1 - 1e-12), nearest(1e39), nearest(1e-50), nearest(LARGEST) == LARGEST
    (1.0, inf, 0.0, True)
    """
    try:
        return float(struct.unpack("<f", struct.pack("<f", value))[0])
    except OverflowError:
        return math.copysign(math.inf, value)


def is_within(value: float) -> bool:
    """Whether a number is told from infinity, and from 0 unless it is that.

    >>> is_within(0.0), is_within(-1.0), is_within(1e39), is_within(1e-50)
    (True, True, False, False)
    """
    return value == 0.0 or LEAST <= abs(value) <= LARGEST
