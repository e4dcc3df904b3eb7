import random
from pathlib import Path

import pytest
import yaml

from hypercore.spec.columns import PLAN, names
from hypercore.study import StudyError, load
from hypercore.study.plan.expand import LONGEST_SWEEP_NAME
from hypercore.study.plan.sweeps import group, is_sweep_file
from tests.unit.study.configs import MINIMAL, TALLEST, plan_of

ROOT = Path(__file__).parents[3]


def test_counts_are_the_product_of_the_axes_and_the_baselines(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, MINIMAL)
    stacks = [row for row in plan.rows if row.role == "stack"]
    baselines = [row for row in plan.rows if row.role == "baseline"]
    assert len(stacks) == 2 * 2 * 2  # α × clipping × seeds
    assert [str(row.cell.stack) for row in baselines] == ["SGD", "SGD"]
    assert {row.cell.epochs for row in plan.rows} == {30}
    assert {row.cell.batch_size for row in plan.rows} == {32}
    assert {row.cell.model for row in plan.rows} == {"mlp"}


def test_each_row_points_at_the_baseline_of_its_seed(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, MINIMAL)
    cells = {row.cell.id: row.cell for row in plan.rows}
    for row in plan.rows:
        if row.role == "stack":
            assert row.baseline_id is not None
            baseline = cells[row.baseline_id]
            assert (baseline.seed, baseline.stack.height) == (row.cell.seed, 1)
            assert str(baseline.clipping) == "off"
        else:
            assert row.baseline_id is None


PLAIN = """
name: plain
datasets: digits
stacks: [{stack: Adam, alphas: [0.001, 0.01]}]
clipping: CLIPPING
baselines: false
seeds: 2
"""


@pytest.mark.parametrize(
    ("clipping", "left"),
    [
        ("[off, on]", ["off"]),
        ("on", ["off"]),
        (
            "[off, 'agc(0.01, hyper)', 'fixed(1)', running_mean(all)]",
            ["fixed(1)", "off", "running_mean(all)"],
        ),
    ],
)
def test_a_plain_optimizer_is_not_clipped_where_it_has_nothing_to_clip(
    tmp_path: Path, clipping: str, left: list[str]
) -> None:
    plan = plan_of(tmp_path, PLAIN.replace("CLIPPING", clipping))
    assert sorted(str(row.cell.clipping) for row in plan.rows) == sorted(left * 2 * 2)


def test_without_baselines_only_the_stacks_are_planned(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, MINIMAL + "baselines: false\n")
    assert {row.role.value for row in plan.rows} == {"stack"}
    assert {row.baseline_id for row in plan.rows} == {None}


def test_rows_have_exactly_the_plans_columns(tmp_path: Path) -> None:
    for row in plan_of(tmp_path, MINIMAL).rows:
        assert tuple(row.row()) == names(PLAN)


@pytest.mark.parametrize(
    "axis", ["epochs: [1, 2]", "model: [mlp, cnn]", "batch_size: [16, 32]", "seeds: [0, 7, 9, 11]"]
)
def test_any_list_is_a_grid_axis(tmp_path: Path, axis: str) -> None:
    before = len(plan_of(tmp_path, MINIMAL).rows)
    without_seeds = MINIMAL.replace("seeds: 2\n", "") if axis.startswith("seeds") else MINIMAL
    assert len(plan_of(tmp_path, without_seeds + axis + "\n").rows) == 2 * before


def test_rules_are_given_as_they_are_printed_or_as_mappings(tmp_path: Path) -> None:
    text = "clipping: [off, scale(0.5), {kind: [autoclip], percentile: [10, 50], scope: weights}, agc(0.01)]"
    found = {str(row.cell.clipping) for row in plan_of(tmp_path, MINIMAL + text + "\n").rows}
    assert found == {
        "off",
        "scale(0.5)",
        "autoclip(10, weights)",
        "autoclip(50, weights)",
        "agc(0.01)",
    }


def test_clipping_mappings_are_grids_of_their_options(tmp_path: Path) -> None:
    text = MINIMAL + "clipping: [off, {scope: [weights, hyper], norm: [tensor, global], feedback: raw}]\n"
    found = {str(row.cell.clipping) for row in plan_of(tmp_path, text).rows}
    assert found == {
        "off",
        *(f"running_mean({scope}, {norm}raw)" for scope in ("weights", "hyper") for norm in ("", "global, ")),
    }


