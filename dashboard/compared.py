"""An entry's rows of a comparison as they are read, ours beside what was published, and as numbers."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from dashboard.stability import GLYPHS
from hypercore.analysis.stats.regions import Safety
from hypercore.present.alphas import reader
from hypercore.present.arms import named
from hypercore.present.over_alpha import SPLIT
from hypercore.present.table import ARM_HEADERS, arm_text, measured, split_text
from hypercore.present.titles import GROUP
from hypercore.present.words_of_effects import BETTER, LEGEND, word
from hypercore.spec.clipping import OFF_NAME, ON_NAME
from hypercore.spec.columns import ARMS, Role
from hypercore.spec.metric import PERCENT, Metric

_LEGEND = (
    "{measured}, mean ± SD over seeds; a diverged seed counts as chance. In brackets: seeds that did not "
    "diverge of those planned."
)
_GAIN = (
    " Gain: unclipped minus clipped{unit}, with its 95% interval over paired seeds. Bold: clipping is "
    "better. "
)
_OF_CLIPPED = ["clipped", "their on", "gain", "95% interval", "clipping is"]


@dataclass(frozen=True)
class Comparison:
    """An entry's comparison as it is read, and as numbers; rows in which clipping is better; whose it is.

    ``legend`` says what the figures are. Where no
    row has a baseline, or is clipped, what would be said of it is left out of ``shown`` and the legend.
    """

    shown: pd.DataFrame
    numbers: pd.DataFrame
    bold: list[bool]
    lowest: str
    published_in: list[str]
    metric: Metric
    legend: str


def comparison(
    rows: pd.DataFrame,
    effects: pd.DataFrame,
    residuals: pd.DataFrame | None,
    epsilon: float,
    split: Mapping[tuple[str, float], str],
) -> Comparison:
    """All that a page shows of an entry's rows of the table COMPARISON.

    ``split`` is what :func:`hypercore.present.over_alpha.split_texts` gives of its seeds.
    """
    rows, metric = rows.reset_index(drop=True), Metric.shared(rows["metric"])
    whole = side_by_side(rows, effects, residuals, epsilon, split)
    clipped, based = (rows[f"{arm}_n"].gt(0).any() for arm in (ON_NAME, Role.BASELINE.value))
    left_out = [*(_OF_CLIPPED if not clipped else []), *(["baseline"] if not based else [])]
    parts = [_LEGEND.format(measured=measured(rows))]
    if based or split:
        parts.append(f" {SPLIT.format(margin=f'ε = {epsilon:.4g}')}")
    if clipped:
        parts.append(_GAIN.format(unit=f" in {metric.gap_unit}" if metric.gap_unit else ""))
        parts.append(f"{LEGEND.format(margin=f'ε = {epsilon:.4g}')} With n, no such p could come out.")
    return Comparison(
        whole.drop(columns=left_out, errors="ignore"),
        numbers(rows, effects, residuals),
        whole["clipping is"].eq(BETTER).tolist(),
        "" if rows.empty else str(rows["lowest"].iloc[0]),
        published_in(rows, residuals),
        metric,
        "".join(parts),
    )


def side_by_side(
    rows: pd.DataFrame,
    effects: pd.DataFrame,
    residuals: pd.DataFrame | None,
    epsilon: float,
    split: Mapping[tuple[str, float], str],
) -> pd.DataFrame:
    """An entry's rows of a comparison as texts: what clipping comes to, then each arm, ours beside theirs.

    What it comes to stands first: a phone has no room for more. Theirs are left out where nothing was
    published, and the clipping where all rows share it.
    """
    known, records = badges(rows, effects, epsilon), rows.to_dict("records")
    shown: dict[str, list[str]] = {"α": rows["alpha"].map(reader(rows["alpha"])).tolist()}
    if rows["clipping"].nunique() > 1:
        shown["clipping"] = list(rows["clipping"].astype(str).map(named))
    shown["clipping is"] = known["clipping is"]
    shown["gain"] = [_signed(row["reduction"], Metric.of(row["metric"])) for row in records]
    shown["95% interval"] = known["95% interval"]
    for arm, name in ARM_HEADERS.items():
        shown[name] = [_arm(row, arm, split) for row in records]
        theirs = published_text(rows, residuals, arm)
        if any(theirs):
            shown[f"their {arm}"] = theirs
    return pd.DataFrame(shown, index=rows.index)


def _arm(row: Mapping[Any, Any], arm: str, split: Mapping[tuple[str, float], str]) -> str:
    """One arm's mean ± SD, and how many of its seeds did not diverge of those that it plans.

    Its median where a mean would lie where no seed is.
    """
    if said := split_text(row, arm, split):
        return said
    if not row[f"{arm}_n_done"]:
        return arm_text(row, arm)
    return f"{arm_text(row, arm).partition(' (')[0]} ({row[f'{arm}_n_ok']}/{row[f'{arm}_n']})"


def _signed(value: float, metric: Metric) -> str:
    return "" if pd.isna(value) else metric.signed(value)


def badges(rows: pd.DataFrame, effects: pd.DataFrame, epsilon: float) -> dict[str, list[str]]:
    """For each row of a comparison: the gain's 95% interval, and in a word what clipping does there.

    *equal* where the interval lies within the margin ε of zero; else *better* and *worse* by a sign-flip
    p ≤ 0.05 of the paired differences, unadjusted, where the interval, too, excludes zero; else *can't tell*.
    What is better and still no use is said so (:func:`hypercore.present.words_of_effects.word`).
    """
    key = [*GROUP, "clipping", "alpha"]
    facts = ["n_too_small", "n_pairs", "low", "high", "p"]
    single = effects[effects["test"] == "alpha"].drop_duplicates(key)
    above = (rows["on_mean"] - rows["baseline_mean"]).to_numpy()
    joined = rows[key].assign(above=above).merge(single[[*key, *facts]], on=key, how="left")
    found: dict[str, list[str]] = {"95% interval": [], "clipping is": []}
    metric = Metric.shared(rows["metric"])
    for row in joined.to_dict("records"):
        unknown = pd.isna(row["low"]) or pd.isna(row["high"])
        found["95% interval"].append(
            "" if unknown else f"{metric.signed(row['low'])} to {metric.signed(row['high'])}"
        )
        found["clipping is"].append("" if unknown else word(row, epsilon, row["above"]))
    return found


def numbers(rows: pd.DataFrame, effects: pd.DataFrame, residuals: pd.DataFrame | None) -> pd.DataFrame:
    """What :func:`side_by_side` shows as numbers, for files, whose heads name the units."""
    metric = Metric.of(rows["metric"].iloc[0])
    known = ["mean", "sd", "n", "n_done", "n_ok"]
    ours = rows[["alpha", "clipping", *(f"{arm}_{name}" for arm in ARMS for name in known)]]
    heads = {f"{arm}_mean": f"{arm} {metric.of_split('test')}" for arm in ARMS}
    heads |= {f"{arm}_sd": metric.head(f"{arm} SD") for arm in ARMS}
    ours = ours.rename(columns=heads)
    theirs = {f"{arm} published (%)": published(rows, residuals, arm) for arm in ARMS}
    single = effects[effects["test"] == "alpha"][["alpha", "clipping", "low", "high", "p", "n_pairs"]]
    single = single.rename(columns={side: metric.head(f"gain, {side}") for side in ("low", "high")})
    found = ours.assign(**theirs, **{metric.head("gain"): rows["reduction"]})
    return found.merge(single, on=["alpha", "clipping"], how="left").assign(metric=rows["metric"].iloc[0])


def published(rows: pd.DataFrame, residuals: pd.DataFrame | None, arm: str) -> list[float]:
    """The presentation's error for each row of a comparison; NaN where none was published."""
    if residuals is None or residuals.empty:
        return [math.nan] * len(rows)
    own = residuals[(residuals["arm"] == arm) & (residuals["source"] == "presentation")]
    key = ["dataset", "model", "epochs", "batch_size"]
    # A baseline's row is one of the plain optimizer, whatever stack stands on it.
    key += {Role.BASELINE: ["lowest"], OFF_NAME: ["label", "alpha"]}.get(arm, ["label", "alpha", "clipping"])
    # The first of equals counts.
    known = dict(reversed([*zip(_keys(own, key), own["published_pct"].tolist(), strict=True)]))
    return [known.get(one, math.nan) for one in _keys(rows, key)]


