"""Provenance: where a number comes from, and how to make it again."""

import streamlit as st

from dashboard import cache, costs, data, widgets


def page(study: str) -> None:
    """Draw the page."""
    cells = cache.table(study, "cells")
    _mixed(costs.mixed_versions(cells))
    st.subheader("Every fact about one cell")
    identifier = st.text_input(
        "Cell id, or its beginning",
        key="cell",
        bind="query-params",
        max_chars=20,
        placeholder="as the tables of the other pages show it",
    )
    found = cells[cells["cell_id"].str.startswith(identifier.strip())] if identifier else cells.head(1)
    if found.empty:
        st.warning(f"No cell of this study has an id that begins with {widgets.plain(identifier)}.")
        return
    if found["cell_id"].nunique() > 1:
        st.info(f"{found['cell_id'].nunique()} cells begin so; this is the first.")
    elif not identifier:
        st.caption("This is the study's first cell.")
    cell = found.iloc[0]
    widgets.table(costs.provenance(cell), "facts", height="content")
    st.write("This makes the number again, if its result is deleted or its code changed:")
    st.code(f"git checkout {_commit(cell['git_commit'])}\n{data.command(study)}", language="bash")
    st.caption(
        "The study's config names the cell; on the same execution key it comes out the same bit for bit. "
        "A + after the commit says that files were changed after it."
    )


def _mixed(mixed: dict[str, list[str]]) -> None:
    if not mixed:
        st.success("All results of this study were made by one version of everything, on one kind of device.")
        return
    lines = [
        f"- **{widgets.plain(name)}**: {widgets.plain(', '.join(values))}" for name, values in mixed.items()
    ]
    st.warning("\n".join(["Results of different origin are mixed in this study:", *lines]))


def _commit(commit: object) -> str:
    return str(commit).removesuffix("+") if isinstance(commit, str) and commit else "main"