def test_an_entry_sets_axes_for_itself(tmp_path: Path) -> None:
    text = """\
    name: tiny
    datasets: [digits]
    epochs: {SGD: 2}
    alphas: [0.5]
    stacks:
      - SGD / SGD
      - {stack: [Adam / SGD, Adam^alpha / SGD], epochs: 1, seeds: [3], clipping: off, alphas: 1e-4,
         batch_size: 64}
    """
    plan = plan_of(tmp_path, text)
    own = [row for row in plan.rows if row.label.startswith("Adam") and row.role == "stack"]
    assert [row.label for row in own] == ["Adam / SGD", "Adam^alpha / SGD"]
    assert {(r.cell.epochs, r.cell.seed, r.cell.stack.alpha, r.cell.batch_size) for r in own} == {
        (1, 3, 1e-4, 64)
    }
    assert {row.cell.epochs for row in plan.rows if row.label == "SGD / SGD"} == {2}


def test_a_list_and_a_logspace_of_the_same_values_are_the_same_cells(tmp_path: Path) -> None:
    listed = plan_of(tmp_path, MINIMAL.replace("[0.1, 1]", "[0.001, 0.00316228, 0.01]"))
    spaced = plan_of(tmp_path, MINIMAL.replace("[0.1, 1]", "{logspace: {start: -3, stop: -2, num: 3}}"))
    mixed = plan_of(
        tmp_path, MINIMAL.replace("[0.1, 1]", "['1e-3', {logspace: {start: -2.5, stop: -2, num: 2}}]")
    )
    assert listed.rows == spaced.rows == mixed.rows


def test_the_order_of_the_file_changes_nothing(tmp_path: Path) -> None:
    data = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    before = load(ROOT / "config/config.yaml")
    for seed in range(5):
        shuffled = _shuffled(data, random.Random(seed))
        path = tmp_path / f"{seed}.yaml"
        path.write_text(yaml.safe_dump(shuffled, sort_keys=False))
        after = load(path)
        assert (after.rows, after.sweeps, after.digest) == (before.rows, before.sweeps, before.digest)


def _shuffled(value: object, rng: random.Random) -> object:
    if isinstance(value, dict):
        items = [(key, _shuffled(item, rng)) for key, item in value.items()]
        return dict(rng.sample(items, len(items)))
    if isinstance(value, list):
        items = [_shuffled(item, rng) for item in value]
        return rng.sample(items, len(items))
    return value


def test_a_cell_under_two_labels_is_two_rows_and_one_cell_of_a_sweep(tmp_path: Path) -> None:
    text = MINIMAL.replace(
        "seeds: 2", "  - {stack: SGD / SGD, label: again, alphas: [1, 10], clipping: off}\nseeds: 2"
    )
    plan = plan_of(tmp_path, text)
    rows = [row for row in plan.rows if row.cell.stack.alpha == 1 and str(row.cell.clipping) == "off"]
    assert [row.label for row in rows] == ["SGD / SGD", "SGD / SGD", "again", "again"]
    assert len({row.cell.id for row in rows}) == 2
    ids = [cell.id for sweep in plan.sweeps for cell in sweep.cells]
    assert len(ids) == len(set(ids)) == len({row.cell.id for row in plan.rows})


def test_a_label_on_the_same_cells_twice_is_an_error(tmp_path: Path) -> None:
    text = MINIMAL.replace("seeds: 2", "  - {stack: SGD / SGD, alphas: [1, 10]}\nseeds: 2")
    with pytest.raises(StudyError, match=r"study.yaml:5: stacks\[1\]: given cells that stacks\[0\] has"):
        plan_of(tmp_path, text)


def test_sweeps_hold_cells_of_one_batch_and_change_name_only_with_their_content(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, MINIMAL)
    assert [sweep.name for sweep in plan.sweeps] == ["digits-mlp-sgd-e30-b32", "digits-mlp-sgd_sgd-e30-b32"]
    for sweep in plan.sweeps:
        assert len({cell.batch_key for cell in sweep.cells}) == 1
        assert is_sweep_file(Path(sweep.path).name)
    more = plan_of(tmp_path, MINIMAL.replace("[0.1, 1]", "[0.1, 1, 10]"))
    assert plan.sweeps[0] == more.sweeps[0]
    assert plan.sweeps[1].digest != more.sweeps[1].digest
    assert set(plan.sweeps[1].cells) < set(more.sweeps[1].cells)
    assert group(plan.rows, "another execution")[0].digest != plan.sweeps[0].digest


