"""What was planned joined with what was trained: the tables of a study that everything else reads."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa

from hypercore.analysis.frames.tables import read_frame, to_frame, write_frame
from hypercore.results import records
from hypercore.results.schemas import RECORDS
from hypercore.results.sweeps import read_sweep_table
from hypercore.spec.columns import (
    CELLS,
    CURVES,
    FACTS,
    GRADIENTS,
    PLAN,
    PROVENANCE,
    REFINEMENT,
    TRAJECTORIES,
    Status,
    names,
)


@dataclass(frozen=True)
class Tables:
    """The CELLS, CURVES, TRAJECTORIES and GRADIENTS tables of one study."""

    cells: pd.DataFrame
    curves: pd.DataFrame
    trajectories: pd.DataFrame
    gradients: pd.DataFrame

    def write(self, folder: Path, provenance: Mapping[str, str] | None = None) -> None:
        """Write the four tables as parquet into the study's folder."""
        study = {} if self.cells.empty else {"study": str(self.cells["study"].iloc[0])}
        facts = {**study, **(provenance or {})}
        write_frame(folder / "cells.parquet", self.cells, "cells", CELLS, facts)
        write_frame(folder / "curves.parquet", self.curves, "curves", CURVES, facts)
        write_frame(folder / "trajectories.parquet", self.trajectories, "trajectories", TRAJECTORIES, facts)
        write_frame(folder / "gradients.parquet", self.gradients, "gradients", GRADIENTS, facts)


def gather(
    plan: Path, sweeps: Iterable[Path], rounds: Iterable[Path] = (), others: Iterable[pa.Table] = ()
) -> Tables:
    """Read a study's plan, what ``rounds`` of refinement added to it, and its sweep files, and join them.

    ``others`` are records that are in none of these files.

    Raises:
        ResultFileError: a file is missing or damaged; the message says what to do.
    """
    added = [read_frame(path, "refinement", REFINEMENT)[list(names(PLAN))] for path in rounds]
    planned = read_frame(plan, "plan", PLAN)
    whole = pd.concat([planned, *(frame for frame in added if len(frame))], ignore_index=True)
    return join(whole, [*map(read_sweep_table, sweeps), *others])


def join(plan: pd.DataFrame, sweeps: Iterable[pa.Table]) -> Tables:
    """Every planned row with what came of its cell; ``missing`` where nothing did.

    Cells that no row plans are left out of all four tables; a cell that two rows plan is in the
    first table twice and in the others once. The first of equal cells counts.
    """
    trained = pa.concat_tables([RECORDS.empty_table(), *(t.replace_schema_metadata(None) for t in sweeps)])
    ids = pd.Series(trained["cell_id"].to_pylist(), dtype=str)
    wanted = ids.isin(plan["cell_id"]) & ~ids.duplicated()
    trained = trained.filter(pa.array(wanted.to_numpy(dtype=bool)))
    return Tables(
        with_outcome(plan, records.cells(trained)),
        to_frame(records.curves(trained)),
        to_frame(records.trajectories(trained)),
        to_frame(records.gradients(trained)),
    )


def with_outcome(plan: pd.DataFrame, trained: pa.Table) -> pd.DataFrame:
    """The CELLS table: every planned row with what came of its cell, by one row of CELL each."""
    outcome = to_frame(trained)[["cell_id", *names(FACTS), *names(PROVENANCE)]]
    cells = plan.merge(outcome, on="cell_id", how="left", validate="many_to_one")
    cells["status"] = cells["status"].fillna(Status.MISSING.value)
    return cells[list(names(CELLS))]
