"""A round of refinement trains what its table lists, once, and its name holds what came before it."""

import json
import time
from pathlib import Path

import pytest

from hypercore.analysis.frames.tables import read_frame
from hypercore.analysis.refine import Rule, write_round
from hypercore.analysis.stats.regions import Criteria
from hypercore.jobs.retrain import mark
from hypercore.jobs.round import run_round
from hypercore.jobs.sweep import run_sweep
from hypercore.results.sweeps import read_sweep
from hypercore.spec.columns import REFINEMENT
from hypercore.study import Plan, StudyError, load
from hypercore.workflow.plan_table import write_plan

CONFIG = (
    "{{name: try, datasets: [digits], epochs: 1, seeds: 2, lanes: 2, "
    "stacks: [{{stack: Adam / SGD, alphas: [1e-5, 1e9]}}], "
    "refine: {refine}}}"
)


def plan(folder: Path, refine: str) -> Plan:
    path = folder / "study.yaml"
    path.write_text(CONFIG.format(refine=refine), encoding="utf-8")
    return load(path)


def test_one_more_round_leaves_the_others_as_they_are(tmp_path: Path) -> None:
    none, two, three = (plan(tmp_path, f"{{rounds: {n}}}") for n in (0, 2, 3))
    assert none.rounds == {} and list(three.rounds) == ["round-1", "round-2", "round-3"]
    assert [three.rounds[name] for name in two.rounds] == list(two.rounds.values())
    assert len({none.digest, two.digest, three.digest}) == 3
    finer = plan(tmp_path, "{rounds: 2, edge_decades: 0.1}")
    assert not set(finer.rounds.values()) & set(two.rounds.values())


@pytest.mark.parametrize(
    "refine",
    [
        "{rounds: -1}",
        "{resolution_decades: 0}",
        "{edge_decades: 0}",
        "{edge_decades: wide}",
        "{budget: 0}",
        "{bisect: 3}",
    ],
)
def test_a_refinement_that_cannot_be_meant_is_one_line(tmp_path: Path, refine: str) -> None:
    with pytest.raises(StudyError, match="refine"):
        plan(tmp_path, refine)


def test_a_round_is_trained_once_and_then_read_from_the_store(tmp_path: Path) -> None:
    study = plan(tmp_path, "{rounds: 1, max_seeds: 4}")
    results = tmp_path / "results"
    table, out = results / "try" / "plan.parquet", results / "try" / "1.parquet"
    write_plan(study, table, results / "mark" / "x")
    for sweep in study.sweeps:
        run_sweep(study.path, sweep.name, sweep.digest, results / sweep.path, results)
    trained = [results / sweep.path for sweep in study.sweeps]
    rule = Rule(**study.study.refine.model_dump(exclude={"rounds"}))
    listed = results / "try" / "1.plan.parquet"
    write_round(table, trained, [], listed, 1, rule, Criteria())
    wanted = read_frame(listed, "refinement", REFINEMENT)
    assert len(wanted) > 0 and wanted["reason"].str.len().min() > 10
    assert run_round(study.path, "round-1", "d", listed, out, results) == wanted["cell_id"].nunique()
    status = json.loads((results / "status/try-round-1.json").read_text())
    assert (status["state"], status["cells"]) == ("done", wanted["cell_id"].nunique())
    assert {record.cell["cell_id"] for record in read_sweep(out)} == set(wanted["cell_id"])
    first = out.read_bytes()
    assert run_round(study.path, "round-1", "d", listed, out, results) == 0
    assert out.read_bytes() == first
    time.sleep(0.02)
    mark(results, "try-round-1", "d")
    assert run_round(study.path, "round-1", "d", listed, out, results) == wanted["cell_id"].nunique()
    assert run_round(study.path, "round-1", "d", listed, out, results) == 0
