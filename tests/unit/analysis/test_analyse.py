"""All tables of a study, made and written in one go."""

from pathlib import Path

import pandas as pd
import pytest

from hypercore.analysis.analyse import Settings, analyse, write_analysis
from hypercore.analysis.frames.tables import read_frame, write_frame
from hypercore.results.disk import ResultFileError
from hypercore.spec.columns import ANALYSIS, CELLS, CURVES, TRAJECTORIES, names
from hypercore.study.config.analysis import AnalysisConfig
from tests.unit.analysis.synthetic import judged

NO_CURVES = pd.DataFrame({name: pd.Series(dtype="float64") for name in names(CURVES)})


def cells() -> pd.DataFrame:
    """Facts as training stores them: no judgement in them."""
    frame = judged(
        "SGD / SGD",
        [1.0, 50.0],
        lambda alpha, clipped, seed: 5.0 + 0.1 * seed + 30 * (alpha > 1 and not clipped),
        seeds=12,
    )
    facts = {
        "test_error": frame["imputed_error"],
        "first_batch_loss": 2.3,
        "last_epoch_train_loss": 0.2,
    }
    frame = frame.assign(**facts, n_test=10_000).drop(columns=["diverged", "imputed_error"])
    return frame.reindex(columns=list(names(CELLS)))


def test_every_table_is_written_with_its_declared_columns(tmp_path: Path) -> None:
    write_frame(tmp_path / "cells.parquet", cells(), "cells", CELLS)
    write_frame(tmp_path / "curves.parquet", NO_CURVES, "curves", CURVES)
    none = pd.DataFrame(columns=list(names(TRAJECTORIES)))
    write_frame(tmp_path / "trajectories.parquet", none, "trajectories", TRAJECTORIES)
    made = write_analysis(tmp_path)
    for name, columns in ANALYSIS.items():
        read = read_frame(tmp_path / f"{name}.parquet", name, columns)
        assert tuple(read.columns) == names(columns) and len(read) == len(made[name])
    assert len(made["effects"]) == 3 and len(made["residuals"]) == 6 and len(made["safety"]) == 4


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ResultFileError, match="cells.parquet: there is no such file"):
        write_analysis(tmp_path)


def test_the_configs_section_reaches_the_judgement() -> None:
    config = AnalysisConfig(epsilon=50.0, tolerated_failures=0.1)
    settings = Settings.of(**config.model_dump())
    assert (settings.criteria.epsilon, settings.criteria.tolerated_failures) == (50.0, 0.1)
    strict, lenient = analyse(cells(), NO_CURVES), analyse(cells(), NO_CURVES, settings)
    off = [frame["regions"].query("clipping == 'off'").iloc[0] for frame in (strict, lenient)]
    assert (off[0]["alpha_high"], off[1]["alpha_high"]) == (1.0, 50.0)


def test_the_configs_defaults_are_the_criterias() -> None:
    assert Settings.of(**AnalysisConfig().model_dump()) == Settings()
