"""Figures show every seed, keep rails, marks and glyphs, and never read tags in texts."""

import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from dashboard import charts, coverage, data, peers, queries, ranges, runs, stability, widgets
from dashboard.figures import compare, cost, paired, scales, style, sweeps, theme
from dashboard.figures import ranges as range_figures
from dashboard.figures import runs as run_figures
from dashboard.figures import safety as safety_figures
from dashboard.figures import stability as stability_figures
from hypercore.analysis.frames.entries import entries
from hypercore.analysis.frames.judgement import judge
from hypercore.analysis.measures.ranges import regions, sensitivities
from hypercore.analysis.stats.regions import Criteria
from hypercore.present import palette
from hypercore.present.errors_chart import error_over_alpha
from hypercore.present.over_alpha import Baseline
from hypercore.spec.clipping import OFF, parse_clipping
from tests.unit.studies import MadeUp, tables, write_study

TABLES = tables(MadeUp(missing=lambda cell: cell.stack.alpha == 1e-4))
JUDGED = judge(TABLES.cells)
ENTRY = data.of_entry(JUDGED, "SGD / SGD on digits")
POINTS = queries.seed_points(ENTRY)
SAFETY = stability.safety_map(stability.grids(JUDGED), Criteria())


def marks(figure: go.Figure, name: str) -> list[go.Scatter]:
    return [trace for trace in figure.data if trace.name == name and trace.mode == "markers"]


def drawn(figure: go.Figure) -> list[go.Scatter | go.Bar]:
    """The traces of data, without the words beside them."""
    return [trace for trace in figure.data if getattr(trace, "mode", None) != "text"]


def words(figure: go.Figure) -> list[list[str]]:
    """A chart's headings, the names of its rows and, where it has any, their notes."""
    return [list(trace.text) for trace in figure.data if getattr(trace, "mode", None) == "text"]


@pytest.mark.parametrize("log_error", [True, False])
def test_every_seed_is_a_mark_and_diverged_ones_are_on_the_rail(log_error: bool) -> None:
    figure = compare.error_against_alpha(POINTS, queries.baseline(JUDGED, ENTRY), log_error)
    for clipping, name in (("off", "unclipped: seeds"), ("on", "clipped: seeds")):
        below, rail = marks(figure, name)
        own = POINTS[POINTS["clipping"] == clipping]
        assert len(below.x) == (~own["diverged"]).sum() and len(rail.x) == own["diverged"].sum()
        assert rail.yaxis == "y" and below.yaxis == "y2"
    assert figure.layout.yaxis2.type == ("log" if log_error else "linear")
    assert any(str(trace.name).startswith("plain optimizer: median ") for trace in figure.data)


def test_the_axis_of_alpha_has_a_trace_where_nothing_is_safe() -> None:
    """Plotly draws an axis on the rail that it is anchored to, and none for a rail without a trace."""
    figure = compare.error_against_alpha(POINTS, queries.baseline(JUDGED, ENTRY), regions=None)
    assert figure.layout.xaxis.anchor in {trace.yaxis for trace in figure.data}


def test_a_reports_figure_has_the_medians_ranges_colours_and_ticks_of_the_pages() -> None:
    listed = [entry for entry in entries(JUDGED) if entry.key["label"] == "SGD / SGD"]
    safe = regions(JUDGED, Criteria())
    plain = queries.baseline(JUDGED, ENTRY)
    page = compare.error_against_alpha(POINTS, plain, epsilon=1.0)
    report = error_over_alpha(listed, safe[safe["label"] == "SGD / SGD"])
    assert f"plain SGD: median {plain.median:.2f}%<br>grey: up to 1 point above" in [
        trace.name for trace in report.data
    ]
    assert report.layout.xaxis.ticktext == page.layout.xaxis.ticktext
    assert report.layout.xaxis.title.text == page.layout.xaxis.title.text
    for name in ("unclipped", "clipped"):
        theirs, ours = ([t for t in f.data if t.name == name and t.mode != "markers"] for f in (page, report))
        assert len(theirs) == len(ours) == 1
        assert list(theirs[0].x) == list(ours[0].x) and list(theirs[0].y) == list(ours[0].y)
        assert (theirs[0].line.color, theirs[0].line.dash) == (ours[0].line.color, ours[0].line.dash)
        low, high = (t for t in report.data if t.legendgroup == name and t.line.width == 0)
        [(n, least, most, *_), *_] = theirs[0].customdata
        assert (low.y[0], high.y[0]) == (least, most)
        assert ours[0].text[0] == f"median of {n}, {least:.2f}% to {most:.2f}%"


