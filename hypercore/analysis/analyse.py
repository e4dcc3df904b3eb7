"""Everything that is made of a study's cells besides the comparison, in one go."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from hypercore.analysis.claims.catalogue import judge_claims
from hypercore.analysis.claims.evidence import Evidence, last_values
from hypercore.analysis.frames.judgement import judge
from hypercore.analysis.frames.tables import read_frame, write_frame
from hypercore.analysis.measures.edges import edges, gains
from hypercore.analysis.measures.effects import effects
from hypercore.analysis.measures.ranges import regions, safety, sensitivities
from hypercore.analysis.measures.residuals import residuals
from hypercore.analysis.measures.targets import profiles, targets
from hypercore.analysis.measures.tuning import tuning
from hypercore.analysis.published.read import Published
from hypercore.analysis.stats.regions import Criteria
from hypercore.spec import columns as spec


@dataclass(frozen=True)
class Settings:
    """What a study's config says of its analysis."""

    criteria: Criteria = field(default_factory=Criteria)
    stands_for: Mapping[str, str] = field(default_factory=dict)
    target_errors: Mapping[str, Sequence[float]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        stands_for: Mapping[str, str],
        target_errors: Mapping[str, Sequence[float]],
        epsilon: float | Mapping[str, float] | None = None,
        **criteria: float,
    ) -> "Settings":
        """Those of a config's section ``analysis``, by its keys."""
        by_data = epsilon if isinstance(epsilon, Mapping) else {}
        margin = None if isinstance(epsilon, Mapping) else epsilon
        found = Criteria(margin, **criteria, epsilons=tuple(sorted(by_data.items())))
        return cls(found, stands_for, target_errors)


def analyse(
    cells: pd.DataFrame,
    curves: pd.DataFrame,
    settings: Settings | None = None,
    trajectories: pd.DataFrame | None = None,
) -> dict[str, pd.DataFrame]:
    """Judge the cells of one study and make every table of :data:`~hypercore.spec.columns.ANALYSIS`."""
    chosen = settings or Settings()
    judged, known = judge(cells), Published()
    study = "" if cells.empty else str(cells["study"].iloc[0])
    learned = {} if trajectories is None else {"learned": last_values(trajectories)}
    evidence = Evidence(judged, curves, known, chosen.criteria, chosen.stands_for, **learned)
    to_target = targets(judged, curves, chosen.target_errors, chosen.criteria)
    return {
        "effects": effects(judged, known, chosen.stands_for),
        "safety": safety(judged, chosen.criteria),
        "regions": regions(judged, chosen.criteria),
        "edges": edges(judged, chosen.criteria),
        "gains": gains(judged, chosen.criteria),
        "sensitivity": sensitivities(judged),
        "tuning": tuning(judged),
        "targets": to_target,
        "profiles": profiles(to_target),
        "residuals": residuals(judged, known, chosen.stands_for),
        "claims": judge_claims(evidence, study),
    }


def write_analysis(folder: Path, settings: Settings | None = None) -> dict[str, pd.DataFrame]:
    """Read a study's cells, curves and trajectories, write its tables beside them, and return them.

    Raises:
        ResultFileError: a file is missing or damaged.
    """
    cells = read_frame(folder / "cells.parquet", "cells", spec.CELLS)
    curves = read_frame(folder / "curves.parquet", "curves", spec.CURVES)
    trajectories = read_frame(folder / "trajectories.parquet", "trajectories", spec.TRAJECTORIES)
    made = analyse(cells, curves, settings, trajectories)
    facts = {} if cells.empty else {"study": str(cells["study"].iloc[0])}
    for name, frame in made.items():
        write_frame(folder / f"{name}.parquet", frame, name, spec.ANALYSIS[name], facts)
    return made
