"""What a study is read from: one self-contained HTML page, and its tables as CSV, Markdown and LaTeX."""

from collections.abc import Mapping
from html import escape
from itertools import groupby
from pathlib import Path

import pandas as pd
import plotly.graph_objects as go

from hypercore.analysis import table as tables
from hypercore.analysis.findings import Verdict
from hypercore.analysis.frames import Entry, entries
from hypercore.analysis.judgement import judge
from hypercore.analysis.plots import error_over_alpha, profile_figure, residual_figure, title
from hypercore.analysis.tables import read_frame
from hypercore.results.files import write_bytes
from hypercore.spec import columns as spec
from hypercore.spec.clipping import ON
from hypercore.spec.stack import short

FORMS = {"csv": "csv", "markdown": "md", "latex": "tex"}

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h1, h2, h3 { line-height: 1.2; } table { border-collapse: collapse; font-size: 0.85rem; }
th, td { padding: 0.25rem 0.6rem; border-bottom: 1px solid #ddd; text-align: left; vertical-align: top; }
.scroll { overflow-x: auto; } .reproduced { color: #007a4d; } .contradicted { color: #b33c00; }
"""


def write_report(folder: Path) -> None:
    """Read a study's tables, write ``report.html`` and ``tables/`` beside them.

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
        texts["comparison"] = comparison_text(comparison, form)
        for name, text in texts.items():
            write_bytes(folder / "tables" / f"{name}.{suffix}", text.encode())
    write_bytes(folder / "report.html", page(folder.name, cells, comparison, frames).encode())


def comparison_text(comparison: pd.DataFrame, form: str) -> str:
    """The comparison as the presentation prints its tables, in one of :data:`FORMS`."""
    return {"csv": tables.csv, "markdown": tables.markdown, "latex": tables.latex}[form](comparison)


def table_text(frame: pd.DataFrame, form: str) -> str:
    """Any of the analysis's tables in one of :data:`FORMS`."""
    if form == "csv":
        return frame.to_csv(index=False)
    return tables.text_table(frame, "markdown" if form == "markdown" else "latex")


def page(
    study: str, cells: pd.DataFrame, comparison: pd.DataFrame, frames: Mapping[str, pd.DataFrame]
) -> str:
    """The whole report as one HTML page that needs no server and no network."""
    parts = [
        f"<h1>{escape(study)}</h1>",
        f"<p>{escape(coverage(cells))} {escape(provenance(cells))}</p>",
        "<h2>Claims</h2>",
        f"<p>{escape(tally(frames['claims']))}</p>",
        _claims(frames["claims"]),
        "<h2>Stability regions</h2>",
        _regions(frames["regions"]),
        *_figures(cells, frames["regions"]),
        "<h2>Effect of clipping over the published interval</h2>",
        f"<p>{escape(holm_sentence(frames['effects']))}</p>",
        _html(frames["effects"].query("test == 'primary'"), _EFFECTS),
        "<h2>Comparison</h2>",
        _comparison(comparison),
        "<h2>Ours against published</h2>",
        *_residuals(frames["residuals"]),
        *_readings(frames["readings"]),
    ]
    head = f'<meta charset="utf-8"><title>{escape(study)}</title><style>{_STYLE}</style>'
    head = f"<head>{head}<script>{_plotly()}</script></head>"
    body = "\n".join(parts)
    return f'<!doctype html>\n<html lang="en">{head}\n<body>\n{body}\n</body></html>\n'


def coverage(cells: pd.DataFrame) -> str:
    """How many planned cells have which status, in a sentence."""
    counts = cells.drop_duplicates("cell_id")["status"].value_counts()
    return (
        f"{counts.sum()} cells are planned: "
        + ", ".join(f"{n} {status}" for status, n in counts.items())
        + "."
    )


def provenance(cells: pd.DataFrame) -> str:
    """On which data, with how many seeds, by what and when the cells with a result were trained."""
    done = cells[cells["created_utc"].notna()]
    if done.empty:
        return ""

    def listed(column: str) -> str:
        return ", ".join(sorted(map(str, done[column].dropna().unique())))

    return (
        f"Trained on {listed('dataset')} with {done['seed'].nunique()} seeds by hypercore "
        f"{listed('hypercore_version')} (commit {listed('git_commit')}), torch {listed('torch_version')}, "
        f"{listed('backend')}, on {listed('device')}; the last cell at {done['created_utc'].max()}."
    )


def tally(claims: pd.DataFrame) -> str:
    """How many claims have which verdict, in a sentence."""
    counts = claims["verdict"].value_counts()
    found = ", ".join(f"{counts.get(verdict.value, 0)} {verdict.value}" for verdict in Verdict)
    return f"Of {len(claims)} claims: {found} (what was not run is undetermined). Each verdict is computed."


def holm_sentence(effects: pd.DataFrame) -> str:
    """Which tests each adjusted p was adjusted for, in a sentence."""
    primary = effects[effects["test"] == "primary"]
    sizes = primary.groupby("clipping").size()
    families = ", ".join(f"{name}: {size}" for name, size in sizes.items()) or "none"
    return (
        "p_holm is adjusted by Holm over the primary tests, one a stack, data set and reading, of the same "
        f"clipping in this study ({families}); not over clippings, nor over other studies."
    )


def region_sentence(row: pd.Series) -> str:
    """One row of the REGIONS table as a sentence.

    >>> row = {"label": "Adam / SGD", "dataset": "mnist", "clipping": "off", "n_safe": 0, "n_points": 9}
    >>> region_sentence(pd.Series(row))
    'Adam / SGD on mnist, clipping off: none of 9 α is safe.'
    """
    start = f"{row['label']} on {row['dataset']}, clipping {row['clipping']}"
    if row["n_safe"] == 0:
        return f"{start}: none of {row['n_points']} α is safe."
    sign = "at least " if row["censored"] else ""
    width = f"{sign}{row['width_decades']:.2f} decades"
    text = f"{start}: α from {short(row['alpha_low'])} to {short(row['alpha_high'])} is safe ({width})"
    if pd.isna(row["gain_decades"]):
        return f"{text}."
    relation = "" if row["gain_relation"] == "=" else f"{row['gain_relation']} "
    interval = f"[{row['gain_low_decades']:.2f}, {row['gain_high_decades']:.2f}]"
    return f"{text}; clipping adds {relation}{row['gain_decades']:.2f} decades {interval}."


_PROFILE = (
    "Performance profile: the share of all runs, each α counting the same, whose test error is at most that "
    "on the axis. Higher is better; diverged runs count as chance; bands are 95% pointwise, by a bootstrap "
    "over seeds within each α."
)
_EFFECTS = [
    "label",
    "dataset",
    "clipping",
    "alpha_low",
    "alpha_high",
    "n_pairs",
    "reduction_pct",
    "low_pct",
    "high_pct",
]
_EFFECTS += ["p_holm", "n_too_small", "bold", "supported"]
_RESIDUALS = ["table", "printed_stack", "label", "arm", "clipping", "n", "ours_pct", "ours_sd_pct"]
_RESIDUALS += ["published_pct", "published_sd_pct", "residual_pct", "note"]


def _claims(claims: pd.DataFrame) -> str:
    rows = [
        f'<tr><td class="{row["verdict"]}">{row["verdict"]}</td><td>{escape(row["statement"])}</td>'
        f"<td>{escape(row['reason'])}</td><td>{escape(row['source'])}</td></tr>"
        for _, row in claims.iterrows()
    ]
    head = "<tr><th>verdict</th><th>claim</th><th>why</th><th>source</th></tr>"
    return f'<div class="scroll"><table>{head}{"".join(rows)}</table></div>'


def _regions(regions: pd.DataFrame) -> str:
    if regions.empty:
        return "<p>The study plans no stack with a baseline.</p>"
    return (
        "<ul>"
        + "".join(f"<li>{escape(region_sentence(row))}</li>" for _, row in regions.iterrows())
        + "</ul>"
    )


def _figures(cells: pd.DataFrame, regions: pd.DataFrame) -> list[str]:
    def entry_of(entry: Entry) -> tuple[object, ...]:
        return tuple(entry.key.values())

    parts = []
    for key, group in groupby(entries(judge(cells)), key=entry_of):
        listed = list(group)
        own = regions[(regions[list(listed[0].key)] == list(key)).all(axis="columns")]
        # A single α has no curve to show.
        if len(listed[0].alphas) > 1:
            parts += [f"<h3>{escape(title(listed[0]))}</h3>", _figure(error_over_alpha(listed, own))]
            profiles = profile_figure(listed)
            parts += [f"<p>{_PROFILE}</p>", _figure(profiles)] if profiles.data else []
    return parts


def _comparison(comparison: pd.DataFrame) -> str:
    shown = tables.readable(comparison)
    return _html(shown, list(shown.columns))


def _residuals(residuals: pd.DataFrame) -> list[str]:
    if residuals.empty:
        return ["<p>No cell was trained as a published row was.</p>"]
    return [_figure(residual_figure(residuals)), _html(residuals, _RESIDUALS)]


def _readings(readings: pd.DataFrame) -> list[str]:
    if len(readings) < 2:
        return []
    return [
        "<h3>Readings of the clipping formula, nearest first</h3>",
        f"<p>{escape(reading_sentence(readings))}</p>",
        _html(readings, [name for name in readings.columns if name != "study"]),
    ]


def reading_sentence(readings: pd.DataFrame) -> str:
    """Which reading of the clipping formula comes nearest, where the default stands, and which are tied."""
    first = readings.iloc[0]
    text = (
        f"Over {first['n_rows']} published clipped figures, scope {first['clip_scope']}, norm "
        f"{first['clip_norm']}, feedback {first['clip_feedback']} comes nearest: {first['mean_pct']:.2f} "
        f"points away on average. {int(readings['tied'].sum()) - 1} other readings are not told from it."
    )
    default = readings[readings["clipping"] == str(ON)]
    if default.empty:
        return text
    rank, mean = default["rank"].iloc[0], default["mean_pct"].iloc[0]
    return f"{text} The default, which is printed as on, has rank {rank} ({mean:.2f} points)."


def _html(frame: pd.DataFrame, columns: list[str]) -> str:
    if frame.empty:
        return "<p>Nothing to show.</p>"
    text = frame[columns].to_html(
        index=False, border=0, na_rep="–", float_format=lambda value: f"{value:.4g}"
    )
    return f'<div class="scroll">{text}</div>'


def _figure(figure: go.Figure) -> str:
    return str(figure.to_html(full_html=False, include_plotlyjs=False))


def _plotly() -> str:
    from plotly.offline import get_plotlyjs

    return str(get_plotlyjs())