def test_marks_of_one_alpha_are_apart_and_nearer_to_it_than_to_the_next() -> None:
    figure = compare.error_against_alpha(POINTS, Baseline(float("nan"), 0))
    x = np.sort(np.asarray(marks(figure, "clipped: seeds")[0].x, dtype=float))
    assert len(set(x)) == len(x)
    near = np.abs(np.log10(x)[:, None] - np.log10(POINTS["alpha"].unique())[None, :]).min(axis=1)
    assert near.max() < 0.25


def test_paired_differences_show_each_pair() -> None:
    differences = queries.paired(POINTS, "on")
    figure = paired.paired_differences(differences, "on")
    assert sum(len(t.x) for t in figure.data if str(t.name).startswith("seed")) == len(differences)


def test_between_two_groups_of_seeds_no_mean_of_gains_is_drawn() -> None:
    gains = {0.1: [0.1, 0.2, 0.3, 80.0], 1.0: [0.1, 0.2, 0.3, 0.4]}
    rows = [(alpha, seed, gain, False) for alpha, own in gains.items() for seed, gain in enumerate(own)]
    differences = pd.DataFrame(rows, columns=["alpha", "seed", "difference", "either_diverged"])
    drawn = {trace.name: trace for trace in paired.paired_differences(differences, "on").data}
    mean, median = drawn["mean, 95% interval"], drawn["median of two groups of seeds"]
    assert list(mean.x) == [1.0] and mean.customdata[0][1] == "+0.25" and mean.error_y.array[0] > 0
    assert list(median.x) == [0.1] and median.customdata[0][1] == "+0.25" and median.error_y.array[0] == 0


def test_the_map_has_a_glyph_for_every_state() -> None:
    points = stability.safety_map(stability.grids(JUDGED), Criteria())
    figure = safety_figures.safety_figure(points)
    assert words(figure) == [["<b>Adam / SGD</b>", "<b>SGD / SGD</b>"], ["unclipped", "clipped"] * 2]
    assert sum(len(trace.x) for trace in drawn(figure)) == len(points)
    shown = {trace.name: set(trace.text) for trace in drawn(figure) if len(trace.x)}
    assert shown["· missing"] == {"·"} and shown["✓ safe"] == {"✓"} and shown["✕ diverged"] == {"✕"}
    assert len(set(stability.GLYPHS.values())) == len(stability.GLYPHS)


def test_the_map_counts_a_seed_in_the_singular() -> None:
    cells = judge(tables(MadeUp(alphas=(("SGD / SGD", (0.01, 0.1)),), seeds=1)).cells)
    figure = safety_figures.safety_figure(stability.safety_map(stability.grids(cells), Criteria()))
    said = [
        re.sub(r"%\{customdata\[(\d)\][^}]*\}", r"{\1}", trace.hovertemplate).format(*figures)
        for trace in drawn(figure)
        for figures in trace.customdata
    ]
    assert len(said) == 4 and all("<br>1 of 1 seed, " in words for words in said)


def test_ends_of_ranges_are_read_to_three_digits_unless_another_reads_so_too() -> None:
    ranges = stability.region_table(stability.grids(JUDGED), Criteria()).head(2)
    apart = ranges.assign(alpha_low=10**-2.5, alpha_high=[13.7481, 100.0])
    near = apart.assign(alpha_high=[13.7481, 13.7209])
    drawn_both = [range_figures.intervals_figure(rows, stability.gains(rows)) for rows in (apart, near)]
    beside = [[text.partition(" · ")[0].rpartition(" ")[2] for text in words(one)[2]] for one in drawn_both]
    assert beside == [["13.7", "100"], ["13.75", "13.72"]]
    hovers = [trace.hovertext[0] for trace in drawn_both[0].data if trace.hovertext]
    assert any(": 0.00316 to 13.7, " in text for text in hovers)


