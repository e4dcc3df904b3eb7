"""Numbers of an axis: none touches the next, none is missed."""

import numpy as np
import pytest

from hypercore.present import ticks
from hypercore.present.letters import words_px


@pytest.mark.parametrize("low", [0.05, 0.9, 2.9, 9.0, 37.0, 50.0, 88.0])
@pytest.mark.parametrize("factor", [1.05, 1.3, 1.8, 2.5, 6.0, 30.0, 900.0])
def test_numbers_of_an_axis_of_errors_neither_touch_nor_leave_a_stretch_empty(
    low: float, factor: float
) -> None:
    found = ticks.along(low, high := low * factor)
    places = np.log10(np.array(found["tickvals"]) / low) / np.log10(factor)
    widths = np.array([words_px(text) for text in found["ticktext"]])
    assert all(np.diff(places) * ticks.PHONE_PX > (widths[1:] + widths[:-1]) / 2 + 5), "on a phone"
    assert max(np.diff([0, *places, 1])) <= 0.42
    tall = np.log10(np.array(ticks.upwards(low, high, 345)["tickvals"]) / low) / np.log10(factor)
    assert len(tall) >= len(places) and max(np.diff([0, *tall, 1])) <= 0.34
