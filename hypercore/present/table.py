"""The comparison as a table to read: in the terminal, as Markdown, CSV or LaTeX."""

import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from hypercore.analysis.frames.tables import read_frame
from hypercore.present.arms import CLIPPED, UNCLIPPED, named
from hypercore.present.titles import GROUP, full_title
from hypercore.spec.clipping import OFF_NAME, ON_NAME
from hypercore.spec.columns import ARMS, COMPARISON, Role
from hypercore.spec.metric import PERCENT, Metric
from hypercore.spec.stack import short

ARM_HEADERS = dict(zip(ARMS, ("baseline", UNCLIPPED, CLIPPED), strict=True))
HEADERS = ("α", "clipping", *ARM_HEADERS.values(), "gain")
OPEN_DASHBOARD = "To look closer: make dashboard   (or: streamlit run dashboard/app.py)"


def heads(metric: Metric) -> tuple[str, ...]:
    """:data:`HEADERS` with the unit of the gain."""
    return (*HEADERS[:-1], f"gain, {metric.gap_unit}" if metric.gap_unit else "gain")


def measured(frame: pd.DataFrame) -> str:
    """What the errors of a table are, in words; by data set where they differ.

    >>> both = pd.DataFrame({"dataset": ["digits", "cars"], "metric": ["error (%)", "RMSE (mpg)"]})
    >>> measured(both.head(1)), measured(both)
    ('Test error in %', 'Test error in % (digits), test RMSE in mpg (cars)')
    """
    names: dict[str, list[str]] = {}
    for dataset, text in frame[["dataset", "metric"]].drop_duplicates().itertuples(index=False):
        names.setdefault(Metric.of(text).words, []).append(str(dataset))
    if len(names) < 2:
        return f"Test {next(iter(names), PERCENT.words)}"
    listed = ", ".join(f"test {words} ({', '.join(data)})" for words, data in names.items())
    return listed[0].upper() + listed[1:]


def bold_words(frame: pd.DataFrame, words: str) -> str:
    """What bold means, where errors are in percent; empty where they are not."""
    return words if any(Metric.of(text).is_percent for text in frame["metric"].unique()) else ""


def legend(comparison: pd.DataFrame) -> str:
    """What stands below a comparison."""
    return (
        f"{measured(comparison)}, mean ± SD over seeds; a diverged seed counts as chance, and “k/n ok” says "
        f"how many did not diverge.{bold_words(comparison, ' Bold: clipping at least 1 point better.')}"
    )


def split_text(row: Mapping[Any, Any], arm: str, split: Mapping[tuple[str, float], str]) -> str | None:
    """What stands for the mean of an arm of a row of COMPARISON, if anything.

    ``split`` is what :func:`hypercore.present.over_alpha.split_texts` gives of the stack, and
    :meth:`hypercore.present.over_alpha.Baseline.split_texts` of the plain optimizer.
    """
    if arm == Role.BASELINE:
        # A row may stand beside fewer of its runs: those of the seeds that the row has.
        return split.get((arm, float(row[f"{arm}_n_done"])))
    clipping = {OFF_NAME: OFF_NAME, ON_NAME: row["clipping"]}.get(arm)
    return split.get((str(clipping), row["alpha"]))


def arm_text(row: Mapping[Any, Any], arm: str) -> str:
    """One arm of a row: mean ± SD, and how many of its seeds did not diverge where not all did.

    >>> figures = {"mean": 4.7, "sd": 0.25, "n": 3, "n_done": 3, "n_ok": 2}
    >>> arm_text({f"off_{name}": value for name, value in figures.items()}, "off")
    '4.70 ± 0.25 (2/3 ok)'
    """
    n, done, ok = (int(row[f"{arm}_{name}"]) for name in ("n", "n_done", "n_ok"))
    if n == 0:
        return "–"
    if done == 0:
        return f"missing (0/{n})"
    mean, sd = (float(row[f"{arm}_{name}"]) for name in ("mean", "sd"))
    metric = Metric.of(row.get("metric"))
    text = metric.number(mean) + ("" if math.isnan(sd) else f" ± {metric.spread(sd)}")
    if done < n:
        return f"{text} ({ok}/{done} ok, {n - done} missing)"
    return text if ok == n else f"{text} ({ok}/{n} ok)"


def readable(comparison: pd.DataFrame) -> pd.DataFrame:
    """The comparison's rows as texts under :data:`HEADERS`, with the columns that name the entry before."""
    rows = comparison.to_dict("records")
    texts = comparison[GROUP].copy()
    columns: list[list[str]] = [
        [short(row["alpha"]) for row in rows],
        ["–" if pd.isna(text) else named(str(text)) for text in comparison["clipping"]],
        *([arm_text(row, arm) for row in rows] for arm in ARMS),
        [
            "" if math.isnan(row["reduction"]) else Metric.of(row["metric"]).signed(row["reduction"])
            for row in rows
        ],
    ]
    for header, column in zip(HEADERS, columns, strict=True):
        texts[header] = pd.Series(column, index=texts.index, dtype=object)
    return texts


