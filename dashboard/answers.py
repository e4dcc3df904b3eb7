"""What pages show of a study, kept in memory: worked out from its tables by pure functions."""

import numpy as np
import pandas as pd

from dashboard import compared, costs, coverage, data, queries, ranges, runs, stability, starts, verdicts
from dashboard.cache import (
    criteria,
    derived,
    entry,
    judged,
    margin_of,
    metric,
    optional,
    planned,
    points,
    table,
)
from dashboard.kept import kept
from hypercore.analysis.frames.entries import entries
from hypercore.analysis.frames.judgement import IMPUTED, DivergenceRule
from hypercore.analysis.measures.effects import effects
from hypercore.analysis.stats.regions import Criteria
from hypercore.present import gains, speed, unbased
from hypercore.present.advice import Advice, advise
from hypercore.present.grounds import Grounds
from hypercore.present.lowest import Lowest
from hypercore.present.lowest import lowest as lowest_error
from hypercore.present.over_alpha import Baseline, split_texts, spread
from hypercore.spec.columns import Role


@kept("cells", "trajectories", entries=64)
def ends(study: str, title: str) -> pd.DataFrame:
    """Where the runs of one entry end: :func:`dashboard.runs.final_against_initial`."""
    cells = entry(study, title)
    return runs.final_against_initial(points(study, "trajectories", cells["cell_id"]), cells)


@kept("cells", "regions")
def margin(study: str) -> float:
    """The margin ε of a study, the largest where its data sets have several."""
    found = (one.criteria(criteria(study)).margin for one in entries(judged(study)))
    return max(found, default=criteria(study).margin)


@kept("cells")
def comparable(study: str) -> list[str]:
    """The titles of the stacks that can be compared."""
    stacks = data.options(queries.stacks(judged(study)))
    return [title for title in data.options(derived(study, "comparison")) if title in stacks]


@kept("cells", "comparison", entries=64)
def comparison_of(study: str, title: str) -> pd.DataFrame:
    """The rows of one entry in the table COMPARISON."""
    return data.of_entry(derived(study, "comparison"), title)


@kept("cells", "comparison", "effects", "residuals", "regions", entries=64)
def compared_of(study: str, title: str, clippings: list[str]) -> compared.Comparison:
    """The comparison of one entry with some clippings, as it is read."""
    rows = comparison_of(study, title)
    rows = rows[rows["clipping"].isin(clippings) | rows["clipping"].isna()]
    effects, margin = effects_of(study, title), margin_of(study, title)
    measured = metric(study, title)
    split = split_texts(spread_of(study, title), measured)
    split |= plain_of(study, title).split_texts(margin, measured)
    return compared.comparison(rows, effects, optional(study, "residuals"), margin, split)


@kept("cells", entries=64)
def seeds_of(study: str, title: str) -> pd.DataFrame:
    """Every seed of a stack that has a result: :func:`dashboard.queries.seed_points`."""
    return queries.seed_points(data.of_entry(queries.stacks(judged(study)), title))


@kept("cells", entries=64)
def plain_of(study: str, title: str) -> Baseline:
    """The plain optimizer that a stack is compared with."""
    return queries.baseline(judged(study), entry(study, title))


@kept("cells", "regions", entries=64)
def spread_of(study: str, title: str) -> pd.DataFrame:
    """Median and range of a stack's seeds: :func:`hypercore.present.over_alpha.spread`."""
    margin = margin_of(study, title)
    return spread(seeds_of(study, title), plain_of(study, title).median + margin, margin)


@kept("effects", "cells", entries=64)
def effects_of(study: str, title: str) -> pd.DataFrame:
    """Clipping's effects on one entry: from the file, else worked out for that entry alone."""
    found = optional(study, "effects")
    if found is not None:
        return data.of_entry(found, title)
    cells = judged(study)
    return effects(data.of_entry(cells[cells["role"] == Role.STACK.value], title))