def test_intervals_carry_the_decades_gained() -> None:
    grids = stability.grids(JUDGED)
    ranges = stability.region_table(grids, Criteria())
    widths = stability_figures.height_figure(ranges, "width_decades", "width", "decades")
    assert len(widths.data) == 2 and any("(at least)" in text for text in widths.data[0].text)
    bare = stability_figures.height_figure(
        ranges.drop(columns="censored"), "width_decades", "width", "decades"
    )
    assert not any("(at least)" in text for text in bare.data[0].text)
    figure = range_figures.intervals_figure(ranges, stability.gains(ranges))
    heads, names, beside = words(figure)
    assert heads == ["<b>Adam / SGD</b>", "<b>SGD / SGD</b>"]
    assert names == ["unclipped", "clipped"] * 2
    assert beside[0] == "≤ 1e-5" and beside[3].endswith(" · <i>1 → 10</i>")
    bars = {trace.name: trace for trace in drawn(figure)}
    assert set(bars) == {"unclipped", "clipped"}
    # Adam's grid begins at a safe α: an arrowhead.
    shown = [
        s
        for s, seen in zip(*(bars["unclipped"].marker[k] for k in ("symbol", "opacity")), strict=True)
        if seen
    ]
    # One mark where one α alone is safe, else one at each end.
    assert shown == ["triangle-left", "triangle-left", "circle"]
    assert not set(bars["unclipped"].y) & set(bars["clipped"].y) - {None}
    picked = {pick for trace in bars.values() for [pick] in trace.customdata if pick}
    assert picked == set(style.picks(ranges)), "a click on any bar finds its row"


def test_beside_a_range_stands_what_clipping_adds_with_its_interval_where_that_is_known() -> None:
    table = stability.region_table(stability.grids(JUDGED), Criteria())
    gains, rows = stability.gains(table), regions(JUDGED)
    own = rows[(rows["clipping"] == "on") & (rows["label"] == "Adam / SGD")]
    measured = own.assign(than="off", side="upper", failing_pct=50.0, gain_decades=0.19)
    filed = measured.assign(low_decades=-0.29, high_decades=0.53)
    told = ranges.measured(gains, filed).set_index("title")["text"]
    assert told[lambda texts: texts.index.str.startswith("Adam")].tolist() == ["0.19 [−0.29, 0.53]"]
    assert told[lambda texts: texts.index.str.startswith("SGD")].tolist() == ["1 → 10"]
    assert ranges.measured(gains, filed.head(0)).equals(gains)


def test_intervals_are_drawn_where_one_clipping_has_none() -> None:
    ranges = stability.region_table(stability.grids(JUDGED), Criteria())
    none = ranges["clipping"] == "off"
    figure = range_figures.intervals_figure(
        ranges.assign(alpha_low=ranges["alpha_low"].mask(none)), stability.gains(ranges.head(0))
    )
    assert [trace.x.count(None) for trace in drawn(figure)] == [2]
    assert words(figure)[2].count("none shown safe") == 2


def test_where_half_of_the_runs_fail_is_drawn_with_its_interval() -> None:
    table = stability.region_table(stability.grids(JUDGED), Criteria())
    known = pd.DataFrame({"title": table["title"].head(2), "clipping": table["clipping"].head(2)})
    known = known.assign(alpha=[0.02, 0.03], alpha_low=[0.01, np.nan], alpha_high=[0.05, np.nan])
    figure = range_figures.intervals_figure(table, stability.gains(table.head(0)), known)
    line, middle = figure.data[-2:]
    assert line.x[:2] == (0.01, 0.05) and line.x[3:5] == (1e-5, 10), "an open end reaches the axis's"
    assert list(middle.customdata[1]) == ["open", "open", "0.03"] and list(middle.x) == [0.02, 0.03]


def test_ranges_from_the_file_are_those_worked_out_here() -> None:
    grids = stability.grids(JUDGED)
    ranges, gains = stability.filed_ranges(regions(JUDGED))
    expected = stability.region_table(grids, Criteria())
    pd.testing.assert_frame_equal(ranges.reset_index(drop=True), expected, check_dtype=False)
    assert gains["text"].tolist() == stability.gains(expected)["text"].tolist()


def test_where_no_alpha_is_safe_no_move_is_named() -> None:
    grids = stability.grids(JUDGED)
    exploded = [
        replace(grid, points=tuple(replace(p, diverged=tuple(True for _ in p.diverged)) for p in grid.points))
        for grid in grids
    ]
    gains = stability.gains(stability.region_table(exploded, Criteria()))
    assert len(gains) == 2
    assert set(gains["text"]) == {"no safe α"}
    clipped = [bad if good.clipping == "on" else good for good, bad in zip(grids, exploded, strict=True)]
    assert set(stability.gains(stability.region_table(clipped, Criteria()))["text"]) == {"no α left safe"}


