"""How long the dashboard's pages take, page by page: ``python -m benchmarks.dashboard --help``.

Times are what a script run takes, without a browser (Streamlit's AppTest); ``--chromium`` adds what a
visitor waits in a real one. ``--rows`` repeats the study's own results, under more labels, until its
table of cells has that many rows.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import streamlit as st
from streamlit.testing.v1 import AppTest

from benchmarks import chromium
from dashboard import data
from dashboard.site import PAGES
from hypercore.analysis.frames.tables import write_frame
from hypercore.present.table import text_table
from hypercore.results.disk import ResultFileError
from hypercore.spec import columns as spec

REPEATS = 5
TARGETS = "Meant: first page under 2 s on shipped results, under 3 s with 200,000 rows; changes under 300 ms."


def enlarge(source: Path, study: str, target: Path, rows: int) -> None:
    """Write a study's tables again, repeated under new labels and cell ids until cells has ``rows`` rows.

    Raises:
        ResultFileError: the study has no cells.
    """
    copies = -(-rows // max(len(data.read(source, study, "cells")), 1))
    for name, columns in spec.TABLES.items():
        try:
            frame = data.read(source, study, name)
        except ResultFileError:
            continue
        repeated = name in ("residuals", "claims")
        parts = [frame] if repeated else [_renamed(frame, number) for number in range(copies)]
        write_frame(
            data.table_path(target, study, name), pd.concat(parts, ignore_index=True), name, columns, {}
        )


def _renamed(frame: pd.DataFrame, number: int) -> pd.DataFrame:
    if number == 0:
        return frame
    new = {"label": frame["label"] + f" #{number}"} if "label" in frame else {}
    ids = [name for name in ("cell_id", "baseline_id", "parent") if name in frame]
    return frame.assign(**new, **{name: frame[name].str[:14] + f"{number:06x}" for name in ids})


def measure(page: str, study: str) -> dict[str, object]:
    """One page's times in ms: its first run with nothing in memory, later ones, and every widget moved."""
    st.cache_data.clear()
    st.cache_resource.clear()
    app = AppTest.from_string(
        f"from dashboard.site import open_page\nopen_page({page!r})", default_timeout=600
    )
    app.query_params["study"] = study
    first = _timed(app.run)
    again = [_timed(app.run) for _ in range(REPEATS)]
    moved = [_timed(change) for change in changes(app)]
    assert not app.exception, f"{page}: {app.exception}"
    return {
        "page": page,
        "first (ms)": round(first),
        "again (ms)": round(statistics.median(again)),
        "changes": len(moved),
        "change, median (ms)": round(statistics.median(moved)) if moved else "",
        "change, longest (ms)": round(max(moved)) if moved else "",
    }


def changes(app: AppTest) -> Iterator[Callable[[], object]]:
    """Moves of every widget: choices to two other options, sliders to two other places, switches over."""
    for key in [widget.key for widget in app.selectbox if widget.key != "study"]:
        options = app.selectbox(key=key).options
        for option in options[1:3]:
            yield lambda key=key, option=option: app.selectbox(key=key).set_value(option).run()
    for key in [widget.key for widget in app.slider]:
        for step in (1, 4):
            slider = app.slider(key=key)
            value = slider.min + step * slider.step
            yield lambda key=key, value=value: app.slider(key=key).set_value(value).run()
    for key in [widget.key for widget in app.toggle]:
        for value in (False, True):
            yield lambda key=key, value=value: app.toggle(key=key).set_value(value).run()
    for key in [widget.key for widget in app.button_group]:
        for option in app.button_group(key=key).options[:2]:
            yield lambda key=key, option=option: app.button_group(key=key).set_value([option]).run()
    for key in [widget.key for widget in app.multiselect]:
        for option in app.multiselect(key=key).options[:2]:
            yield lambda key=key, option=option: app.multiselect(key=key).set_value([option]).run()
    for key in [widget.key for widget in app.text_input]:
        for text in ("a", "ad"):
            yield lambda key=key, text=text: app.text_input(key=key).set_value(text).run()


def _timed(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return 1000 * (time.perf_counter() - start)


def main() -> None:
    """Print the tables."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--results", type=Path, default=data.results_root())
    arguments.add_argument("--study", default="digits")
    arguments.add_argument("--rows", type=int, help="repeat the study to this many cells")
    arguments.add_argument("--pages", nargs="+", choices=[page.path for page in PAGES])
    arguments.add_argument("--chromium", action="store_true")
    arguments.add_argument("--picture", type=Path, help="draw the README's picture into this file, and end")
    given = arguments.parse_args()
    if given.picture:
        chromium.picture(
            given.results, "compare?study=paper-mnist&stack=Adam+%2F+SGD+on+mnist", given.picture
        )
        return
    with tempfile.TemporaryDirectory() as folder:
        results = given.results
        try:
            if given.rows:
                enlarge(results, given.study, Path(folder), given.rows)
                results = Path(folder)
            cells = len(data.read(results, given.study, "cells"))
        except ResultFileError as error:
            raise SystemExit(f"{error}\nMake results first: make results") from error
        os.environ["HYPERCORE_RESULTS"] = str(results)
        wanted = given.pages or [page.path for page in PAGES]
        print(f"{given.study}, {cells:,} cells. {TARGETS}\n")
        print(text_table(pd.DataFrame([measure(page, given.study) for page in wanted]), "markdown"))
        if given.chromium:
            print(f"\n{chromium.MEANT}\n")
            print(text_table(pd.DataFrame(chromium.visits(results, given.study, wanted)), "markdown"))


if __name__ == "__main__":
    main()
