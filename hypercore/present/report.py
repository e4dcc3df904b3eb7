"""What a study is read from: one self-contained HTML page, and its tables as CSV, Markdown and LaTeX."""

from collections.abc import Mapping
from html import escape
from pathlib import Path

import pandas as pd

from hypercore.analysis.frames.judgement import judge
from hypercore.analysis.frames.tables import read_frame
from hypercore.present import arms, markup, sentences
from hypercore.present import table as tables
from hypercore.present.sections import alphas, findings, speed, stacks
from hypercore.present.speed import reached
from hypercore.present.titles import with_titles
from hypercore.results.disk import write_bytes
from hypercore.results.reported import FORMS, PAGE, TABLES
from hypercore.spec import columns as spec

_STYLE = (
    f"""
:root {{ --page: white; }}
{alphas.STYLE}
"""
    + """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 76rem; margin: 2rem auto; padding: 0 1rem; }
h1, h2, h3 { line-height: 1.2; } h2 { margin-top: 2.5rem; } nav a { margin-right: 1rem; }
table { border-collapse: collapse; font-size: 0.85rem; }
th, td { padding: 0.25rem 0.6rem; border-bottom: 1px solid #ddd; text-align: left; vertical-align: top; }
th, td { white-space: nowrap; } .wrap th, .wrap td { white-space: normal; }
.scroll { overflow-x: auto; } small { color: #555; white-space: nowrap; } summary { cursor: pointer; }
.reproduced { color: #007a4d; font-weight: 600; } .contradicted { color: #b33c00; font-weight: 600; }
.undetermined { color: #555; } :target { background: #fff3c4; }
.about { font-size: 1.15rem; margin-top: -0.5rem; overflow-wrap: anywhere; white-space: pre-line; }
.claims { list-style: none; padding: 0; } .claims li { display: flex; flex-wrap: wrap; gap: 0 1rem; }
.claims li { padding: 0.5rem 0; border-bottom: 1px solid #8884; } .claims li > span { flex: 0 0 7.5rem; }
.claims li > div { flex: 1 1 16rem; } .claims b { font-weight: 500; } .claims small { white-space: normal; }
.claims p { margin: 0; font-size: 0.9rem; }
:is(.residuals, .comparison) :is(th, td) { padding-right: 0.3rem; }
.residuals td:is(:nth-child(2), :nth-child(10), :last-child) {
  white-space: normal; min-width: 6.5rem; max-width: 14rem;
}
.comparison .split { display: inline-block; white-space: normal; max-width: 12rem; }
.words { font-size: 0.85rem; max-width: 60rem; }
.advice { border: 1px solid #8888; border-radius: 6px; padding: 0.8rem 1rem; margin: 0.6rem 0; }
.advice h3 { margin: 0; } .advice code { overflow-wrap: anywhere; } p > small { white-space: normal; }
.numbers { display: flex; flex-wrap: wrap; gap: 0.5rem 2.5rem; margin: 0.6rem 0; }
.numbers > div { display: flex; flex-direction: column; } .numbers b { font-size: 1.6rem; font-weight: 400; }
.numbers > .room { flex: 1 1 16rem; } .numbers small { white-space: normal; }
.fragile { color: #a12a3a; font-weight: 600; }
@page { size: A4; margin: 12mm; }
@media print {
  body { font-size: 10pt; margin: 0; } h2 { margin-top: 1.5rem; }
  h1, h2, h3, thead, p:has(+ .scroll), p:has(+ div > .plotly-graph-div) { break-after: avoid; }
  nav, .modebar, details, h2:has(+ details) { display: none !important; }
  .pair { display: flex; justify-content: space-between; } .pair > div { width: 49.5%; }
  tr, .js-plotly-plot, .pair, .advice { break-inside: avoid; } p, li { orphans: 3; widows: 3; }
  table { font-size: 7pt; line-height: 1.25; } th, td { white-space: normal; padding: 0.1rem 0.3rem; }
  .comparison small { display: none; } .comparison td:not(:first-child) { white-space: nowrap; }
  .effects td:is(:nth-child(3), :nth-child(6)) { white-space: nowrap; } .words { font-size: 8.5pt; }
  ul { font-size: 8.5pt; line-height: 1.3; padding-left: 1.2rem; } .claims { padding: 0; }
  .claims li { padding: 0.15rem 0; break-inside: avoid; } .claims p { font-size: inherit; }
  .scroll { overflow: visible; } small { white-space: normal; }
}
@media screen and (prefers-color-scheme: dark) {
  :root { --page: #16181c; } body { background: var(--page); color: #e6e6e6; }
  a { color: #7db7ff; } th, td { border-color: #3a3f47; }
  small, .undetermined { color: #b5bac2; } .reproduced { color: #5fd3a3; } .contradicted { color: #ff9d6b; }
  :target { background: #4a4320; } .fragile { color: #ff98a6; }
  .js-plotly-plot { filter: invert(0.9) hue-rotate(180deg); } .main-svg { background: none !important; }
  .js-plotly-plot :is(.bglayer, .legend) .bg { fill: none !important; }
}
"""
)