@kept("cells", "regions", entries=32)
def safety_of(
    study: str, rule: DivergenceRule, chosen: Criteria, titles: tuple[str, ...]
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """The map of α of some stacks under some criteria, their safe ranges, and what clipping adds to those."""
    found = grids(study, rule, titles)
    regions = stability.region_table(found, chosen)
    return stability.safety_map(found, chosen), regions, stability.gains(regions)


@kept("cells", "regions", entries=32)
def flips_of(study: str, rule: DivergenceRule, chosen: Criteria, titles: tuple[str, ...]) -> pd.DataFrame:
    """The points that are judged otherwise than by the study's own criteria."""
    before, _, _ = safety_of(study, DivergenceRule(), criteria(study), titles)
    return stability.flips(before, safety_of(study, rule, chosen, titles)[0])


@kept("cells", "sensitivity", "regions", entries=32)
def costs_of(study: str, rule: DivergenceRule, chosen: Criteria, titles: tuple[str, ...]) -> pd.DataFrame:
    """What a badly chosen α costs some stacks: :func:`dashboard.ranges.costs`."""
    known = sensitivity(study)
    _, regions, _ = safety_of(study, rule, chosen, titles)
    return ranges.costs(judged(study, rule), known[known["title"].isin(titles)], regions)


@kept("cells", "sensitivity")
def sensitivity(study: str) -> pd.DataFrame:
    """The table SENSITIVITY with the title and the height of each entry."""
    found = derived(study, "sensitivity")
    return stability.with_height(found.assign(title=data.titles(found)))


@kept("cells", "regions")
def filed_ranges(study: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Safe ranges and what clipping adds, as filed: :func:`dashboard.stability.filed_ranges`."""
    return stability.filed_ranges(derived(study, "regions"))


@kept("cells", "regions", entries=64)
def edge_of(study: str, title: str) -> float | None:
    """The largest α of an entry that is safe under any clipping; ``None`` where none is."""
    filed, _ = filed_ranges(study)
    found = filed.loc[filed["title"] == title, "alpha_high"].max()
    return None if pd.isna(found) else float(found)


@kept("cells", "regions", "safety")
def single_points(study: str) -> pd.DataFrame:
    """What is known of entries of one α: :func:`dashboard.verdicts.single_points`."""
    return verdicts.single_points(derived(study, "regions"), derived(study, "safety"))


@kept("cells")
def grids(study: str, rule: DivergenceRule, titles: tuple[str, ...]) -> list[stability.Grid]:
    """The grids of α of some stacks, for the stability page."""
    return stability.grids(judged(study, rule), tuple(titles))


@kept("cells", entries=64)
def profiles(study: str, title: str) -> pd.DataFrame:
    """Performance profiles of one entry."""
    highest = 100.0 if metric(study, title).is_percent else 1.05 * float(entry(study, title)[IMPUTED].max())
    return stability.profiles(judged(study), title, np.linspace(0, highest, 101))


@kept("cells", entries=64)
def runs_of(study: str, title: str, cells: list[str]) -> pd.DataFrame:
    """The rows of some cells of an entry, as they are drawn."""
    own = entry(study, title)
    return own[own["cell_id"].isin(cells)].sort_values(["clipping", "seed"])


@kept("cells", "curves", entries=64)
def curves(study: str, title: str, cells: list[str]) -> pd.DataFrame:
    """The curves of some cells of an entry: :func:`dashboard.runs.curves_of`."""
    return runs.curves_of(points(study, "curves", cells), runs_of(study, title, cells))


@kept("cells", "gradients", entries=64)
def gradients(study: str, title: str, cells: list[str]) -> pd.DataFrame:
    """The gradients of some cells of an entry: :func:`dashboard.runs.gradients_of`."""
    return runs.gradients_of(points(study, "gradients", cells), runs_of(study, title, cells))


@kept("cells", "trajectories", entries=64)
def trajectories(study: str, title: str, cells: list[str]) -> pd.DataFrame:
    """What some cells of an entry learned: :func:`dashboard.runs.trajectories_of`."""
    return runs.trajectories_of(points(study, "trajectories", cells), runs_of(study, title, cells))


@kept("cells", "regions", "safety", "gains")
def _grounds(study: str) -> Grounds:
    return Grounds.of(derived(study, "safety"), judged(study), optional(study, "gains"))


@kept("cells", "regions", "safety", "gains")
def advice(study: str) -> list[Advice]:
    """What to take on each data set of a study."""
    return advise(_grounds(study))


@kept("cells", "regions", "safety", "gains")
def lowest(study: str) -> list[Lowest]:
    """What has the lowest error where nothing is advised: :func:`hypercore.present.lowest.lowest`."""
    advised = {one.problem for one in advice(study)}
    return lowest_error(_grounds(study), advised)


@kept("cells")
def without_baseline(study: str) -> list[unbased.Unbased]:
    """The lowest error on each problem without a baseline: :func:`hypercore.present.unbased.lowest`."""
    return unbased.lowest(judged(study))


@kept("cells", entries=32)
def starts_of(study: str, problem: str) -> pd.DataFrame:
    """The errors of a problem's stacks that have no baseline: :func:`dashboard.starts.points`."""
    found = unbased.rows(judged(study))
    return starts.points(found[found["problem"] == problem])


@kept("gains")
def clipping(study: str) -> str:
    """With how many stacks clipping helps: :func:`hypercore.present.gains.tally`."""
    found = optional(study, "gains")
    return "" if found is None else gains.tally(gains.upper_gains(found))


def advised(study: str) -> frozenset[tuple[str, str]]:
    """The titles and clippings that the advice names."""
    found = (one for each in advice(study) for one in (each.use, each.lowest, each.widest))
    return frozenset((one.title, one.clipping) for one in found)


@kept("cells", "regions", "effects", "gains")
def sentences(study: str) -> list[verdicts.Verdict]:
    """A verdict in words for each stack of a study: :func:`dashboard.verdicts.verdicts`."""
    moved = optional(study, "gains")
    return verdicts.verdicts(derived(study, "regions"), derived(study, "effects"), moved)


@kept("cells", "safety", "regions")
def seeds_needed(study: str) -> pd.DataFrame:
    """How many seeds would settle each undetermined point: :func:`dashboard.coverage.seeds_needed`."""
    return coverage.seeds_needed(derived(study, "safety"), criteria(study))


@kept("plan", "cells")
def coverage_of(study: str) -> pd.DataFrame:
    """How much of the plan is done, by the tables alone: :func:`dashboard.coverage.coverage`."""
    return coverage.coverage(planned(study))


@kept("cells")
def speeds(study: str) -> pd.DataFrame:
    """How fast the study's batches trained: :func:`dashboard.costs.speeds`."""
    return costs.speeds(table(study, "cells"))


@kept("targets")
def reached(study: str) -> pd.DataFrame:
    """How soon a target error is reached: :func:`hypercore.present.speed.reached`."""
    return speed.reached(table(study, "targets"))


@kept("tuning")
def tuned(study: str) -> pd.DataFrame:
    """What tuning comes to: :func:`hypercore.present.speed.tuning`."""
    return speed.tuning(table(study, "tuning"))
