"""Previews, marks, claims, progress and estimates: what surrounds the training of a sweep."""

import json
import os
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from hypercore.jobs.progress import Tracker
from hypercore.jobs.retrain import mark, not_before_ns, unmark
from hypercore.jobs.stored import Stored
from hypercore.machine.execution import execution
from hypercore.results.rates import Engine, Kind, Rate, read_rates, seconds, total, write_rate, write_rates
from hypercore.results.store import Store
from hypercore.results.sweep_status import SweepStatus
from hypercore.spec.cell import Code
from hypercore.spec.columns import CELL, Status, names
from hypercore.spec.record import Record
from hypercore.study import Plan
from hypercore.train.outcomes import Progress
from hypercore.workflow.damaged import damaged
from hypercore.workflow.estimate import makespan
from hypercore.workflow.jobs import Jobs
from hypercore.workflow.preview import Reason, preview
from tests.unit import studies
from tests.unit.study.configs import MINIMAL, plan_of


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    return plan_of(tmp_path, MINIMAL + "baselines: false\ndevice: cpu\n")


def touch_record(results: Path, plan: Plan, index: int, key: str | None = None) -> Path:
    cell = plan.sweeps[0].cells[index]
    path = Store(results / "store").path(cell.id, key or str(execution("cpu").key(cell)))
    path.parent.mkdir(parents=True)
    path.write_bytes(b"PAR1" * 2)  # whole, by a look at its ends
    return path


def test_a_preview_tells_cached_new_changed_and_forced_cells_apart(tmp_path: Path, plan: Plan) -> None:
    sweep = plan.sweeps[0]
    path = touch_record(tmp_path, plan, 0)
    touch_record(tmp_path, plan, 1, "another execution")
    found = preview(sweep, Stored(tmp_path, plan.study))
    assert [reason for _, reason in found.reasons] == [Reason.CACHED, Reason.CHANGED, *[Reason.NEW] * 6]
    assert found.to_train == sweep.cells[1:]
    assert str(found) == "digits-mlp-sgd_sgd-e30-b32: 8 cells (1 cached, 6 new, 1 changed)"
    assert [line.split()[1] for line in found.details().splitlines()[1:]] == [c.id for c in sweep.cells[1:]]
    time.sleep(0.02)
    mark(tmp_path, sweep.name, sweep.digest)
    assert preview(sweep, Stored(tmp_path, plan.study)).reasons[0][1] is Reason.FORCED
    unmark(tmp_path, sweep.name, sweep.digest)
    assert not_before_ns(tmp_path, sweep.name, sweep.digest) == 0
    assert preview(sweep, Stored(tmp_path, plan.study)).reasons[0][1] is Reason.CACHED
    assert preview(sweep, Stored(tmp_path, plan.study), forced=True).reasons[0][1] is Reason.FORCED
    path.write_bytes(b"PAR1")
    assert preview(sweep, Stored(tmp_path, plan.study)).reasons[0][1] is Reason.DAMAGED


def test_under_reuse_any_a_cell_of_another_execution_is_cached(tmp_path: Path, plan: Plan) -> None:
    touch_record(tmp_path, plan, 0, "another execution")
    relaxed = plan.study.model_copy(update={"reuse": "any"})
    assert preview(plan.sweeps[0], Stored(tmp_path, relaxed)).reasons[0][1] is Reason.CACHED


# Claims a file (1), says so by another (2), and holds it while the process lives or for some seconds (3).
CLAIM = """\
import sys, time
from dataclasses import replace
from pathlib import Path
from hypercore.machine.lock import claimed

with claimed([Path(sys.argv[1])], "waiting"):
    Path(sys.argv[2]).touch()
    time.sleep(float(sys.argv[3]))
"""


def test_a_claim_waits_for_its_holder_and_goes_with_it(tmp_path: Path) -> None:
    def claims(says: str, seconds: int) -> subprocess.Popen[bytes]:
        arguments = [str(tmp_path / "claim"), str(tmp_path / says), str(seconds)]
        return subprocess.Popen([sys.executable, "-c", CLAIM, *arguments])

    holder = claims("held", 60)
    while not (tmp_path / "held").exists():
        assert holder.poll() is None
        time.sleep(0.02)
    waiter = claims("got", 0)
    time.sleep(1.5)
    assert not (tmp_path / "got").exists()
    holder.kill()
    holder.wait()
    assert waiter.wait(60) == 0
    assert (tmp_path / "got").exists()