def test_a_bad_alphas_cost_is_a_dumbbell_a_row_grey_where_none_is_usable() -> None:
    found = sensitivities(JUDGED)
    table = stability.region_table(stability.grids(JUDGED), Criteria())
    off = table["clipping"] == "off"
    costs = ranges.costs(
        JUDGED,
        found.assign(title=data.titles(found)),
        table.assign(alpha_low=table["alpha_low"].mask(off)),
    )
    plain = JUDGED[JUDGED["role"] == "baseline"].drop_duplicates("cell_id").groupby("label")
    means = {f"{label} / SGD": mean for label, mean in plain["imputed_error"].mean().items()}
    told = {
        title.partition(" on ")[0]: error
        for title, error in zip(costs["title"], costs["plain_error"], strict=True)
    }
    assert told == pytest.approx(means), "a mean, as the errors beside it are"
    figure = range_figures.costs_figure(costs)
    shown = [trace for trace in figure.data if trace.mode == "markers"]
    # Rows are named, so that the legend has the baseline alone.
    assert [trace.name for trace in shown if trace.showlegend is None] == ["plain optimizer, mean"]
    best = {trace.name: trace for trace in shown if trace.customdata is not None}
    assert set(best["unclipped"].marker.color) == {palette.GREY}
    assert set(best["clipped"].marker.color) == {palette.BLUE} and len(shown) == 5
    notes = words(figure)[2]
    assert [note.endswith(" · <i>none shown safe</i>") for note in notes] == [True, False] * 2
    ends = [tuple(map(float, note.partition(" · ")[0].split(" → "))) for note in notes]
    assert ends == [
        pytest.approx((row["best_error"], row["mean"]), rel=5e-3) for row in costs.to_dict("records")
    ]


def test_cells_of_the_map_lie_to_scale_and_touch() -> None:
    points = stability.safety_map(stability.grids(JUDGED), Criteria())
    points = stability.flagged(points, points.head(1))
    figure = safety_figures.safety_figure(points)
    bars = sorted(
        (y, base, base + x)
        for trace in drawn(figure)
        for x, y, base in zip(trace.x, trace.y, trace.base, strict=True)
    )
    neighbours = [(one, other) for one, other in pairwise(bars) if one[0] == other[0]]
    assert neighbours and all(other[1] >= one[2] - 1e-9 for one, other in neighbours), "none overlap"
    assert sum(width for trace in drawn(figure) for width in trace.marker.line.width) == 3, "one is outlined"


def test_benchmarks_are_a_row_each() -> None:
    speed = pd.DataFrame(
        {
            "problem": "p",
            "contestant": ["hypercore", "hypercore", "<b>package</b>"],
            "backend": ["eager", "eager", None],
            "lane_steps_per_sec": [5.0, 9.0, 2.0],
            "lane_steps_per_sec_q1": 1.0,
            "lane_steps_per_sec_q3": 10.0,
        }
    )
    best = peers.best(speed)
    assert best["lane_steps_per_sec"].tolist() == [9.0, 2.0]
    rows = cost.speed(best).layout.yaxis.ticktext
    assert rows == ("hypercore, eager", "&lt;b&gt;package&lt;/b&gt;")


def test_the_figures_of_cost_have_colours_that_no_clipping_has() -> None:
    names = ["off", "on", *(f"fixed({number})" for number in range(9))]
    taken = {palette.looks(names)(name).color for name in names} | set(palette.STATES.values())
    columns = {"contestant": ["hypercore", "package"], "backend": "eager", "lane_steps_per_sec": [5.0, 2.0]}
    best = pd.DataFrame(columns).assign(lane_steps_per_sec_q1=1.0, lane_steps_per_sec_q3=9.0)
    own, others = ({trace.marker.color, trace.error_x.color} for trace in cost.speed(best).data)
    assert len(own) == len(others) == 1 and not (own | others) & taken and own != others


def test_prices_of_all_further_levels_share_a_row_and_hide_none() -> None:
    stacks = ["SGD / SGD", "SGD / SGD / SGD", "SGD / SGD / SGD / SGD", "SGD / SGD"]
    priced = pd.DataFrame(
        {"price_of": ["a level"] * 3 + ["clipping"], "stack_shape": stacks, "clipping": ["off"] * 3 + ["on"]}
    ).assign(backend="eager", price_pct=[9.0, 3.0, 3.0, 1.0], price_pct_q1=0.0, price_pct_q3=10.0)
    figure = cost.prices(priced)
    assert words(figure)[1] == ["2nd optimizer", "each further", "clipping"]
    lines = list(figure.data[1].y)
    places = {name: y for trace in drawn(figure) for name, y in zip(trace.text, trace.y, strict=True)}
    assert len(set(places.values())) == len(places) == len(priced)
    rows = {name.rpartition(": ")[2]: np.searchsorted(lines, place) for name, place in places.items()}
    assert rows == {"2 optimizers": 1, "3 optimizers": 2, "4 optimizers": 2, "clipping": 3}


