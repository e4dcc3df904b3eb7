"""Colours can be read: a glyph on its state, and a state on a light and a dark page."""

import pytest

from hypercore.present.palette import STATES, look, looks
from hypercore.spec.clipping import parse_clipping

PAGES = {"light": "#FFFFFF", "dark": "#0E1117"}


def luminance(color: str) -> float:
    """Relative luminance by WCAG 2.1."""
    parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_wcags() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#767676", "#FFFFFF") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("state", STATES)
def test_a_glyph_is_read_on_its_state(state: str) -> None:
    glyph = "#000000" if state == "missing" else "#FFFFFF"
    assert contrast(STATES[state], glyph) >= 4.5


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("state", sorted(set(STATES) - {"missing"}))
def test_a_state_stands_out_from_the_page(state: str, page: str) -> None:
    assert contrast(STATES[state], PAGES[page]) >= 2


@pytest.mark.parametrize("rule", ["fixed", "agc", "scale"])
def test_the_usual_numbers_of_a_rule_are_told_apart_by_their_lines(rule: str) -> None:
    usual = [f"{digit * 10.0**power:g}" for power in range(-3, 1) for digit in (1, 2, 5)]
    looks = [look(f"{rule}({number})") for number in usual]
    assert len({(one.color, one.dash) for one in looks}) == len(usual)
    between = [look(f"{rule}({number})") for number in (0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)]
    assert len(set(between)) == len(between)
    assert not {one.color for one in looks} & {look("off").color, look("on").color}


# By their names alone some of them look alike in everything.
ALIKE = ["agc(0.1)", "agc(0.1, weights)", "agc(0.1, hyper)", "agc(1)", "agc(1, weights)"]
ALIKE += ["fixed(0.1)", "fixed(0.5)", "fixed(10)", "running_mean(all)", "running_mean(all, level)"]


def test_twelve_clippings_of_a_study_have_each_a_colour_of_its_own() -> None:
    names = ["off", "on", *ALIKE]
    assert all(str(parse_clipping(name)) == name for name in names) and len(names) == 12
    assert len({look(name) for name in names}) < 12
    of_study = looks(names)
    assert len({of_study(name).color for name in names}) == 12
    kept = ("off", "on", "agc(0.1)", "fixed(0.1)", "running_mean(all)")
    assert all(of_study(name) == look(name) for name in kept)
    assert [looks(reversed(names))(name) for name in names] == [of_study(name) for name in names]


def test_more_clippings_than_colours_differ_in_their_lines_and_in_their_marks() -> None:
    names = ["off", "on", *(f"{rule}({number})" for rule in ("agc", "fixed") for number in range(1, 12))]
    drawn = [looks(names)(name) for name in names]
    assert len({(one.color, one.dash) for one in drawn}) == len(names) == 24
    assert len({(one.color, one.symbol) for one in drawn}) == 24


def test_a_clipping_of_another_study_is_drawn_by_its_name() -> None:
    assert looks(["off", "agc(0.1)"])("agc(0.1, weights)") == look("agc(0.1, weights)")