def test_sweep_names_differ_wherever_the_batch_differs(tmp_path: Path) -> None:
    text = """\
    name: tiny
    datasets: [digits, mnist]
    model: [mlp, cnn]
    seeds: 1
    epochs: [1, 2]
    batch_size: [1, 12]
    stacks:
      - SGD
      - SGD(0.1, mu=0.9) / SGD
      - SGD^alpha(0.1, mu=0.9) / SGD
      - SGD / SGD / SGD
      - RMSProp^gamma / Adam
      - RMSProp^alpha / Adam
    """
    rows = plan_of(tmp_path, text).rows
    assert len({row.sweep for row in rows}) == len({row.cell.batch_key for row in rows}) > 100


@pytest.mark.parametrize(
    "stack",
    ["Adam / SGDPerParam(1e-6, beta1=1e-4, beta2=1e-4)", "SGD^alpha,mu(0.1, mu=0.9) / SGDPerParam(mu=1)"],
)
def test_whatever_a_stack_holds_its_sweep_is_a_file(tmp_path: Path, stack: str) -> None:
    plan = plan_of(tmp_path, f"name: t\ndatasets: [digits]\nstacks: ['{stack}']\nseeds: 1\nepochs: 1\n")
    assert all(is_sweep_file(Path(sweep.path).name) for sweep in plan.sweeps), plan.sweeps


def test_the_longest_notation_has_a_sweep_of_its_own_whose_name_a_file_can_have(tmp_path: Path) -> None:
    other = TALLEST.removesuffix("Adam") + "SGD"
    entries = f"{{stack: {TALLEST}, frozen: true}}, {other}, {TALLEST.removesuffix('/Adam')}"
    text = f"name: tall\ndatasets: [digits]\nstacks: [{entries}]\nseeds: 1\nbaselines: false\n"
    sweeps = plan_of(tmp_path, text).sweeps
    assert len(TALLEST) == 499
    with pytest.raises(StudyError, match="a stack in the paper's notation"):
        plan_of(tmp_path, text.replace(other, f"{TALLEST}/Adam"))
    tall = [sweep.name for sweep in sweeps if not sweep.name.endswith("frozen")]
    assert len(set(tall)) == 3
    assert {len(name) for name in tall} == {LONGEST_SWEEP_NAME}
    assert all(is_sweep_file(Path(sweep.path).name) for sweep in sweeps)


def test_a_changed_sweep_is_said_in_words(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, MINIMAL)
    sweep = plan.sweeps[0]
    assert plan.sweep(sweep.name, sweep.digest) is sweep
    with pytest.raises(StudyError, match="changed since the run began"):
        plan.sweep(sweep.name, "0" * 20)
    with pytest.raises(StudyError, match="a config without the sweep nothing"):
        plan.sweep("nothing", "0" * 20)


def test_the_default_study_is_what_it_promises() -> None:
    plan = load(ROOT / "config/config.yaml")
    stacks = {row.label for row in plan.rows if row.role == "stack"}
    assert stacks == {f"{lowest} / SGD" for lowest in ("SGD", "Adam", "AdaGrad", "RMSProp")}
    for label in stacks:
        rows = [row for row in plan.rows if row.label == label]
        assert len({row.cell.stack.alpha for row in rows}) >= 7
        assert {str(row.cell.clipping) for row in rows} == {"off", "on"}
        assert {row.cell.seed for row in rows} == set(range(5))
        assert {row.cell.dataset for row in rows} == {"digits"}
    assert sum(row.role == "baseline" for row in plan.rows) == 4 * 5


def test_a_large_grid_asks_for_confirmation(tmp_path: Path) -> None:
    text = MINIMAL.replace("seeds: 2", "seeds: 100000")
    with pytest.raises(
        StudyError, match=r"given a grid of 400,000 cells; allowed: at most max_cells = 10,000"
    ):
        plan_of(tmp_path, text)
    small = MINIMAL + "max_cells: 7\n"
    with pytest.raises(StudyError, match="confirm_large=true"):
        plan_of(tmp_path, small)
    assert len(load(tmp_path / "study.yaml", confirm_large=True).rows) == 10


def test_names_that_join_alike_are_sweeps_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text("def load(): ...\nclass Net: ...\n")
    text = """\
    name: t
    datasets: {a: {load: own.py:load}, a-b: {load: own.py:load}}
    models: {c: {build: own.py:Net}, b-c: {build: own.py:Net}}
    stacks: [SGD]
    """
    for sweep in plan_of(tmp_path, text).sweeps:
        assert len({cell.batch_key for cell in sweep.cells}) == 1, sweep.name
        assert is_sweep_file(Path(sweep.path).name)