def _keys(frame: pd.DataFrame, names: list[str]) -> Iterator[tuple[Any, ...]]:
    return zip(*(frame[name].tolist() for name in names), strict=True)


def published_text(rows: pd.DataFrame, residuals: pd.DataFrame | None, arm: str) -> list[str]:
    """What :func:`published` gives, as texts; empty where none was published."""
    return ["" if pd.isna(value) else f"{value:.2f}" for value in published(rows, residuals, arm)]


def published_in(rows: pd.DataFrame, residuals: pd.DataFrame | None) -> list[str]:
    """The presentation's tables that the published errors of an entry's rows come from."""
    if residuals is None:
        return []
    key = GROUP
    own = residuals[residuals["source"] == "presentation"].merge(rows[key].drop_duplicates(), on=key)
    return sorted(own["table"].astype(str).unique())


def glyphs(grid: pd.DataFrame, safety: pd.DataFrame, metric: Metric = PERCENT) -> pd.DataFrame:
    """A grid of errors as texts, each with the glyph of what its point is.

    Args:
        grid: what :func:`overview` gives.
        safety: the entry's rows of the table SAFETY.
        metric: what errors are.
    """
    known = safety.drop_duplicates(["clipping", "alpha"]).set_index(["clipping", "alpha"])["safety"]
    return pd.DataFrame(
        [
            [
                "–" if pd.isna(error) else f"{metric.number(error)} {_glyph(known.get((clipping, alpha)))}"
                for alpha, error in row.items()
            ]
            for clipping, row in grid.iterrows()
        ],
        index=grid.index,
        columns=grid.columns,
    )


def _glyph(state: str | None) -> str:
    return "" if state is None else GLYPHS[Safety(state)]


def overview(found: pd.DataFrame) -> pd.DataFrame:
    """An entry's median errors as a grid: a row a clipping, a column an α.

    The clipping of the lowest median on average over the grid comes first; off is one of them.

    Args:
        found: what :func:`hypercore.present.over_alpha.spread` gives of its seeds.
    """
    grid = found.pivot_table(index="clipping", columns="alpha", values="median").sort_index(axis="columns")
    return grid.loc[grid.mean(axis="columns").sort_values(kind="stable").index]