def record(status: Status) -> Record:
    facts = {"first_batch_loss": 2.3, "last_epoch_train_loss": 0.4, "test_error": 5.0}
    size = {"n_classes": 10, "n_test": 360}
    return Record(dict.fromkeys(names(CELL)) | facts | size | {"status": status.value}, (), (), ())


def test_the_status_file_follows_a_sweep_to_its_end(tmp_path: Path) -> None:
    said: list[str] = []
    status = SweepStatus("sweep", "digest", "study", cells=6, cached=2, done=2)
    tracker = Tracker(tmp_path / "sweep.json", status, said.append)
    tracker.epoch(Progress(epoch=1, epochs=2, steps=10, lanes=2, nonfinite=0))
    first = json.loads((tmp_path / "sweep.json").read_text())
    assert (first["state"], first["pid"], first["done"], first["epoch"]) == ("running", os.getpid(), 2, 1)
    assert first["eta_sec"] is None  # nothing is measured but a start
    tracker.epoch(Progress(2, 2, 20, 2, 1))
    for outcome in (Status.FINISHED, Status.NONFINITE, Status.FAILED, Status.FINISHED):
        tracker.cell(record(outcome))
    tracker.end()
    last = json.loads((tmp_path / "sweep.json").read_text())
    assert (last["state"], last["done"], last["failed"], last["nonfinite"]) == ("failed", 6, 1, 1)
    assert last["diverged"] == 1
    assert said[-1].startswith("sweep: 6/6 cells")
    assert said[-1].endswith("1 diverged, 1 failed")
    assert tracker.status.lane_steps_per_sec is not None


CPU = Engine("cpu")


def measured(lanes: int, sec_per_epoch: float, cell_epochs: int = 30, shape: str = "SGD / SGD") -> Rate:
    return Rate(Kind("digits", "mlp", shape, 32, CPU), lanes, sec_per_epoch, cell_epochs, 4.0)


def _with(rate: Rate) -> list[str]:
    """What a rate's file may hold that is no rate."""
    wrong = {"lanes": 0, "sec_per_epoch": "fast", "cell_epochs": None, "startup_sec": {}}
    return [json.dumps(asdict(rate) | {name: value}) for name, value in wrong.items()]


def test_estimates_come_from_measured_rates_and_are_silent_without(tmp_path: Path, plan: Plan) -> None:
    [sweep] = plan.sweeps
    kinds = [(cell, 1) for cell in sweep.cells]
    assert total(kinds, read_rates(tmp_path), CPU) is None
    assert makespan([preview(sweep, Stored(tmp_path, plan.study))], [], CPU, 2) is None
    write_rate(tmp_path, measured(8, 0.5))
    (tmp_path / "status/rates/torn.json").write_text("{")
    (tmp_path / "status/rates/old.json").write_text('{"dataset": "digits", "sec_per_cell_epoch": 40.0}')
    for wrong in ("[]", '"x"', '{"kind": 1}', *_with(measured(8, 0.5))):
        (tmp_path / "status/rates" / f"{abs(hash(wrong))}.json").write_text(wrong)
    [rate] = read_rates(tmp_path)
    assert rate == measured(8, 0.5)
    assert total(kinds, [rate], CPU) == pytest.approx(30 * 0.5)
    assert [total(kinds, [rate], one) for one in (Engine("cuda"), Engine("cpu", compiled=True))] == [
        None,
        None,
    ]
    assert makespan([preview(sweep, Stored(tmp_path, plan.study))], [rate], CPU, 2) == pytest.approx(19.0)


def test_a_rate_is_of_its_number_of_threads_and_one_of_before_of_one(tmp_path: Path) -> None:
    one, two = measured(1, 2.0), Engine("cpu", threads=2)
    write_rate(tmp_path, one)
    [path] = (tmp_path / "status/rates").iterdir()
    assert "threads" not in path.read_text(), "as files of before"
    write_rate(tmp_path, replace(one, kind=replace(one.kind, engine=two), sec_per_epoch=9.0))
    rates = read_rates(tmp_path)
    told = [seconds(replace(one.kind, engine=e), 3, 1, rates) for e in (CPU, two, Engine("cpu", threads=4))]
    # With several threads each cell trains alone.
    assert told[0] is not None and told[0] < 3 * 2.0 and told[1:] == [27.0, None]