def test_runs_have_a_line_a_panel_and_marks() -> None:
    chosen = ENTRY[(ENTRY["alpha"] == 1000) & (ENTRY["clipping"] == "off")]
    curves = run_figures.curves(
        runs.curves_of(TABLES.curves, ENTRY[ENTRY["alpha"] == 0.1]), runs.blow_ups(chosen.head(0))
    )
    assert len(curves.data) == 6 * 10
    ended = runs.blow_ups(chosen)
    figure = run_figures.trajectories(runs.trajectories_of(TABLES.trajectories, chosen), ended)
    crosses = [trace for trace in figure.data if trace.marker.symbol == "x"]
    assert len(crosses) == (chosen["status"] == "nonfinite").sum() > 0
    assert sorted(shape.x0 for shape in figure.layout.shapes) == sorted(
        chosen["first_nonfinite_step"].dropna()
    )
    blown = run_figures.curves(runs.curves_of(TABLES.curves, chosen), ended)
    assert [shape.x0 for shape in blown.layout.shapes] == ended["epoch"].tolist()
    notes = [note.text for note in blown.layout.annotations]
    assert all(any(f"not finite from step {step}" in text for text in notes) for step in ended["step"])
    ends = runs.final_against_initial(TABLES.trajectories, ENTRY)
    assert sum(len(trace.x) for trace in run_figures.final_alpha(ends).data[:-1]) == len(ends)
    negative = run_figures.final_alpha(ends.assign(final_alpha=-1.0))
    marks = negative.data[0]
    assert all(y < 0 for y in marks.y) and "−1" in negative.layout.yaxis.ticktext
    assert {values[1] for values in marks.customdata} == {"−1"}, "hovering shows the value itself"


def test_every_levels_gradient_has_its_panels() -> None:
    chosen = ENTRY[(ENTRY["alpha"] == 0.1) & (ENTRY["seed"] < 2)]
    points = runs.gradients_of(TABLES.gradients, chosen)
    figure = run_figures.gradients(points, runs.blow_ups(chosen))
    assert len(figure.data) == 2 * 3 * 4  # levels, quantities, runs
    assert [note.text for note in figure.layout.annotations][3:] == [
        "gradient norm, level 1",
        "threshold θ, level 1",
        "share of norms clipped, level 1",
    ]
    assert (
        figure.layout.yaxis.type == figure.layout.yaxis2.type == "log" and figure.layout.yaxis3.type is None
    )
    off = run_figures.gradients(points[points["clipping"] == "off"], runs.blow_ups(chosen))
    assert len(off.data) == 2 * 2 * 2  # unclipped there is no threshold
    few = run_figures.curves(runs.curves_of(TABLES.curves, chosen), runs.blow_ups(chosen), runs.OUTCOMES)
    assert len(few.data) == 2 * 4


def test_epochs_are_labelled_whole() -> None:
    points = runs.curves_of(TABLES.curves, ENTRY[ENTRY["alpha"] == 0.1])
    for most, step in ((5, 1), (30, None)):
        figure = run_figures.curves(points[points["epoch"] <= most], runs.blow_ups(ENTRY.head(0)))
        assert figure.layout.xaxis.dtick == step


def test_coverage_tells_states_by_glyph_too() -> None:
    shown = {trace.name: set(trace.text) for trace in drawn(sweeps.coverage(coverage.coverage(JUDGED)))}
    assert [name[0] for name in shown] == ["✔", "▸", "○", "✘"], "in the legend"
    assert shown["✔ all done"] == {"✔"} and shown["○ some missing"] == {"○"}


