"""Colours stand out from the page in app and report, light and dark; clippings differ without them, too."""

import re
import tomllib
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

import dashboard
from hypercore.present import palette, report
from hypercore.present.palette import STATES, look, looks
from hypercore.spec.clipping import parse_clipping

THEME = tomllib.loads(Path(dashboard.__file__).with_name(".streamlit").joinpath("config.toml").read_text())[
    "theme"
]
COLORS = {name: value for name, value in vars(palette).items() if re.fullmatch("#[0-9A-F]{6}", str(value))}
COLORS |= {f"state {name}": color for name, color in STATES.items()}
COLORS |= {f"Streamlit's {color}": color for color in THEME["chartCategoricalColors"]}
# Clippings as a study has them, more than there are colours.
MANY = ["off", "on", *(f"{rule}({number})" for rule in ("agc", "fixed", "scale") for number in range(1, 12))]


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


def turned_dark(color: str) -> str:
    """What a report's filter for dark pages makes of a colour, by the CSS specification of filters."""
    [(left, turn)] = re.findall(r"invert\((.*?)\) hue-rotate\((\d+)deg\)", report._STYLE)
    share, angle = float(left), np.deg2rad(float(turn))
    gray = np.array([[0.213, 0.715, 0.072]] * 3)
    cosine = np.array([[0.787, -0.715, -0.072], [-0.213, 0.285, -0.072], [-0.213, -0.715, 0.928]])
    sine = np.array([[-0.213, -0.715, 0.928], [0.143, 0.140, -0.283], [-0.787, 0.715, 0.072]])
    rotated = gray + np.cos(angle) * cosine + np.sin(angle) * sine
    own = np.array([int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)])
    parts = np.clip(rotated @ (share + (1 - 2 * share) * own), 0, 1)
    return "#" + "".join(f"{round(255 * part):02X}" for part in parts)


@pytest.mark.parametrize("name", COLORS)
def test_a_colour_stands_out_from_the_page_in_app_and_report(name: str) -> None:
    color = COLORS[name]
    for page in ("light", "dark"):
        assert contrast(color, THEME[page]["backgroundColor"]) >= 3, page
    assert contrast(turned_dark(color), turned_dark("#FFFFFF")) >= 3, "a report's chart, dark"


def test_a_clipping_has_colours_of_the_palette_alone() -> None:
    drawn = {looks(MANY)(name).color for name in MANY} | {look(name).color for name in MANY}
    assert drawn <= set(COLORS.values()) - set(STATES.values())
    assert not drawn & {palette.GREY, palette.AMBER}, "of baselines and outlines"


def test_two_clippings_differ_in_mark_or_line_whatever_colours_one_sees() -> None:
    drawn = [looks(MANY)(name) for name in MANY]
    assert len({(one.symbol, one.dash) for one in drawn}) == len(MANY) == 35
    assert all(one.dash != other.dash for one, other in combinations(drawn, 2) if one.color == other.color)
    assert all(
        one.symbol != other.symbol for one, other in combinations(drawn, 2) if one.color == other.color
    )


def test_eleven_clippings_of_a_study_have_each_a_colour_of_its_own() -> None:
    names = ["off", "on", "agc(0.1)", "agc(0.1, weights)", "agc(0.1, hyper)", "agc(1)", "fixed(0.1)"]
    names += ["fixed(0.5)", "fixed(10)", "running_mean(all)", "running_mean(all, level)"]
    assert all(str(parse_clipping(name)) == name for name in names)
    of_study = looks(names)
    assert len({of_study(name).color for name in names}) == len(names) == 11
    assert all(of_study(name) == look(name) for name in ("off", "on"))
    assert [looks(reversed(names))(name) for name in names] == [of_study(name) for name in names]


def test_a_clipping_of_another_study_is_drawn_by_its_name() -> None:
    assert looks(["off", "agc(0.1)"])("agc(0.1, weights)") == look("agc(0.1, weights)")
