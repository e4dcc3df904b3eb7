"""The comparison as text: figures, bold marks and gaps are there in every format."""

import io
import re
from pathlib import Path

import pandas as pd
from rich.console import Console

from hypercore.analysis.frames.judgement import judge
from hypercore.analysis.measures.comparison import compare
from hypercore.analysis.measures.ranges import regions
from hypercore.analysis.stats.regions import Criteria
from hypercore.present import table
from hypercore.present.report import comparison_text, table_text
from hypercore.spec.cell import Cell
from hypercore.spec.clipping import OFF, ON, parse_clipping
from tests.unit.studies import MadeUp, tables, write_study


def printed(comparison: pd.DataFrame, width: int = 140) -> str:
    console = Console(file=io.StringIO(), width=width, color_system=None)
    table.render(comparison, console)
    return console.file.getvalue()  # type: ignore[attr-defined]


def two_missing(cell: Cell) -> bool:
    return cell.seed > 3 and cell.clipping == OFF and cell.stack.height > 1


def test_the_terminal_shows_every_row_and_what_is_missing() -> None:
    comparison = compare(tables(MadeUp(missing=two_missing)).cells)
    text = printed(comparison)
    assert "SGD / SGD on digits (mlp, 30 epochs, batch 32)" in text
    assert text.count("2 missing)") == len(comparison)
    row = comparison[(comparison["label"] == "Adam / SGD") & (comparison["alpha"] == 1e-5)].iloc[0]
    assert f"{row['on_mean']:.2f} ± {row['on_sd']:.2f}" in text
    assert text.count(" *") - text.count(" *)") >= comparison["bold"].sum() > 0
    assert "make dashboard" in text


def test_the_mark_of_a_gain_is_explained_where_errors_are_in_percent_alone() -> None:
    comparison = compare(tables().cells)
    assert "(*)" in printed(comparison)
    assert "(*)" not in printed(comparison.assign(metric="RMSE (mpg)", bold=False))


def test_diverged_seeds_are_counted_in_the_cell() -> None:
    comparison = compare(tables().cells)
    assert "(0/6 ok)" in printed(comparison)


def test_markdown_latex_and_csv() -> None:
    comparison = compare(tables().cells)
    bold = int(comparison["bold"].sum())
    markdown = table.markdown(comparison)
    assert markdown.count("| **") == bold > 0
    assert markdown.count("\n|") == len(comparison) + 2 * comparison["label"].nunique()
    latex = table.latex(comparison)
    assert latex.count(r"\textbf{") == bold
    assert latex.count(r"\begin{tabular}") == comparison["label"].nunique()
    assert r"$\pm$" in latex and "±" not in latex and "α" not in latex
    back = pd.read_csv(io.StringIO(table.csv(comparison)))
    assert back["off_mean"].tolist() == comparison["off_mean"].tolist()


def test_texts_from_data_are_escaped() -> None:
    comparison = compare(tables().cells).assign(label="[red]Adam[/red] | x_1 & 2%")
    assert "[red]Adam[/red]" in printed(comparison)
    head = table.latex(comparison.assign(clipping="a_b & 1%"))
    assert r"a\_b \& 1\%" in head
    superscript = table.text_table(pd.DataFrame({"a": ["SGD^alpha < {3} \\"]}), "latex")
    assert r"SGD\textasciicircum{}alpha \textless{} \{3\} \textbackslash{} \\" in superscript


def test_a_studys_folder_is_printed(tmp_path: Path) -> None:
    console = Console(file=io.StringIO(), width=120, color_system=None)
    table.print_study(write_study(tmp_path), console)
    assert "Adam / SGD on digits" in console.file.getvalue()  # type: ignore[attr-defined]


def test_an_empty_comparison_says_so() -> None:
    assert "nothing to compare" in printed(compare(tables().cells.head(0)))


def test_clippings_are_called_as_everywhere_else_and_by_their_names_in_csv() -> None:
    made = tables(MadeUp(clippings=(OFF, ON, parse_clipping("agc(0.1)"))))
    comparison = compare(made.cells)
    for form in ("markdown", "latex"):
        text = comparison_text(comparison, form)
        assert set(re.findall(r"clipped|agc\(0\.1\)|(?<=[|&]) on (?=[|&])", text)) == {"clipped", "agc(0.1)"}
    assert ",on," in comparison_text(comparison, "csv")
    frame = regions(judge(made.cells), Criteria())
    assert {"| unclipped |", "| clipped |"} <= set(
        re.findall(r"\| \w*clipped \|", table_text(frame, "markdown"))
    )
    assert ",off," in table_text(frame, "csv")