def markdown(comparison: pd.DataFrame) -> str:
    """The comparison as Markdown, a table an entry, clipping's mean in bold where the rule says so."""
    parts = []
    for title, head, rows, bold in _entries(comparison):
        lines = [f"### {title}", "", _line(head), _line(["---"] * len(head))]
        for cells, is_bold in zip(rows, bold, strict=True):
            cells[4] = f"**{cells[4]}**" if is_bold else cells[4]
            lines.append(_line(cells))
        parts.append("\n".join(lines))
    return "\n\n".join([*parts, legend(comparison)]) + "\n"


def latex(comparison: pd.DataFrame) -> str:
    """The comparison as LaTeX ``tabular``s (package ``booktabs``), an entry each."""
    parts = []
    for title, head, rows, bold in _entries(comparison):
        body = []
        for cells, is_bold in zip(rows, bold, strict=True):
            texts = [_tex(cell) for cell in cells]
            texts[4] = rf"\textbf{{{texts[4]}}}" if is_bold else texts[4]
            body.append(" & ".join(texts) + r" \\")
        top = " & ".join(_tex(header) for header in head) + r" \\"
        lines = [f"% {title}", r"\begin{tabular}{llrrrr}", r"\toprule", top, r"\midrule", *body]
        parts.append("\n".join([*lines, r"\bottomrule", r"\end{tabular}"]))
    return "\n\n".join(parts) + "\n"


def text_table(frame: pd.DataFrame, form: Literal["markdown", "latex"]) -> str:
    r"""Any frame as a Markdown table or a LaTeX ``tabular``; numbers to 6 significant digits.

    >>> print(text_table(pd.DataFrame({"a": [0.1 + 0.2], "b": ["x|y"]}), "markdown"), end="")
    | a | b |
    | --- | --- |
    | 0.3 | x\|y |
    """
    header = [str(name) for name in frame.columns]
    rows = [[_shown(value) for value in row] for row in frame.itertuples(index=False, name=None)]
    if form == "markdown":
        return "\n".join([_line(header), _line(["---"] * len(header)), *map(_line, rows)]) + "\n"
    lines = [" & ".join(map(_tex, row)) + r" \\" for row in [header, *rows]]
    top = rf"\begin{{tabular}}{{{'l' * len(header)}}}"
    return "\n".join(
        [top, r"\toprule", lines[0], r"\midrule", *lines[1:], r"\bottomrule", r"\end{tabular}", ""]
    )


def csv(comparison: pd.DataFrame) -> str:
    """The comparison's figures, unrounded, as CSV."""
    return comparison.to_csv(index=False)


def render(comparison: pd.DataFrame, console: Console) -> None:
    """Print the comparison to a terminal, an entry after the other, and how to open the dashboard."""
    if comparison.empty:
        console.print("There is nothing to compare: the study plans no stack.")
    for title, head, rows, bold in _entries(comparison):
        table = Table(title=escape(title), title_justify="left", title_style="bold")
        for header in head:
            table.add_column(header, no_wrap=True, justify="left" if header == "clipping" else "right")
        for cells, is_bold in zip(rows, bold, strict=True):
            texts = [escape(cell) for cell in cells]
            texts[4] = f"[bold]{texts[4]} *[/bold]" if is_bold else texts[4]
            table.add_row(*texts)
        console.print(table)
    mark = bold_words(comparison, " (*)")
    console.print(legend(comparison) + mark, style="dim")
    console.print(OPEN_DASHBOARD, highlight=False)


def print_study(folder: Path, console: Console | None = None) -> None:
    """Print the comparison of a study's folder, e.g. ``results/digits``, and how to open the dashboard.

    Raises:
        ResultFileError: its comparison is missing or damaged.
    """
    comparison = read_frame(folder / "comparison.parquet", "comparison", COMPARISON)
    render(comparison, console or Console(width=None if sys.stdout.isatty() else 120))


def _entries(comparison: pd.DataFrame) -> list[tuple[str, tuple[str, ...], list[list[str]], list[bool]]]:
    texts = readable(comparison)
    found = []
    for key, rows in texts.groupby(GROUP, sort=True, dropna=False):
        bold = comparison.loc[rows.index, "bold"].fillna(False).astype(bool).tolist()
        head = heads(Metric.shared(comparison.loc[rows.index, "metric"]))
        of_entry = full_title(dict(zip(GROUP, key, strict=True)))
        found.append((of_entry, head, rows[list(HEADERS)].to_numpy().tolist(), bold))
    return found


def _shown(value: Any) -> str:
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", r"\|").replace("\n", " ") for cell in cells) + " |"


def _tex(text: str) -> str:
    return text.translate(_TEX)


_TEX = str.maketrans(
    {
        **{plain: rf"\{plain}" for plain in "&%_#${}"},
        "\\": r"\textbackslash{}",
        "^": r"\textasciicircum{}",
        "~": r"\textasciitilde{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "±": r"$\pm$",
        "≤": r"$\leq$",
        "≥": r"$\geq$",
        "α": r"$\alpha$",
        "θ": r"$\theta$",
        "–": "--",
        "−": "$-$",
    }
)
