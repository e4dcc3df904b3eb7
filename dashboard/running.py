"""How far a study is trained, and how long the rest takes: said above every page of it."""

import pandas as pd
import streamlit as st

from dashboard import cache, coverage, data, kept, partial
from hypercore.present.counts import counted
from hypercore.results.disk import ResultFileError
from hypercore.spec import columns as spec

REFRESH_SEC = 3
_TABLES = ("plan", "cells", *spec.ANALYSIS)


def states(study: str) -> pd.DataFrame:
    """The sweeps of a study that run now, as :func:`dashboard.coverage.sweep_states` gives them."""
    found, _ = coverage.sweep_states(data.results_root(), study)
    return found[found["state"] == "running"]


def gathers_later(study: str) -> bool:
    """Whether a study is planned, and the tables that a run makes of its cells are still to come."""
    return kept.has(study, "plan") and not kept.has(study, "cells")


def banner(study: str) -> None:
    """A line above the page while the study trains; the page is drawn anew with each result.

    Also where a run has ended before the study's tables were made.
    """
    seen = _seen(study)
    # Of a study that is trained and gathered nothing changes while one looks.
    waits = seen[0] or seen[1] or not kept.has(study, "cells")
    st.fragment(_watch, run_every=REFRESH_SEC if waits else None)(study, seen)


def _seen(study: str) -> tuple[object, ...]:
    """What a page is drawn from: whether a run goes on, results without tables, and the tables."""
    root = data.results_root()
    found = partial.trained(root, study)
    stamps = (data.stamp(data.table_path(root, study, name)) for name in _TABLES)
    return bool(len(states(study))), found and found.stamp, *stamps


def _watch(study: str, seen: tuple[object, ...]) -> None:
    if _seen(study) != seen:
        st.rerun()
    runs, has_results = seen[:2]
    if not (runs or has_results) or not (words := progress(study)):
        return
    of_these = " What is shown rests on these alone, and may change." if has_results else ""
    st.info(f"{words}{of_these}", icon=":material/model_training:")
    if not runs:
        st.code(data.command(study), language=None)


def progress(study: str) -> str:
    """How many of a study's cells are trained, and about how long the others take; empty if none is known."""
    root = data.results_root()
    found, _ = coverage.sweep_states(root, study)
    try:
        cells = coverage.follow(cache.planned(study), found, root)
    except ResultFileError:  # the page itself says why
        return ""
    total = coverage.totals(cells)
    done = total["done"] + total["failed"]
    waiting = coverage.waiting_sec(cells, root)
    left = coverage.time_left_sec(found, waiting or 0.0)
    failed = f", {total['failed']} of them failed" if total["failed"] else ""
    words = f"{done} of {counted(total['planned'], 'cell is', 'cells are')} done{failed}"
    if not (found["state"] == "running").any():
        return f"No sweep trains now: {words}. If no run goes on, this trains the rest and makes the tables."
    words = f"Training: {words}"
    if left is None:
        return f"{words}."
    about = "at least" if waiting is None else "about"
    duration = f"{left / 60:.0f} min" if left > 90 else f"{left:.0f} s"
    return f"{words}, {about} {duration} left."
