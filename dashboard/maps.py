"""The map of α as pages show it: under which criteria, and the runs of a clicked point beside it."""

from typing import NamedTuple

from dashboard import answers, cache, charts, details, heads, widgets
from hypercore.analysis.frames.judgement import DivergenceRule
from hypercore.analysis.stats.regions import Criteria
from hypercore.spec.metric import Metric


class Chosen(NamedTuple):
    """What a map is drawn of, and by which criteria."""

    study: str
    rule: DivergenceRule
    criteria: Criteria
    titles: tuple[str, ...]


def filed(study: str, titles: list[str]) -> Chosen:
    """Some stacks by the study's own criteria."""
    return Chosen(study, DivergenceRule(), cache.criteria(study), tuple(titles))


def draw(chosen: Chosen, *, whole: bool) -> None:
    """Draw the map of the leading rows, or of all."""
    points, _, _ = answers.safety_of(*chosen)
    cells = cache.table(chosen.study, "cells")
    widgets.chart(
        charts.safety(*chosen, whole),
        "map",
        "A map with a row for each stack and clipping, and α from left to right. A colour and a glyph say "
        "whether the α is safe, undetermined, unsafe, diverged or missing.",
        points,
        lambda rows: details.point(chosen.study, cells, rows),
        heads.errors(Metric.shared(cells["metric"].unique())),
    )