def test_a_study_of_few_lanes_takes_longer() -> None:
    kind, rates = measured(1, 0.7).kind, [measured(1, 0.7), measured(16, 1.4)]
    few = replace(kind, engine=Engine("cpu", lanes=2))
    assert seconds(kind, 32, 1, rates) == pytest.approx(2 * 1.4)
    assert float(seconds(few, 32, 1, rates) or 0) > 16 * 0.7


# Seconds of an epoch of the digits as measured on one core: of one lane, and of sixteen.
_DIGITS = {
    "SGD": (0.38, 0.73),
    "SGD / SGD": (0.74, 1.43),
    "Adam / SGD": (0.89, 2.33),
    "RMSProp / SGD": (0.97, 1.91),
}


@pytest.mark.parametrize("shape", _DIGITS)
@pytest.mark.parametrize("known", _DIGITS)
def test_a_small_run_tells_a_large_one_within_a_factor_of_two(shape: str, known: str) -> None:
    """A smoke study, or an added seed, trains one lane of another stack."""
    rate = measured(1, _DIGITS[known][0], 1, known)
    told = seconds(Kind("digits", "mlp", shape, 32, CPU), 160, 30, [rate])
    assert told is not None and 0.5 < told / (30 * 10 * _DIGITS[shape][1]) < 2.0


@pytest.mark.parametrize("evaluations", [1, 3])
def test_a_rate_is_of_epochs_however_often_cells_are_evaluated(
    tmp_path: Path, plan: Plan, evaluations: int
) -> None:
    cell = plan.sweeps[0].cells[0]
    one = studies.record(cell)
    points = tuple({**one.curves[0], "epoch": epoch} for epoch in (1, 2) for _ in range(evaluations))
    costs = {"train_sec": 5.0, "eval_sec": 1.0, "startup_sec": 0.0, "lanes": 1}
    write_rates(tmp_path, CPU, [(cell, replace(one, cell={**one.cell, **costs}, curves=points))])
    [rate] = read_rates(tmp_path)
    assert (rate.kind, rate.cell_epochs, rate.sec_per_epoch) == (Kind.of(cell, CPU), 2, 3.0)


def test_thin_evidence_replaces_no_better_one_and_no_other_width(tmp_path: Path) -> None:
    write_rate(tmp_path, measured(16, 1.0, cell_epochs=480))
    write_rate(tmp_path, measured(16, 9.0, cell_epochs=16))  # resumed: the last epoch alone
    write_rate(tmp_path, measured(1, 3.0, cell_epochs=30))  # an added seed
    assert {rate.lanes: rate.sec_per_epoch for rate in read_rates(tmp_path)} == {16: 1.0, 1: 3.0}
    write_rate(tmp_path, measured(16, 2.0, cell_epochs=480))
    assert {rate.lanes: rate.sec_per_epoch for rate in read_rates(tmp_path)} == {16: 2.0, 1: 3.0}


def test_time_left_holds_no_start_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    for expected, first in ((None, None), (80.0, 40.0)):
        tracker = Tracker(
            tmp_path / "s.json", SweepStatus("s", "d", "study", cells=1, cached=0, done=0), print
        )
        tracker.expect(expected)
        assert tracker.status.eta_sec == expected
        now[0] += 100.0  # imports, data, the first epoch
        tracker.epoch(Progress(epoch=1, epochs=2, steps=10, lanes=1, nonfinite=0))
        assert tracker.status.eta_sec == first
    tracker = Tracker(tmp_path / "s.json", SweepStatus("s", "d", "study", cells=1, cached=0, done=0), print)
    for epoch in (1, 2):
        now[0] += 100.0 if epoch == 1 else 1.0
        tracker.epoch(Progress(epoch, 5, 10, 1, 0))
    assert tracker.status.eta_sec == 3.0


