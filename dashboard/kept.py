"""What functions of a study return, kept in memory until a table that they rest on changes."""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

import streamlit as st

from dashboard import data, partial

# Tables whose rows are called by names: by all entries of the study, which plan and cells have.
NAMED = {"plan", "cells", "comparison", "effects", "regions", "safety", "sensitivity", "edges", "gains"}

P = ParamSpec("P")
R = TypeVar("R")


def kept(
    *tables: str, entries: int = 16, spinner: str | bool = False
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Keep what a function of a study, and of more that can be hashed, returns.

    It is worked out anew once one of these ``tables`` of the study changes, or what their rows are named by,
    and while it trains with each result; ``{name}`` stands for the one that the argument ``name`` says.
    ``entries`` are kept at most.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        signature, inner = inspect.signature(function), cast(Callable[..., R], function)

        def worked_out(root: str, stamps: tuple[Any, ...], *arguments: Any) -> R:  # noqa: ARG001 (keys)
            return inner(*arguments)

        # Streamlit tells functions apart by these.
        worked_out.__module__, worked_out.__qualname__ = function.__module__, function.__qualname__
        cached = st.cache_resource(max_entries=entries, show_spinner=spinner)(worked_out)

        @wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            given = signature.bind(*args, **kwargs)
            given.apply_defaults()
            root, study = data.results_root(), given.arguments["study"]
            names = {name.format_map(given.arguments) for name in tables}
            names |= {"plan", "cells"} if names & NAMED else set()
            found = partial.trained(root, study)
            now = None if found is None else found.stamp
            stamps = (now, *(data.stamp(data.table_path(root, study, name)) for name in sorted(names)))
            return cached(str(root), stamps, *given.args)

        return call

    return decorate


def has(study: str, name: str) -> bool:
    """Whether a study has such a table; while it trains, whether its results so far make it."""
    root = data.results_root()
    if partial.trained(root, study) is not None:
        return name in partial.TABLES
    return data.table_path(root, study, name).exists()
