"""What a run trains of a study now: how much is done, and how long the rest takes."""

import pandas as pd
import streamlit as st

from dashboard import cache, coverage, data
from hypercore.results.files import ResultFileError
from hypercore.spec import columns as spec

REFRESH_SEC = 3
_TABLES = ("plan", "cells", *spec.ANALYSIS)


def states(study: str) -> pd.DataFrame:
    """The sweeps of a study that run now, as :func:`dashboard.coverage.sweep_states` gives them."""
    found, _ = coverage.sweep_states(data.results_root(), study)
    return found[found["state"] == "running"]


def gathers_later(study: str) -> bool:
    """Whether a study is planned, and the tables that a run makes of its cells are still to come."""
    return cache.has(study, "plan") and not cache.has(study, "cells")


def banner(study: str) -> None:
    """A line above the page while the study trains; the page is drawn anew once its tables change."""
    seen = _seen(study)
    # Of a study that is trained and gathered nothing changes while one looks.
    waits = seen[0] or not cache.has(study, "cells")
    st.fragment(_watch, run_every=REFRESH_SEC if waits else None)(study, seen)


def _seen(study: str) -> tuple[object, ...]:
    root = data.results_root()
    return bool(len(states(study))), *(data.stamp(data.table_path(root, study, name)) for name in _TABLES)


def _watch(study: str, seen: tuple[object, ...]) -> None:
    if _seen(study) != seen:
        st.rerun()
    if seen[0] and (words := progress(study)):
        st.info(words, icon=":material/model_training:")


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
    words = f"Training: {done} of {total['planned']} cells are done"
    if left is None:
        return f"{words}."
    about = "at least" if waiting is None else "about"
    duration = f"{left / 60:.0f} min" if left > 90 else f"{left:.0f} s"
    return f"{words}, {about} {duration} left."