def test_rows_have_a_phones_width_and_no_mark_lies_on_their_names() -> None:
    long = "RMSProp^alpha / RMSProp(0.001), frozen / SGD(1e-5) on mnist"
    table = stability.region_table(stability.grids(JUDGED), Criteria())
    for figure in (
        sweeps.coverage(coverage.coverage(JUDGED).assign(title=long)),
        safety_figures.safety_figure(SAFETY.assign(clipping="running_median(all, 0.05)")),
        range_figures.intervals_figure(table, stability.gains(table)),
    ):
        margin, whole = figure.layout.margin, figure.layout.height
        assert margin.l + margin.r < 0.15 * 328
        rows_px = whole - margin.t - margin.b
        bottom, top = figure.layout.yaxis.range
        line_px = (np.array(figure.data[1].y) - top) / (bottom - top) * rows_px
        for trace in drawn(figure):
            half_px = (trace.width or 0) / 2 / (bottom - top) * rows_px if trace.type == "bar" else 6
            for place in {y for y in trace.y if y is not None}:
                away = np.abs(line_px - (place - top) / (bottom - top) * rows_px) - half_px
                assert away.min() >= theme.SIZE_PX / 2


def test_texts_from_data_are_not_tags() -> None:
    evil = '<a href="https://example.org">x</a>'
    figure = safety_figures.safety_figure(
        pd.DataFrame(
            {
                "title": [evil, "b"],
                "clipping": ["off", "off"],
                "alpha": [1.0, 1.0],
                "safety": ["safe", "safe"],
                "n": 1,
                "n_diverged": 0,
                "failures": "0 of 1 failed",
                "planned": 1,
                "excess": 0.0,
            }
        )
    )
    assert "<a" not in figure.to_json()
    assert style.arm_name(evil).startswith("&lt;a")


def test_empty_frames_make_empty_figures() -> None:
    none = POINTS.head(0)
    assert compare.error_against_alpha(none, Baseline(float("nan"), 0)).data == ()
    assert len(paired.paired_differences(queries.paired(none, "on"), "on").data) == 0


def test_every_clicked_mark_is_found_again() -> None:
    differences = queries.paired(POINTS, "on")
    points = stability.safety_map(stability.grids(JUDGED), Criteria())
    counts = coverage.coverage(JUDGED)
    ends = runs.final_against_initial(TABLES.trajectories, ENTRY)
    nothing = Baseline(float("nan"), 0)
    for figure, rows, beside in (
        (compare.error_against_alpha(POINTS, nothing), POINTS, 0.3),
        (paired.paired_differences(differences, "on"), differences, 0.3),
        (safety_figures.safety_figure(points), points, 0.25),
        (sweeps.coverage(counts), counts, 0.0),
        (run_figures.final_alpha(ends), ends, 0.0),
    ):
        found = []
        for trace in figure.data:
            is_line = getattr(trace, "mode", "markers") == "lines"
            if trace.customdata is None or is_line or trace.name == "mean, 95% interval":
                continue
            middles = (
                trace.x if trace.type == "scatter" else 10 ** (np.array(trace.base) + np.array(trace.x) / 2)
            )
            for x, custom in zip(map(float, middles), trace.customdata, strict=True):
                event = SimpleNamespace(selection=SimpleNamespace(points=[{"customdata": list(custom)}]))
                row = widgets.picked(event, rows)
                assert abs(np.log10(row["alpha"].item()) - np.log10(x)) <= beside
                found += row.index.tolist()
        assert sorted(found) == rows.index.tolist()


def test_an_alpha_is_written_one_way_on_axes_and_under_the_mouse() -> None:
    small = {0.1: 1e-5, 1000.0: 1e-6}
    points = POINTS.assign(alpha=POINTS["alpha"].replace(small))
    counts, map_of = (
        frame.assign(alpha=frame["alpha"].replace(small)) for frame in (coverage.coverage(JUDGED), SAFETY)
    )
    ends = runs.final_against_initial(TABLES.trajectories, ENTRY)
    edges = pd.DataFrame({"title": "SGD / SGD on digits", "clipping": ["off"], "alpha": [1e-5]})
    table = stability.region_table(stability.grids(JUDGED), Criteria())
    figures = (
        compare.error_against_alpha(points, Baseline(float("nan"), 0)),
        paired.paired_differences(queries.paired(points, "on"), "on"),
        safety_figures.safety_figure(map_of),
        sweeps.coverage(counts),
        run_figures.final_alpha(ends.assign(alpha=ends["alpha"].replace(small))),
        range_figures.intervals_figure(
            table, stability.gains(table), edges.assign(alpha_low=1e-6, alpha_high=1.0)
        ),
    )
    for figure in figures:
        hovers = [hover for trace in figure.data for hover in told(trace)]
        assert any(re.search(r"α (= )?1e-5\b", hover) for hover in hovers)
        assert not any("0.00001" in hover or re.search(r"α [^:]*%\{x", hover) for hover in hovers)
        assert "1e-5" in figure.layout.xaxis.ticktext


