"""The studies of the published tables plan every published row, and nothing is spelled wrong in them."""

from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from hypercore.analysis.published.matching import exact
from hypercore.analysis.published.read import Published, bare
from hypercore.analysis.published.rows import BATCH_SIZE, EPOCHS
from hypercore.spec.clipping import Clipping, Scope
from hypercore.spec.notation import parse_stack
from hypercore.study import Plan
from hypercore.study import load as load_anew

WEIGHTS_TOO = Clipping(scope=Scope.ALL)
CONFIG = Path(__file__).resolve().parents[3] / "config"
PUBLISHED = Published()
# Several tests look at one plan.
load = cache(load_anew)


@pytest.fixture(scope="module")
def paper() -> Plan:
    return load(CONFIG / "paper.yaml")


def test_the_papers_study_expands_to_exactly_this(paper: Plan) -> None:
    """Rows by data set and role, for ten seeds; counted by hand from the tables."""
    alphas = 13 + 10 + 11 + 2 * 12  # of Tables 1-4, RMSProp's twice, once for RMSProp^alpha
    rows = Counter((row.cell.dataset, row.role.value) for row in paper.rows)
    assert rows == {
        ("mnist", "stack"): 10 * (2 * alphas + 14 + 14),  # both arms; the paper's stacks; its frozen values
        ("mnist", "frozen"): 10 * 14,
        ("mnist", "baseline"): 10 * 4,
        ("fashion-mnist", "stack"): 10 * 2 * alphas,
        ("fashion-mnist", "baseline"): 10 * 4,
        ("cifar10", "stack"): 10 * 2 * 10,  # Table 5
        ("cifar10", "baseline"): 10,
    }
    # Five of the paper's stacks are rows of Tables 1-4, too: one cell, two labels.
    assert len({row.cell.id for row in paper.rows}) == len(paper.rows) - 10 * 5


def planned(plan: Plan) -> set[tuple[str, str, str]]:
    """Data set, stack with every value and clipping of each cell, at the published epochs and batch size."""
    return {
        (row.cell.dataset, str(row.cell.stack.resolved), str(row.cell.clipping))
        for row in plan.rows
        if row.cell.epochs == EPOCHS[row.cell.stack.lowest.name] and row.cell.batch_size == BATCH_SIZE
    }


def test_every_row_of_the_presentation_is_planned_in_both_arms(paper: Plan) -> None:
    cells = planned(paper)
    for row in PUBLISHED.rows:
        stack = str(parse_stack(row.stack).with_alpha(row.alpha).resolved)
        assert {(row.dataset, stack, "off"), (row.dataset, stack, "on")} <= cells, (row.table, row.alpha)
        if row.stack == "RMSProp / SGD":
            other = str(parse_stack("RMSProp^alpha / SGD").with_alpha(row.alpha).resolved)
            assert {("mnist", other, "off"), ("mnist", other, "on")} <= cells


def test_every_row_of_the_paper_is_planned(paper: Plan) -> None:
    cells = planned(paper)
    for row in PUBLISHED.paper:
        assert ("mnist", exact(row.stack), "off") in cells, row.optimizer_printed
    for baseline in PUBLISHED.baselines:
        assert (baseline.dataset, exact(baseline.optimizer), "off") in cells


def test_every_stack_of_the_paper_is_frozen_seed_by_seed(paper: Plan) -> None:
    cells = {row.cell.id: row.cell for row in paper.rows}
    frozen = [row.cell for row in paper.rows if row.role == "frozen"]
    assert all(cell.parent is not None and cells[cell.parent].seed == cell.seed for cell in frozen)
    parents = {str(cells[str(cell.parent)].stack.resolved) for cell in frozen}
    assert parents == {exact(row.parent) for row in PUBLISHED.paper if row.parent is not None}
    assert len(frozen) == 14 * 10


def test_every_cell_has_ten_seeds(paper: Plan) -> None:
    assert {row.cell.seed for row in paper.rows} == set(range(10))


def test_the_part_on_mnist_covers_tables_1_to_4() -> None:
    cells = planned(load(CONFIG / "paper-mnist.yaml"))
    for row in PUBLISHED.rows:
        if row.dataset == "mnist":
            stack = str(parse_stack(row.stack).with_alpha(row.alpha).resolved)
            assert {("mnist", stack, "off"), ("mnist", stack, "on")} <= cells


@pytest.mark.parametrize(
    ("name", "whole"),
    [
        ("paper-mnist", "paper"),
        ("paper-mnist-5-epochs", "paper-mnist"),
        ("control-mnist", "other-clippers"),
        ("other-clippers-5-epochs", "other-clippers"),
        ("other-clippers-30-epochs", "other-clippers"),
        ("fashion-mnist", "paper"),
    ],
)
def test_a_part_shares_its_cells_with_the_whole(name: str, whole: str) -> None:
    """But for the rule that clips the weights, too, which stands beside the presentation's on MNIST alone."""
    cells, rest = ({row.cell for row in load(CONFIG / f"{n}.yaml").rows} for n in (name, whole))
    part = {cell for cell in cells if cell.clipping != WEIGHTS_TOO or whole != "paper"}
    assert part < rest and len(part) > len(cells) / 2


