"""How a study's results are judged: part of its config, and of no cell's identity."""

from typing import Annotated

from pydantic import Field

from hypercore.spec.problems import DATASETS
from hypercore.study.config.fields import Axis, Real, Strict

Targets = Annotated[tuple[Annotated[Real, Field(gt=0)], ...], *Axis]
Margin = Annotated[Real, Field(ge=0)]


class AnalysisConfig(Strict):
    """When an α is safe, which errors are targets, which published data set one of ours stands for."""

    epsilon: Margin | dict[str, Margin] | None = Field(
        default=None,
        description="by how much above the baseline's median a run fails, in the metric's unit (of per cent "
        "in points), 0 or more, or a mapping of data sets to it; default: 1 point, else 1% of chance",
    )
    tolerated_failures: Real = Field(
        default=0.05, ge=0, lt=1, description="share of runs that may fail at a safe α, from 0 to below 1"
    )
    confidence: Real = Field(
        default=0.95,
        gt=0.5,
        lt=1,
        description="of the failure rate's bounds and of all edges, above 0.5 and below 1",
    )
    stands_for: dict[str, Annotated[str, Field(pattern=f"^({'|'.join(DATASETS)})$")]] = Field(
        default_factory=dict,
        description=f"a data set of this study: the published one that it is for, of {', '.join(DATASETS)}",
    )
    target_errors: dict[str, Targets] = Field(
        default_factory=dict,
        description="a data set of this study: errors to time runs to, a number or a list, above 0",
    )