@pytest.mark.parametrize(("cores", "elsewhere", "said"), [(4, None, False), (3, None, True), (1, 2, False)])
def test_fewer_cores_than_a_jobs_threads_are_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cores: int, elsewhere: int | None, said: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    jobs = Jobs(plan_of(tmp_path, MINIMAL + "device: cpu\nthreads: 4\n"), cores, elsewhere)
    assert jobs.forecast().count("A job has 4 threads, as the study says, though --cores is 3.") == said
    assert jobs.at_once == (elsewhere or 1)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("", None),
        ("model: mlp\nmodels: {deep: {build: mlp}, wide: {build: mlp}}", "models.deep, models.wide"),
        ("models: {deep: {build: mlp}}", None),
        ("image_folders: {pets: data}", "image_folders.pets"),
    ],
)
def test_what_a_config_defines_and_no_stack_trains_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: str, said: str | None
) -> None:
    monkeypatch.chdir(tmp_path)
    forecast = Jobs(plan_of(tmp_path, f"{MINIMAL}device: cpu\n{more}\n"), 1).forecast()
    assert ("No stack trains" in forecast) == bool(said)
    assert f"No stack trains {said} of the config." in forecast or not said


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("batch_size: [1437, 32]", ""),
        ("batch_size: 1438", "batch_size 1438 is more than the 1437 training examples of digits: each step"),
        (
            "batch_size: 1437\nvalidation_split: 0.1",
            "batch_size 1437 is more than the 1293 training examples",
        ),
    ],
)
def test_a_batch_of_more_examples_than_there_are_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    forecast = Jobs(plan_of(tmp_path, f"{MINIMAL}device: cpu\n{more}\n"), 1).forecast()
    assert said in forecast and ("is more than" in forecast) == bool(said)


@pytest.mark.parametrize(
    ("cores", "elsewhere", "more", "rate", "said"),
    [
        (2, None, "", None, True),
        (1, None, "", None, False),  # nothing idles
        (1, 2, "", None, True),
        (2, None, "", 0.01, False),  # over in a moment
        (2, None, "", 60.0, True),
        (2, None, "cells_per_job: 4\n", None, False),
        (9, None, "cells_per_job: 1\n", None, False),  # cut as far as it goes
    ],
)
def test_jobs_too_few_for_the_cores_are_said(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    cores: int,
    elsewhere: int | None,
    more: str,
    rate: float | None,
    said: bool,
) -> None:
    monkeypatch.chdir(tmp_path)
    plan = plan_of(tmp_path, MINIMAL + f"baselines: false\ndevice: cpu\n{more}")
    if rate is not None:
        write_rate(tmp_path / "results", measured(8, rate * 8))
    hint = "2 could run, there are 1: the key cells_per_job splits large sweeps."
    assert (hint in Jobs(plan, cores, elsewhere).forecast()) == said


def test_files_that_are_empty_or_cut_off_are_damaged(tmp_path: Path) -> None:
    whole, cut, empty = tmp_path / "whole", tmp_path / "cut", tmp_path / "empty"
    whole.write_bytes(b"PAR1 and so on PAR1")
    cut.write_bytes(b"PAR1 and so")
    empty.touch()
    assert damaged([whole, cut, empty, tmp_path / "absent"]) == [cut, empty]


def test_without_its_gpu_a_study_counts_no_processors_records(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, MINIMAL + "baselines: false\ndevice: cuda\n")
    touch_record(tmp_path, plan, 0)
    key = str(execution("cpu").key(plan.sweeps[0].cells[1])).partition(", eager")[2]
    on_gpu = touch_record(tmp_path, plan, 1, f"NVIDIA H100, eager{key}")
    stored = Stored(tmp_path, plan.study)
    touch_record(tmp_path, plan, 2, f"NVIDIA H100, eager, 64 lanes{key}")
    touch_record(tmp_path, plan, 3, "no execution key")
    found = [stored.there(cell) for cell in plan.sweeps[0].cells[:4]]
    assert found == [None, on_gpu, None, None]


def test_without_its_gpu_a_study_finds_what_its_own_code_gave_there(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, MINIMAL + "baselines: false\ndevice: cuda\n")
    cell, gpu = plan.sweeps[0].cells[0], replace(execution("cpu"), device="NVIDIA H100")
    own = replace(cell, code=Code(model="0a1b"))
    path = touch_record(tmp_path, plan, 0, str(gpu.key(own)))
    assert Stored(tmp_path, plan.study).there(own) == path