def test_other_clippers_and_the_control_are_planned_where_clipping_is_said_to_help() -> None:
    plan = load(CONFIG / "other-clippers.yaml")
    clippings = {row.cell.clipping for row in plan.rows}
    kinds = {"off", "running_mean", "scale", "fixed", "autoclip", "agc"}
    assert {clipping.kind for clipping in clippings} == kinds
    for interval in PUBLISHED.intervals:
        if not (interval.primary and interval.dataset == "mnist"):
            continue
        wanted = {
            row.alpha for row in PUBLISHED.rows if row.stack == interval.stack and row.dataset == "mnist"
        }
        own = [row.cell for row in plan.rows if bare(row.cell.stack.shape) == interval.stack]
        for alpha in filter(interval.holds, wanted):
            assert {cell.clipping for cell in own if cell.stack.alpha == alpha} == clippings, (
                interval,
                alpha,
            )


def test_the_open_question_on_cifar_is_planned() -> None:
    plan = load(CONFIG / "cifar-open.yaml")
    shapes = {row.cell.stack.shape for row in plan.rows if row.role == "stack"}
    assert shapes == {"SGD / SGD", "AdaGrad / SGD", "RMSProp / SGD", "RMSProp^alpha / SGD"}
    assert {row.cell.dataset for row in plan.rows} == {"cifar10"}
    reduced = load(CONFIG / "cifar-open-jpeg75.yaml")
    assert {row.cell.dataset for row in reduced.rows} == {"cifar10-jpeg75"}
    stacks, whole = ({str(row.cell.stack) for row in p.rows} for p in (reduced, plan))
    assert stacks == whole
    assert {str(row.cell.clipping) for row in reduced.rows} == {"off", "running_mean(all)"}
    assert {row.cell.model for row in reduced.rows} == {"cnn-relu-valid-final"}


def test_the_control_is_planned_on_the_published_intervals_and_nothing_else() -> None:
    plan = load(CONFIG / "control-mnist.yaml")
    stacks = [row.cell for row in plan.rows if row.role == "stack"]
    for interval in PUBLISHED.intervals:
        if interval.primary and interval.dataset == "mnist":
            wanted = {r.alpha for r in PUBLISHED.rows if r.stack == interval.stack and r.dataset == "mnist"}
            own = [cell for cell in stacks if bare(cell.stack.shape) == interval.stack]
            for clipping in ("off", "on", "scale(0.5, hyper)"):
                alphas = {cell.stack.alpha for cell in own if str(cell.clipping) == clipping}
                assert alphas == set(filter(interval.holds, wanted))


def test_the_study_of_costs_has_pairs_of_clipping_levels_and_lengths() -> None:
    plan = load(CONFIG / "cost-mnist.yaml")
    assert plan.study.backend == "compiled", "on a CPU what trains cells alone"
    cells = {(str(row.cell.stack), str(row.cell.clipping), row.cell.epochs) for row in plan.rows}
    stacks = {stack for stack, clipping, _ in cells if clipping == "running_mean(all)"}
    assert {(stack, "off", epochs) for stack in stacks for epochs in (1, 3)} <= cells
    assert {row.cell.stack.height for row in plan.rows} == {1, 2, 3}


def test_where_an_image_folder_stands_in_for_cifar_10_results_carry_its_name() -> None:
    plan, paper = load(CONFIG / "cifar10-jpeg75.yaml"), load(CONFIG / "paper.yaml")
    assert {(row.cell.dataset, row.cell.model) for row in plan.rows} == {("cifar10-jpeg75", "cnn")}
    assert plan.study.analysis.stands_for == {"cifar10-jpeg75": "cifar10"}

    def trained(plan: Plan, dataset: str) -> set[tuple[str, str, str, int, int]]:
        cells = [row.cell for row in plan.rows if row.cell.dataset == dataset]
        return {(str(c.stack), str(c.clipping), str(c.normalisation), c.epochs, c.batch_size) for c in cells}

    assert trained(plan, "cifar10-jpeg75") == trained(paper, "cifar10")


def test_studies_that_share_cells_share_their_results() -> None:
    """The store keeps results of other backends apart, so one cell on two of them would train twice."""
    backends: dict[str, dict[str, list[str]]] = {}
    for path in sorted(CONFIG.glob("*.yaml")):
        plan = load(path)
        for row in plan.rows:
            backends.setdefault(row.cell.id, {}).setdefault(plan.study.backend, []).append(path.name)
    assert len(backends) > 1000
    assert not [found for found in backends.values() if len(found) > 1]
