"""The report is one page that needs no network, and says what the tables say."""

import base64
import gzip
import json
import math
import re
from pathlib import Path

import pandas as pd
import pytest
from plotly.offline import get_plotlyjs_version

from hypercore.analysis.analyse import write_analysis
from hypercore.analysis.claims.findings import NOT_PLANNED
from hypercore.analysis.frames.entries import entries
from hypercore.analysis.frames.tables import write_frame
from hypercore.analysis.measures.comparison import compare
from hypercore.present import markup, sentences
from hypercore.present.palette import GREY
from hypercore.present.plots import profile_figure
from hypercore.present.report import write_report
from hypercore.results.reported import FORMS
from hypercore.spec.clipping import OFF, parse_clipping
from hypercore.spec.columns import ANALYSIS, CELLS, COMPARISON, CURVES, TRAJECTORIES, names
from tests.unit.analysis.synthetic import Law, judged
from tests.unit.analysis.test_analyse import NO_CURVES
from tests.unit.studies import MadeUp, write_study


def study(folder: Path, law: Law) -> str:
    """Write a study's tables and report; returns the page."""
    frame = judged("SGD / SGD", [1.0, 10.0, 50.0, 75.0, 100.0], law, label="SGD / SGD <b>", seeds=10)
    finished = frame["status"] == "finished"
    facts = {
        "created_utc": "2026-01-02T03:04:05Z",
        "device": "a CPU",
        "backend": "eager",
        "test_error": frame["imputed_error"],
        "first_batch_loss": 2.3,
        "last_epoch_train_loss": 0.2,
    }
    frame = frame.assign(**facts, n_test=10_000).drop(columns=["diverged", "imputed_error"])
    frame.loc[~finished, ["n_classes", "n_test"]] = pd.NA
    cells = frame.reindex(columns=list(names(CELLS)))
    write_frame(folder / "cells.parquet", cells, "cells", CELLS)
    write_frame(folder / "curves.parquet", NO_CURVES, "curves", CURVES)
    none = pd.DataFrame(columns=list(names(TRAJECTORIES)))
    write_frame(folder / "trajectories.parquet", none, "trajectories", TRAJECTORIES)
    write_frame(folder / "comparison.parquet", compare(cells), "comparison", COMPARISON)
    write_analysis(folder)
    write_report(folder)
    return (folder / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    study(folder, lambda alpha, clipped, seed: 5.0 + 0.1 * seed + 30 * (alpha > 10 and not clipped))
    return folder


def test_the_page_stands_alone(folder: Path) -> None:
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert len(page.encode()) < 1_000_000, "to be sent by mail"
    packed = re.search(r'atob\("([^"]+)"\)', page)
    script = gzip.decompress(base64.b64decode(packed[1] if packed else ""))
    assert script.startswith(b"/**\n* plotly.js (basic") and b"Licensed under the MIT license" in script[:300]
    assert not re.search(r"<(script|link|img|iframe)[^>]+(src|href)=", page)
    targets = re.findall(r'<a href="([^"]*)"', page.partition("</head>")[2])
    assert targets and {target[0] for target in targets} == {"#"}
    # One entry's errors and its performance profile, and the residuals.
    assert page.count('class="plotly-graph-div"') == page.count('<script type="text/x-figure">') == 3


def test_the_packed_script_is_that_of_the_plotly_that_makes_the_figures() -> None:
    script = gzip.decompress(markup.PLOTLY.read_bytes())
    assert f" v{get_plotlyjs_version()}\n".encode() in script[:200], "docs/decisions.md says how to renew it"


def test_the_page_says_what_the_tables_say(folder: Path) -> None:
    page = (folder / "report.html").read_text(encoding="utf-8")
    claims = pd.read_parquet(folder / "claims.parquet").set_index("claim")
    assert claims.loc["sgd-reduces", "verdict"] == "reproduced"
    claim = "<div><b>SGD / SGD on MNIST, 10 &lt; α ≤ 100"
    assert f'<li><span class="reproduced">reproduced</span>{claim}' in page
    assert "unclipped: α from 1 to 10 is safe (at least 1.00 decades)" in page
    assert "Clipping moves the largest safe α from 10 to 100 or more on the grid." in page
    assert "110 cells are planned: 110 finished." in page
    assert "Trained on mnist with 10 seeds by hypercore" in page
    assert "eager, on a CPU; the last cell at 2026-01-02T03:04:05Z." in page


def test_alphas_of_a_grid_are_read_to_three_digits() -> None:
    row = {"clipping": "off", "n_safe": 2, "alpha_low": 10**-2.5, "alpha_high": 13.7481, "censored": False}
    row |= {"width_decades": 3.6, "worst_n_done": 8, "worst_n_failed": 0, "worst_failure_high": 0.3}
    said = sentences.region("Adam", row | {"worst_fitted_high": 0.1})
    assert said.startswith("Adam, unclipped: α from 0.00316 to 13.7 is safe (3.60 decades): ")


def test_what_refinement_added_is_counted() -> None:
    rounds = pd.Series([None, None, 1, 2, 2], dtype="Int64")
    cells = pd.DataFrame({"cell_id": list("abcde"), "status": "finished", "round": rounds})
    added = "3 of them were added by 2 rounds of refinement."
    assert sentences.coverage(cells) == f"5 cells are planned: 5 finished. {added}"
    assert sentences.coverage(cells[:2]) == "2 cells are planned: 2 finished."


def test_one_of_a_thing_is_no_plural() -> None:
    one = pd.DataFrame({"cell_id": ["a"], "status": "failed", "round": [1], "error": None})
    added = "1 of them was added by 1 round of refinement."
    assert sentences.coverage(one) == f"1 cell is planned: 1 failed. {added}"
    assert sentences.untrained(one) == "1 of 1 cell failed, and none has a result."
    assert sentences.tally(pd.DataFrame({"verdict": ["reproduced"], "reason": "why"})).startswith(
        "Of 1 claim: "
    )
    figure = {"source": "paper", "arm": "off", "clipping": "off", "rows": 1, "fits": 1, "expected": 0.9}
    assert sentences.fits(pd.DataFrame([figure]))[0].startswith("Of 1 figure of the paper (off) ")


def test_what_the_study_is_about_stands_below_its_name(folder: Path) -> None:
    assert 'class="about"' not in (folder / "report.html").read_text(encoding="utf-8")
    write_report(folder, "SGD <b>alone</b>.")
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert f'<h1>{folder.name}</h1>\n<p class="about">SGD &lt;b&gt;alone&lt;/b&gt;.</p>\n' in page
    write_report(folder)


def test_the_page_says_what_each_adjusted_p_was_adjusted_for(folder: Path) -> None:
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "of the same clipping in this study (clipped: 1); not over clippings" in page


def test_the_profile_is_the_share_of_runs_at_most_each_error() -> None:
    law: Law = lambda alpha, clipped, seed: 5.0 if clipped or alpha < 5 else 50.0 + seed  # noqa: E731
    drawn = profile_figure(entries(judged("SGD / SGD", [1.0, 10.0], law, seeds=2))).data
    assert [trace.fillcolor for trace in drawn[2::3]] == ["rgba(213, 94, 0, 0.2)", "rgba(31, 131, 198, 0.2)"]
    off, on = drawn[::3]
    assert dict(zip(off.x, off.y, strict=True)) == pytest.approx({4.5: 0, 5: 0.5, 50: 0.75, 51: 1.0})
    assert dict(zip(on.x, on.y, strict=True)) == pytest.approx({4.5: 0, 5: 1, 50: 1, 51: 1})


def test_clippings_of_a_study_are_told_apart(tmp_path: Path) -> None:
    agc = map(parse_clipping, ("agc(0.1)", "agc(0.1, weights)"))
    made = MadeUp(alphas=(("SGD / SGD", (0.01, 0.1)),), clippings=(OFF, *agc), seeds=1)
    write_analysis(write_study(tmp_path, made))
    write_report(tmp_path / "digits")
    page = (tmp_path / "digits/report.html").read_text(encoding="utf-8")
    for figure in re.findall(r'<script type="text/x-figure">(.*?)</script>', page, flags=re.S):
        lines = set(re.findall(r'"line":{"color":"(#[^"]*)","dash"', figure))
        assert len(lines - {GREY}) == 3


def test_a_claim_links_to_the_rows_of_the_cells_that_it_rests_on(folder: Path) -> None:
    page = (folder / "report.html").read_text(encoding="utf-8")
    claims = pd.read_parquet(folder / "claims.parquet").set_index("claim")
    own = re.search(r"on MNIST, 10 &lt; α ≤ 100.*?</li>", page, re.DOTALL)
    assert own is not None
    links = re.findall(r'href="#(c-[0-9a-f]+)"', own[0])
    assert len(links) == len(json.loads(claims.loc["sgd-reduces", "cells"])) == 60
    rows = re.findall(r'id="(c-[0-9a-f]+)"', page)
    assert set(links) <= set(rows) and len(rows) == len(set(rows)) == 110


def test_a_row_says_how_sure_its_figures_are(folder: Path) -> None:
    page = (folder / "report.html").read_text(encoding="utf-8")
    row = re.search(r"<tr><td>50</td>.*?</tr>", page, re.DOTALL)
    assert row is not None
    # Errors of 5.0 to 5.9 in ten seeds: mean 5.45, SD 0.303, t(9) = 2.262.
    assert "<b>5.45 ± 0.30 <small>[5.23, 5.67]</small></b>" in row[0]
    assert "<td>+30.00 [30.00, 30.00]</td><td>0.00195</td><td>better</td>" in row[0]


def test_tables_of_how_soon_and_of_tuning_name_clippings_as_the_others_do(folder: Path) -> None:
    page = (folder / "report.html").read_text(encoding="utf-8")
    tuning = page.partition('<h2 id="tuning">')[2].partition("<h2")[0]
    assert "<td>unclipped</td>" in tuning and "<td>clipped</td>" in tuning and "<td>off</td>" not in tuning


def test_every_figure_says_what_it_rests_on(folder: Path) -> None:
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert len(re.findall(r'"text":"mnist, seeds 0(\\u2013|–)9, a CPU, torch', page)) == 3


def test_labels_are_escaped(folder: Path) -> None:
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "SGD / SGD &lt;b&gt; on mnist" in page and "<h3>SGD / SGD <b>" not in page


def test_every_table_comes_in_every_form(folder: Path) -> None:
    files = {path.name for path in (folder / "tables").iterdir()}
    assert files == {f"{name}.{suffix}" for name in [*ANALYSIS, "comparison"] for suffix in FORMS.values()}
    assert len(pd.read_csv(folder / "tables" / "effects.csv")) == 6
    assert (folder / "tables" / "effects.tex").read_text(encoding="utf-8").startswith(r"\begin{tabular}")


def test_a_study_that_trained_nothing_has_a_report_too(tmp_path: Path) -> None:
    page = study(tmp_path, lambda *_: None)
    assert "0 reproduced, 0 contradicted" in page and "missing" in page


def test_what_is_about_nothing_published_has_no_claims_and_no_residuals(folder: Path, tmp_path: Path) -> None:
    for path in folder.glob("*.parquet"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    claims, residuals = (pd.read_parquet(folder / f"{name}.parquet") for name in ("claims", "residuals"))
    write_frame(tmp_path / "claims.parquet", claims.assign(reason=NOT_PLANNED), "claims", ANALYSIS["claims"])
    write_frame(tmp_path / "residuals.parquet", residuals.head(0), "residuals", ANALYSIS["residuals"])
    write_report(tmp_path)
    headings = re.findall(r"<h2[^>]*>(.*?)</h2>", (tmp_path / "report.html").read_text(encoding="utf-8"))
    known = re.findall(r"<h2[^>]*>(.*?)</h2>", (folder / "report.html").read_text(encoding="utf-8"))
    assert set(known) - set(headings) == {"Claims", "Ours against published"}


# What holds at each α of a region, by the columns of REGIONS, and in words.
WORST = {"worst_n_done": 8, "worst_n_failed": 0, "worst_failure_high": 0.312, "worst_fitted_high": 0.053}
AT_WORST = "at worst 0 of 8 failed; more than 31% is excluded (5.3% by all α)"


def test_a_region_in_a_sentence() -> None:
    row = {
        "clipping": "on", "n_safe": 2, "n_points": 5, "alpha_low": 0.1, "alpha_high": 1.0,
        "width_decades": 1.0, "censored": False, "reason_high": "unsafe",
    } | WORST  # fmt: skip
    expected = f"A / B on mnist, clipped: α from 0.1 to 1 is safe (1.00 decades): {AT_WORST}"
    assert sentences.region("A / B on mnist", row) == f"{expected}."
    moved = "Clipping moves the largest safe α from 0.1 to 1 on the grid."
    off = {"alpha_high": 0.1, "reason_high": "unsafe"}
    assert sentences.region("A / B on mnist", row, off) == f"{expected}. {moved}"


def test_a_region_of_before_says_that_its_bound_was_not_kept() -> None:
    assert sentences.at_worst(dict.fromkeys(WORST)) == "what is excluded was not kept"


def test_an_edge_in_a_sentence() -> None:
    head = {"clipping": "on", "n_runs": 40, "side": "upper"}
    half = {"failing_pct": 50.0, "alpha": 27.5, "beyond": None, "alpha_low": 16.2, "alpha_high": 43.7}
    tenth = {
        "failing_pct": 10.0,
        "alpha": math.nan,
        "beyond": "above",
        "alpha_low": 4.07,
        "alpha_high": math.nan,
    }
    edge = pd.DataFrame([head | half, head | tenth])
    gain = {"than": "off", "gain_decades": 0.26, "low_decades": -0.05, "high_decades": math.nan}
    gains = pd.DataFrame([{"side": "upper", "failing_pct": 50.0} | gain])
    both = "half at α = 28 [16, 44] and a tenth at α above the grid [4.1, open] fail"
    start = f"A / B on mnist, clipped, 40 runs: {both}"
    added = "Half of the runs fail 0.26 [−0.05, open] decades later than unclipped."
    title = "A / B on mnist"
    assert sentences.edge(title, edge, gains) == f"{start}. {added}"
    assert sentences.edge(title, edge, gains.head(0)) == f"{start}."
    beyond = half | {"alpha": math.nan, "beyond": "below", "alpha_low": math.nan, "alpha_high": math.nan}
    edge = pd.DataFrame([head | beyond, head | tenth])
    assert ": half at α below the grid and a tenth " in sentences.edge(title, edge, gains.head(0))


def test_the_largest_shipped_report_can_be_mailed_and_names_each_execution_once(tmp_path: Path) -> None:
    for path in (Path(__file__).parents[3] / "results" / "paper-mnist").glob("*.parquet"):
        (tmp_path / path.name).symlink_to(path)
    write_report(tmp_path)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    # Inside snakemake's own report a page is an address, of which Chromium takes 2 MiB.
    assert len(base64.b64encode(page.encode())) < 2 * 1024**2
    keys = set(pd.read_parquet(tmp_path / "cells.parquet")["execution_key"].dropna())
    assert keys and all(page.count(f"<li>{key}</li>") == page.count(key) == 1 for key in keys)