# Columns of the analysis's tables whose values are clippings.
_CLIPPINGS = ("clipping", "than", "arm")


def write_report(folder: Path, about: str = "") -> None:
    """Read a study's tables, write ``report.html`` and ``tables/`` beside them.

    Args:
        folder: the study's.
        about: what the study's config says that it is about.

    Raises:
        ResultFileError: a table is missing or damaged.
    """
    frames = {
        name: read_frame(folder / f"{name}.parquet", name, columns) for name, columns in spec.ANALYSIS.items()
    }
    cells = read_frame(folder / "cells.parquet", "cells", spec.CELLS)
    comparison = read_frame(folder / "comparison.parquet", "comparison", spec.COMPARISON)
    for form, suffix in FORMS.items():
        texts = {name: table_text(frame, form) for name, frame in frames.items()}
        if form != "csv":  # a row a run is for programs
            texts["targets"] = table_text(reached(frames["targets"]), form)
        texts["comparison"] = comparison_text(comparison, form)
        for name, text in texts.items():
            write_bytes(folder / TABLES / f"{name}.{suffix}", text.encode())
    write_bytes(folder / PAGE, page(folder.name, cells, comparison, frames, about).encode())


def comparison_text(comparison: pd.DataFrame, form: str) -> str:
    """The comparison as the presentation prints its tables, in one of ``FORMS``."""
    return {"csv": tables.csv, "markdown": tables.markdown, "latex": tables.latex}[form](comparison)


def table_text(frame: pd.DataFrame, form: str) -> str:
    """Any of the analysis's tables in one of ``FORMS``; lists of cell ids are left to the CSV."""
    if form == "csv":
        return frame.to_csv(index=False)
    shown = frame.drop(columns="cells", errors="ignore")
    clippings = {
        name: shown[name].map(arms.named, na_action="ignore") for name in _CLIPPINGS if name in shown
    }
    shown = shown.assign(**clippings)
    return tables.text_table(shown, "markdown" if form == "markdown" else "latex")


def page(
    study: str,
    cells: pd.DataFrame,
    comparison: pd.DataFrame,
    frames: Mapping[str, pd.DataFrame],
    about: str = "",
) -> str:
    """The whole report as one HTML page that needs no server and no network."""
    cells, comparison = with_titles(cells, cells), with_titles(comparison, cells)
    frames = {name: with_titles(frame, cells) for name, frame in frames.items()}
    effects = frames["effects"]
    judged = judge(cells)
    sections = {
        "What to use": [findings.advice(frames["safety"], judged, frames["gains"]), findings.WORDS],
        "Which α is safe": [
            alphas.safety_map(frames["safety"], frames["regions"]),
            markup.details("These ranges in sentences", stacks.regions(frames["regions"])),
        ],
        "Where runs begin to fail": [stacks.edges(frames["edges"], frames["gains"])],
        "Stacks": stacks.stacks(cells, comparison, effects, frames["regions"]),
        "Effect of clipping over the published interval": [
            f"<p>{escape(sentences.holm(effects))}</p>",
            stacks.primary(effects),
        ],
        "How soon": speed.targets(frames["targets"], frames["profiles"]),
        "Tuning": speed.tuning(frames["tuning"]),
        "Ours against published": findings.residuals(frames["residuals"], cells),
        "Claims": findings.claims(frames["claims"]),
        "Cells": [findings.cells_table(cells)],
    }
    # An own study is about nothing that was claimed or published.
    found = {heading: content for heading, content in sections.items() if content}
    parts = [f"<h1>{escape(study)}</h1>", *([f'<p class="about">{escape(about)}</p>'] if about else [])]
    parts.append(f"<p>{escape(sentences.coverage(cells))} {escape(sentences.provenance(cells))}</p>")
    if split := sentences.judged_on(cells):
        parts.append(f"<p>{escape(split)}</p>")
    links = "".join(f'<a href="#{_anchor(heading)}">{heading}</a>' for heading in found)
    parts.append(f"<nav>{links}</nav>")
    for heading, content in found.items():
        parts += [f'<h2 id="{_anchor(heading)}">{heading}</h2>', *content]
    head = f'<meta charset="utf-8"><title>{escape(study)}</title><style>{_STYLE}</style>'
    body = "\n".join([*parts, markup.library()])
    return f'<!doctype html>\n<html lang="en"><head>{head}</head>\n<body>\n{body}\n</body></html>\n'


def _anchor(heading: str) -> str:
    return heading.lower().replace(" ", "-")