def test_numbers_below_zero_have_a_minus_in_a_chart() -> None:
    ends = runs.final_against_initial(TABLES.trajectories, ENTRY).assign(final_alpha=-1.0)
    worse = queries.paired(POINTS, "on").assign(difference=-2.5)
    for figure in (
        run_figures.final_alpha(ends),
        paired.paired_differences(worse, "on"),
        safety_figures.safety_figure(SAFETY.assign(excess=-2.5)),
    ):
        shown = [hover for trace in figure.data for hover in told(trace)]
        shown += [text for axis in (figure.layout.yaxis, figure.layout.xaxis) for text in axis.ticktext or ()]
        assert any("−" in text for text in shown)
        assert not any(re.search(r"(?<![\we])-\d", text) for text in shown)


def told(trace: go.Scatter | go.Bar) -> list[str]:
    """What a trace says of its marks under the mouse, as far as its template names values."""
    parts = re.split(r"%\{customdata\[(\d+)\][^}]*\}", trace.hovertemplate or "")
    return [
        "".join(str(figures[int(part)]) if place % 2 else part for place, part in enumerate(parts))
        for figures in ([] if trace.customdata is None else trace.customdata)
    ]


def test_the_mark_of_a_mean_is_no_run() -> None:
    event = SimpleNamespace(selection=SimpleNamespace(points=[{"customdata": [5]}, {"x": 1.0}, {}]))
    assert widgets.picked(event, POINTS).empty


@pytest.mark.parametrize("study", ["other-clippers-5-epochs", "paper-mnist", "control-mnist"])
def test_every_clipping_of_a_shipped_study_has_a_look_of_its_own(study: str) -> None:
    cells = Path(__file__).parents[3] / "results" / study / "cells.parquet"
    names = set(pd.read_parquet(cells, columns=["clipping"])["clipping"])
    assert len({palette.looks(names)(name).color for name in names}) == len(names) >= 3


def test_a_clipping_looks_the_same_in_its_study_whatever_is_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alike = ["agc(0.1)", "agc(0.1, weights)"]
    clippings = (OFF, *map(parse_clipping, alike))
    write_study(tmp_path, MadeUp("alike", alphas=(("SGD / SGD", (0.01,)),), clippings=clippings, seeds=1))
    monkeypatch.setenv("HYPERCORE_RESULTS", str(tmp_path))

    def colors(clippings: list[str]) -> dict[str, str]:
        figure = charts.errors("alike", "SGD / SGD on digits", clippings, True)
        return {trace.name: trace.line.color for trace in figure.data if trace.name in alike}

    both = colors(alike)
    assert len(set(both.values())) == 2
    assert both == colors(alike[:1]) | colors(alike[1:])


def test_many_clippings_have_room() -> None:
    names = [f"fixed({number})" for number in range(20)]
    points = pd.concat([queries.seed_points(ENTRY).assign(clipping=name) for name in ("off", "on", *names)])
    figure = compare.error_against_alpha(points, Baseline(5.0, 5))
    rail_px = (1 - figure.layout.yaxis.domain[0]) * (figure.layout.height - 102 - 22 * 5)
    assert rail_px >= 22 * 12, "a line of text for each"
    assert figure.layout.margin.t >= 22 * 23 / 4, "a legend of as many rows"
    ranges = stability.region_table(stability.grids(JUDGED), Criteria())
    many = pd.concat([ranges[ranges["clipping"] == "off"].assign(clipping=name) for name in ("off", *names)])
    gained = many[["title", "clipping"]].assign(text="+1.0 decades")
    rows = range_figures.intervals_figure(many.reset_index(drop=True), gained)
    assert len(words(rows)[1]) == len(many) and words(rows)[1][2] == "fixed(1)"


def test_the_axis_of_costs_has_numbers_over_all_that_is_drawn() -> None:
    row = {"title": "SGD / SGD on digits", "clipping": "off", "best_alpha": 0.1, "best_error": 60.0}
    row |= {"best_low": 50.0, "best_high": 70.0, "mean": 88.0, "plain_error": 55.0, "usable": True}
    axis = range_figures.costs_figure(pd.DataFrame([row])).layout.xaxis
    low, high = 10 ** np.array(axis.range)
    assert low < 50 and 88 < high < 100
    assert axis.ticktext == ("50", "60", "70", "80", "90")


