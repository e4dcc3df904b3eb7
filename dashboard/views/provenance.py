"""Provenance: where a number comes from, and how to make it again."""

import pandas as pd
import streamlit as st

from dashboard import cache, data, exports, links, origins, readable, widgets
from dashboard.saying import plain
from hypercore.present.counts import counted
from hypercore.spec.augmentation import parse_augmentation
from hypercore.spec.metric import Metric
from hypercore.spec.normalisation import parse_normalisation
from hypercore.spec.normalisation import words as normalised
from hypercore.spec.stack import short


def page(study: str) -> None:
    """Draw the page."""
    cells = cache.table(study, "cells")
    _mixed(origins.mixed_versions(cells))
    cell = _chosen(cells)
    if cell is None:
        return
    _summary(study, cells, cell)
    _again(study, cell)
    st.subheader("Every fact about it")
    _facts(origins.provenance(cell))
    _config(study)


def _chosen(cells: pd.DataFrame) -> pd.Series | None:
    identifier = st.text_input(
        "Cell id, or its beginning",
        key="cell",
        bind="query-params",
        placeholder="as the tables of the other pages show it",
    )
    found = cells[cells["cell_id"].str.startswith(identifier.strip())] if identifier else cells.head(1)
    if found.empty:
        if identifier:
            st.warning(
                f"No cell of this study has an id that begins with {plain(identifier)}. There is "
                f"{cells['cell_id'].iloc[0]} and {cells['cell_id'].nunique() - 1} more, on the page Sweeps."
                if len(cells)
                else "This study plans no cell."
            )
        else:
            st.info("This study plans no cell.")
        return None
    if found["cell_id"].nunique() > 1:
        st.info(f"{found['cell_id'].nunique()} cells begin so; this is the first.")
    elif not identifier:
        st.caption("This is the study's first cell.")
    return found.iloc[0]


def _summary(study: str, cells: pd.DataFrame, cell: pd.Series) -> None:
    error, metric = cell["test_error"], Metric.of(cell["metric"])
    result = readable.status(cell["status"]) if pd.isna(error) else metric.sentence(error)
    if pd.notna(held := cell["validation_error"]):
        result += f", validation {metric.name} {metric.text(held)}"
    augmentation = parse_augmentation(str(cell["augmentation"]))
    images = normalised(parse_normalisation(cell["normalisation"]))
    images += "" if augmentation is None else f", {augmentation.words}"
    words = (
        f"{cell['stack']} on {cell['dataset']} ({cell['model']}, {counted(cell['epochs'], 'epoch')}, batch "
        f"{cell['batch_size']}), {images}, clipping "
        f"{cell['clipping']}, seed {cell['seed']}: {result}"
    )
    st.subheader(plain(f"Cell {cell['cell_id']}"))
    st.markdown(f"**{plain(words)}**")
    run = cells[(cells["cell_id"] == cell["cell_id"]) & (cells["label"] == cell["label"])]
    address = links.inside(study, data.title_of(cells, cell), run)
    widgets.link(f"Look inside: α = {short(cell['alpha'])}, seed {cell['seed']}", address)


def _again(study: str, cell: pd.Series) -> None:
    commit = cell["git_commit"]
    known = isinstance(commit, str) and bool(commit)
    checkout = f"git checkout {commit.removesuffix('+')}\n" if known else ""
    one = origins.config_of(cell)
    if one is None:
        st.write("This trains it, and what it starts from, as part of its study, whose config holds both:")
        st.code(f"{checkout}{data.command(study)}", language=None)
    else:
        st.write("This trains it alone, again, whatever is in the store (as the file `one-cell.yaml`):")
        st.code(one, language=None)
        st.code(f"{checkout}{data.MAKE} --configfile one-cell.yaml -R train", language=None)
        st.write(
            "And this makes the study's results, of which it is one; what is there is not trained again:"
        )
        st.code(data.command(study), language=None)
    st.caption(
        "On the same execution key (device, backend, versions) it comes out the same bit for bit."
        + (" Files had been changed after that commit." if known and commit.endswith("+") else "")
        + ("" if known else " Its commit is not known: it was trained outside a git checkout.")
    )


def _facts(found: pd.DataFrame) -> None:
    """Every fact in words, as a table that breaks its lines: no window has room for the longest values."""
    rows = pd.DataFrame(
        {
            "fact": found["meaning"],
            "value": found["value"].replace("", readable.NONE),
            "column of the tables": found["fact"],
        }
    )
    st.table(rows.map(plain), hide_index=True)
    exports.tables(found, "facts")


def _config(study: str) -> None:
    path = data.config(study)
    if path is None:
        st.caption("The study's config is not among the files in the folder config.")
        return
    with st.expander(f"The study's config: {plain(path)}"):
        st.code(path.read_text(encoding="utf-8", errors="replace"), language=None)


def _mixed(mixed: dict[str, list[str]]) -> None:
    if not mixed:
        st.success("All results of this study were made by one version of everything, on one kind of device.")
        return
    lines = [f"- **{plain(name)}**: {plain(', '.join(values))}" for name, values in mixed.items()]
    st.warning("\n".join(["Results of different origin are mixed in this study:", *lines]))
