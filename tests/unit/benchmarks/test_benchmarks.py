"""Each benchmark on tiny sizes: it runs, and writes the columns that it declares."""

import doctest
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

from benchmarks import gpu, heights, library, measure, memory, modules, prices, report, speed, teams
from benchmarks.contestants import Images, module, random_images
from benchmarks.measure import MACHINE
from benchmarks.products import step_gflop
from benchmarks.teams import Contestant, Layout, assembled, interleave
from hypercore.analysis.frames.tables import read_frame
from hypercore.machine.compiler import COMPILED, EAGER
from hypercore.problems.datasets import Data
from hypercore.problems.images import build
from hypercore.problems.loading import load
from hypercore.spec.columns import Column
from hypercore.spec.record import Row
from hypercore.study.plan.plan import load as load_plan
from tests.unit.benchmarks.counting import Counting
from tests.unit.studies import MadeUp, tables

MNIST_LIKE = random_images("noise", (1, 28, 28), 4, 4)
CIFAR_LIKE = random_images("noise", (3, 32, 32), 4, 4)


@pytest.fixture
def digits() -> Data:
    whole = load("digits", Path())
    few = replace(whole.train, images=whole.train.images[:600], labels=whole.train.labels[:600])
    return replace(whole, train=few, test=few)


class Here:
    """A team in this process: starting others takes seconds each."""

    def __init__(self, contestants: Mapping[str, Contestant], data: Data) -> None:
        self.names = tuple(contestants)
        self.runners = {name: contestant.start(data) for name, contestant in contestants.items()}

    def rate(self, name: str, seconds: float) -> float:
        steps, spent = self.runners[name](seconds)
        return steps / spent


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    @contextmanager
    def assembled(contests: Sequence[Any], data: Data) -> Iterator[list[Here]]:
        yield [Here(contestants, data) for _, contestants in contests]

    monkeypatch.setattr(measure, "cores", lambda: 1)
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    for benchmark in (speed, prices):
        monkeypatch.setattr(benchmark, "assembled", assembled)
    yield
    torch.set_num_threads(before)


def written(folder: Path, name: str, rows: Sequence[Row], columns: tuple[Column, ...]) -> int:
    measure.save(name, rows, columns, folder)
    return len(read_frame(folder / f"{name}.parquet", name, (*columns, *MACHINE)))


def test_processes_of_a_team_work_at_the_same_time(digits: Data) -> None:
    with assembled([(Layout(2, 1), {"counting": Counting()})], digits) as teams:
        assert interleave(teams, 0.5, rounds=2) == {(0, "counting"): [1200.0, 1200.0]}


def test_what_no_job_runs_is_told_from_the_engine(digits: Data) -> None:
    """A job has one thread and, compiled, one lane: all else is measured as the price of invariance."""
    problem = speed.Problem("SGD / SGD", "mlp", "SGD", digits, (1, 2), {})
    engines = {
        (entry.backend, entry.lanes, entry.layout.threads): entry.contestant
        for team in speed.entries(problem, cores=2)
        for entry in team
        if entry.backend
    }
    assert len(engines) == 8
    bound = {key for key, contestant in engines.items() if contestant == speed.ENGINE}
    assert bound == {(EAGER, 1, 1), (EAGER, 2, 1), (COMPILED, 1, 1)}
    assert {engines[key] for key in engines.keys() - bound} == {speed.UNBOUND}


@pytest.mark.filterwarnings("ignore:Using backward.. with create_graph=True")
@pytest.mark.usefixtures("in_this_process")
def test_speed_compares_everyone(digits: Data, tmp_path: Path) -> None:
    problem = speed.Problem("SGD / SGD", "mlp", "SGD", digits, (1, 2), {speed.PRELOADED: 0.0}, (EAGER,))
    rates, goals = speed.compare(problem, 1, seconds=0.01, rounds=2)
    assert [row["contestant"] for row in rates].count(speed.ENGINE) == 2
    assert all(row["lane_steps_per_sec"] > 0 for row in rates)
    assert {row["ratio"]: row["met"] for row in goals}["hypercore / package, preloaded"] is True
    assert written(tmp_path, "speed", rates, speed.SPEED) == 7
    assert written(tmp_path, "speed_goals", goals, speed.GOALS) == 5


@pytest.mark.usefixtures("in_this_process")
def test_own_modules_are_compared_with_the_model_that_they_equal(digits: Data, tmp_path: Path) -> None:
    rows = modules.compare(digits, (EAGER,), (1, 2), seconds=0.01, rounds=2)
    assert [(row["lanes"], row["goal"]) for row in rows] == [(1, 0.7), (2, 0.7)]
    assert written(tmp_path, "modules", rows, modules.MODULES) == 2
    image, net = digits.train.images[:2] / 16, modules.Net(64, 10)
    own = modules.Own("SGD", "mlp", 256, 1, False).begin(digits).model
    built_in = build("mlp", (1, 8, 8), 10)
    row = torch.cat([p.detach().flatten() for p in net.parameters()] + [torch.zeros(built_in.padding)])
    assert own.sizes == built_in.sizes
    torch.testing.assert_close(net(image), built_in.log_probabilities(row[None], image[None])[0])