def test_seeds_of_the_only_alpha_lie_close_together_in_the_middle_of_its_axis() -> None:
    points = POINTS[(POINTS["alpha"] == 0.1) & POINTS["seed"].isin([0, 1])]
    errors = compare.error_against_alpha(points, Baseline(5.0, 5))
    gains = paired.paired_differences(queries.paired(points, "on"), "on")
    for figure in (errors, gains):
        low, high = figure.layout.xaxis.range
        assert low < -1.3 and high > -0.7 and (low + high) / 2 == pytest.approx(-1)
        assert figure.layout.xaxis.tickvals == (0.1,) and figure.layout.xaxis.ticktext == ("0.1",)
        [seeds, *_] = [t for t in figure.data if t.name in ("seed", "clipped: seeds") and len(t.x)]
        places = np.log10(np.array(seeds.x, dtype=float))
        assert 0 < np.ptp(places) <= 0.05 * (high - low)
    [plain] = [t for t in errors.data if str(t.name).startswith("plain optimizer")]
    assert np.log10(plain.x) == pytest.approx(errors.layout.xaxis.range), "across the axis"
    [median] = [
        t for t in errors.data if t.name == "clipped" and t.customdata is not None and t.mode != "markers"
    ]
    assert median.mode == "lines+markers" and len(median.x) == 1


def test_the_margin_is_named_in_the_legend_and_not_on_the_marks() -> None:
    figure = paired.paired_differences(queries.paired(POINTS, "on"), "on", epsilon=0.5)
    assert not figure.layout.annotations
    [margin] = [trace for trace in figure.data if trace.name == "within ε = 0.5"]
    assert margin.y[0] == -margin.y[3] > 0 and margin.showlegend is not False
    near = paired.paired_differences(queries.paired(POINTS, "on").assign(difference=0.01), "on", epsilon=2.0)
    assert {"−2", "0", "2"} <= set(near.layout.yaxis.ticktext), "where all gains lie within the margin, too"


@pytest.mark.parametrize("low", [-80.0, -1.3, 0.0])
@pytest.mark.parametrize("high", [0.7, 3.0, 80.0, 4e5])
@pytest.mark.parametrize("unit", [0.1, 1.0])
def test_numbers_of_both_signs_leave_no_third_of_the_axis_empty(low: float, high: float, unit: float) -> None:
    place, axis = scales.signed_log_axis(pd.Series([low, high]), "gain", unit)
    bottom, top = place(pd.Series([low, high]))
    places = np.array([bottom, *axis["tickvals"], top])
    assert (np.diff(places) >= 0).all() and max(np.diff(places)) < (top - bottom) / 3
    assert min(np.diff(axis["tickvals"])) / (top - bottom) * 230 > 15, "none touches the next"
    assert "0" in axis["ticktext"]


def test_gains_have_the_axis_of_alpha_of_the_errors_above_them() -> None:
    gone = POINTS[~((POINTS["alpha"] == POINTS["alpha"].max()) & (POINTS["clipping"] == "on"))]
    errors = compare.error_against_alpha(gone, queries.baseline(JUDGED, ENTRY))
    differences = queries.paired(gone, "on")
    assert differences["alpha"].max() < gone["alpha"].max()
    left = compare.left_px(gone["clipping"])
    gains = paired.paired_differences(differences, "on", alphas=gone["alpha"], left=left)
    for name in ("l", "r"):
        assert gains.layout.margin[name] == errors.layout.margin[name]
    assert gains.layout.xaxis.range == errors.layout.xaxis.range is not None
    assert gains.layout.xaxis.tickvals == errors.layout.xaxis.tickvals
    drawn_x = [x for trace in (*errors.data, *gains.data) for x in trace.x if x]
    low, high = 10 ** np.array(errors.layout.xaxis.range)
    assert low < min(drawn_x) and max(drawn_x) < high


def test_a_line_under_the_pointer_is_drawn_on_shared_axes() -> None:
    points = runs.curves_of(TABLES.curves, ENTRY[ENTRY["alpha"] == 0.1])
    for figure in (
        compare.error_against_alpha(POINTS, queries.baseline(JUDGED, ENTRY)),
        run_figures.curves(points, runs.blow_ups(ENTRY.head(0))),
    ):
        axis = figure.layout.xaxis
        assert (axis.showspikes, axis.spikemode, figure.layout.spikedistance) == (True, "across", -1)
        assert f"[stroke='{axis.spikecolor}']" in theme.STYLE, "the other one that plotly draws is hidden"
