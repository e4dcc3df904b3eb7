"""Tables are read in words, one α one way, and downloaded as they are."""

import pandas as pd
import pytest
from pandas.io.formats.style import Styler
from streamlit.elements.lib.pandas_styler_utils import marshall_styler
from streamlit.proto.ArrowData_pb2 import ArrowData

from dashboard import exports, widgets
from dashboard.readable import readable
from hypercore.present.alphas import reader
from hypercore.spec.metric import PERCENT, Metric

ROWS = pd.DataFrame(
    {
        "alpha": [1e-5, 1e-6, 10**-2.5],
        "best_alpha": [0.1, float("nan"), 1e-7],
        "status": ["finished", "not_applicable", "nonfinite"],
        "diverged": [False, False, True],
        "gain": ["-0.08 to +1.02", "edges-mnist-30", None],
        "difference": [-2.5, 0.125, 3.0],
        "negative_alpha_steps": [0.0, 1.0, 2.0],
    }
)


def told(shown: Styler) -> list[list[str]]:
    """What Streamlit takes from a styled table for each row."""
    marshall_styler(ArrowData(), shown, "table")
    translated = shown._translate(False, False)
    return [[cell["display_value"] for cell in row if cell["type"] == "td"] for row in translated["body"]]


def test_a_table_is_read_in_words_and_sorted_by_numbers() -> None:
    shown = readable(ROWS)
    assert told(shown)[0] == ["1e-5", "0.1", "finished", "", "−0.08 to +1.02", "−2.5", "0"]
    assert told(shown)[1][:4] == ["1e-6", "–", "does not apply", ""]
    assert told(shown)[2][:4] == ["0.00316", "1e-7", "not finite", "✕"]
    assert told(shown)[1][4] == "edges-mnist-30" and told(shown)[2][-1] == "2"
    assert shown.data["alpha"].tolist() == ROWS["alpha"].tolist(), "numbers, by which a click sorts"
    assert reader(ROWS["alpha"])(1e-5) == told(shown)[0][0], "as the axes have it"


def test_of_a_long_table_alphas_are_texts() -> None:
    long = readable(pd.concat([ROWS] * 400, ignore_index=True))
    assert isinstance(long, pd.DataFrame) and long["alpha"].head(2).tolist() == ["1e-5", "1e-6"]


def test_of_a_long_table_alphas_with_a_format_stay_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    long, shown = pd.concat([ROWS] * 100, ignore_index=True), []
    monkeypatch.setattr(widgets.st, "dataframe", lambda rows, **_: shown.append(rows))
    monkeypatch.setattr(exports, "tables", lambda *_: None)
    widgets.table(long, "rows", widgets.run_columns(PERCENT, len(long)))
    assert shown[0]["alpha"].tolist() == long["alpha"].tolist() and shown[0]["best_alpha"][0] == "0.1"


@pytest.mark.parametrize("metric", [PERCENT, Metric("bits per token")])
def test_lines_over_the_epochs_reach_from_zero_to_their_own_highest_and_say_so(metric: Metric) -> None:
    column = widgets.run_columns(metric)["over_epochs"]
    assert (column["type_config"]["y_min"], column["type_config"]["y_max"]) == (0, None)
    assert "a scale of its own: zero at the bottom" in column["help"]


def test_what_is_downloaded_has_the_values(monkeypatch: pytest.MonkeyPatch) -> None:
    exported: list[pd.DataFrame] = []
    monkeypatch.setattr(exports, "tables", lambda rows, *_: exported.append(rows))
    widgets.table(ROWS, "rows")
    pd.testing.assert_frame_equal(exported[0], ROWS)


def test_shares_are_percent_and_columns_without_a_value_are_left_out() -> None:
    rows = pd.DataFrame({"share": [0.3123, 1.0], "validation_loss": [None, None], "steps": [1, 2]})
    shown = readable(rows)
    assert list(shown.data) == ["share", "steps"]
    assert "31.2%" in shown.to_html() and "100%" in shown.to_html()