@pytest.mark.usefixtures("in_this_process")
def test_prices_of_levels_clipping_logging_and_evaluation(digits: Data, tmp_path: Path) -> None:
    cases = prices.cases(["SGD"], "mlp", digits, (1, 2, 3), (EAGER,))
    rows = prices.measured(cases, digits, seconds=0.01, rounds=2)
    found = [(row["price_of"], row["stack_shape"], row["clipping"], row["goal_pct"]) for row in rows]
    assert found == [
        ("a level", "SGD / SGD", "off", None),
        ("a level", "SGD / SGD / SGD", "off", 2.0),
        ("clipping", "SGD / SGD", "on", 1.0),
        ("logging", "SGD / SGD", "off", 2.0),
        ("logging", "SGD / SGD", "on", 2.0),
        ("evaluation", "SGD / SGD", "off", None),
    ]
    assert written(tmp_path, "prices", rows, prices.PRICES) == 6


@pytest.mark.parametrize("name", ["hypercore, eager", "hypercore.optim.Stack"])
def test_memory_is_sampled(name: str, digits: Data, tmp_path: Path) -> None:
    points = memory.sample(name, digits, steps=30, every=6)
    assert points[-1][0] >= 30
    rows: list[Row] = [{"contestant": name, "stack": "", "step": s, "resident_mib": m} for s, m in points]
    assert written(tmp_path, "memory", rows, memory.MEMORY) == len(points)
    assert written(tmp_path, "memory_growth", memory.growth(rows), memory.GROWTH) == 1


@pytest.mark.filterwarnings("ignore:Using backward.. with create_graph=True")
def test_the_library_is_compared_with_torch_and_the_package(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(library, "peaks", lambda names, _: [0] * len(names))
    rows = library.compared(width=8, rounds=2)
    names = [library.ADAM, library.STACKED, library.COMPILED, library.PACKAGE]
    assert [row["contestant"] for row in rows] == names
    assert rows[0]["times_adam"] == 1.0 and all(row["step_ms"] > 0 for row in rows)
    assert written(tmp_path, "library", rows, library.LIBRARY) == 4


@pytest.mark.parametrize(("per_step_kib", "met"), [(0.0, True), (400.0, False)])
def test_memory_growth_is_the_slope_after_the_warm_up(per_step_kib: float, met: bool) -> None:
    rows: list[Row] = [
        {
            "contestant": "hypercore",
            "stack": "",
            "step": step,
            "resident_mib": (50.0 if step < 20 else 900.0) + per_step_kib * step / 1024,
        }
        for step in range(10, 101, 10)
    ]
    (row,) = memory.growth(rows)
    assert row["growth_kib_per_step"] == pytest.approx(per_step_kib, abs=1e-6)
    assert row["met"] is met


def test_heights_summarise_a_study(tmp_path: Path) -> None:
    alphas = (0.1, 1.0, 10.0, 1000.0)
    cells = tables(MadeUp(alphas=(("SGD / SGD", alphas), ("SGD / SGD / SGD", alphas)))).cells
    cells = cells[(cells["role"] == "stack") & (cells["clipping"] == "off")]
    rows = heights.summary(cells)
    assert [row["height"] for row in rows] == [2, 3]
    assert rows[0]["best_error_pct"] < rows[0]["worst_error_pct"] == 90.0
    assert written(tmp_path, "heights", rows, heights.HEIGHTS) == 2
    title = heights.figure(cells, {"device": "a device", "torch_version": "1"}).layout.title.text
    assert title == "digits, mlp, 30 epochs, batch 32, 6 seeds; a device, torch 1"


def test_gpu_trains_whole_sweeps_against_the_package(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sweeps = load_plan(Path("config/smoke.yaml")).sweeps[:1]
    rows, outcomes = gpu.measured(sweeps, Path(), torch.device("cpu"), compiled=False, seconds=0.01)
    assert [outcome.cell for outcome in outcomes] == list(sweeps[0].cells)
    assert [row["sweep"] for row in rows] == [sweeps[0].name, "all"]
    [line] = capsys.readouterr().out.splitlines()
    assert line.startswith(f"1 of 1: {sweeps[0].name}, {len(sweeps[0].cells)} cells in ")
    assert rows[0]["lane_steps"] == len(sweeps[0].cells) * 45
    assert written(tmp_path, "gpu", rows, gpu.GPU) == 2


def test_the_presentation_on_a_gpu_is_its_56_rows_with_both_arms_and_three_seeds() -> None:
    rows = load_plan(gpu.STUDY).rows
    assert sum(row.role.value == "stack" for row in rows) == 56 * 2 * 3


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without a GPU")
def test_gpu_says_where_there_is_none(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["benchmarks.gpu"])
    gpu.main()
    assert capsys.readouterr().out.strip() == gpu.NO_GPU


@pytest.mark.parametrize(("name", "data"), [("mlp", MNIST_LIKE), ("cnn", CIFAR_LIKE)])
def test_everyone_trains_the_same_model(name: str, data: Data) -> None:
    parameters = sum(parameter.numel() for parameter in module(name, data).parameters())
    assert parameters == build(name, data.image_shape, data.n_classes).parameters


def test_the_loader_serves_the_pixels_that_the_others_train_on(digits: Data) -> None:
    image, label = Images(digits.train)[3]
    assert label == digits.train.labels[3]
    assert torch.allclose(image, digits.train.pixels()[3], atol=0.5 / 255)


def test_the_document_shows_the_tracked_tables_and_every_column() -> None:
    document = report.DOCS.read_text()
    assert report.filled(document, measure.RESULTS) == document
    assert report.columns_in_words() in document


@pytest.mark.parametrize("module", [measure, teams])
def test_examples_in_docstrings(module: ModuleType) -> None:
    failed, attempted = doctest.testmod(module)
    assert failed == 0 < attempted


def test_a_step_on_mnist_takes_a_tenth_of_a_gflop() -> None:
    assert step_gflop("mlp", 256, MNIST_LIKE) == pytest.approx(0.1047, abs=1e-4)
