# ruff: noqa: E501 - cases are read as lines
"""Models and data sets that a study brings: found and checked without running their code."""

from pathlib import Path

import pytest

from hypercore.spec.errors import SpecError
from hypercore.spec.own_code import Entry, canonical
from hypercore.spec.problems import MODELS
from hypercore.study import Plan, StudyError
from tests.unit.study.configs import plan_of

NETWORK = """\
import torch_that_is_not_installed
from helper import width

class Net:
    def __init__(self, n_classes, width, *, depth=2): ...

def build(**anything): ...
"""
STUDY = """\
name: own
datasets: {words: {load: "data.py:load", arguments: {length: 3}}}
models: {net: {build: "network.py:Net", arguments: {width: [4, 8]}}}
stacks: [{stack: SGD / SGD, alphas: [0.1]}]
seeds: 1
clipping: off
baselines: false
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "network.py").write_text(NETWORK)
    (tmp_path / "helper.py").write_text("width = 3\n")
    (tmp_path / "data.py").write_text("def load(length, seed=0): ...\n")
    return tmp_path


def versions(plan: Plan) -> dict[str, dict[str, int | str]]:
    return {row.cell.model: row.cell.numerics() for row in plan.rows}


def test_a_list_is_an_axis_and_arguments_are_in_names_and_ids(folder: Path) -> None:
    plan = plan_of(folder, STUDY)
    assert [row.cell.model for row in plan.rows] == ["net(width=4)", "net(width=8)"]
    assert {row.cell.dataset for row in plan.rows} == {"words"}
    assert len({row.cell.id for row in plan.rows}) == len(plan.sweeps) == 2
    lengths = plan_of(folder, STUDY.replace("length: 3", "length: [3, 4]"))
    assert {row.cell.dataset for row in lengths.rows} == {"words(length=3)", "words(length=4)"}


@pytest.mark.parametrize("changed", ["network.py", "helper.py", "data.py"])
def test_changed_code_is_another_version_of_the_same_cells(folder: Path, changed: str) -> None:
    before = plan_of(folder, STUDY)
    both = STUDY.replace("{net:", "{other: {build: 'other.py:build'}, net:")
    (folder / "other.py").write_text("def build(n): ...\n".replace("(n)", "()"))
    with_other = versions(plan_of(folder, both))
    (folder / changed).write_text((folder / changed).read_text() + "# a comment\n")
    after = plan_of(folder, both)
    assert {row.cell.id for row in before.rows} < {row.cell.id for row in after.rows}
    now = versions(after)
    assert now["net(width=4)"] != with_other["net(width=4)"]
    assert (now["other"] == with_other["other"]) == (changed != "data.py")
    assert {s.digest for s in before.sweeps}.isdisjoint(s.digest for s in after.sweeps)


def test_a_loss_counts_as_a_part_of_its_data(folder: Path) -> None:
    before = versions(plan_of(folder, STUDY))
    (folder / "loss.py").write_text("def smooth(outputs, targets): ...\n")
    text = STUDY.replace('"data.py:load",', '"data.py:load", loss: "loss.py:smooth",')
    own = versions(plan_of(folder, text))
    assert own["net(width=4)"] != before["net(width=4)"]
    (folder / "loss.py").write_text("def smooth(outputs, targets): return 0\n")
    assert versions(plan_of(folder, text)) != own


def test_a_metric_counts_as_a_part_of_its_data(folder: Path) -> None:
    before = versions(plan_of(folder, STUDY))
    (folder / "metrics.py").write_text("def f1(outputs, targets): ...\n")
    text = STUDY.replace('"data.py:load",', '"data.py:load", metric: "metrics.py:f1",')
    own = versions(plan_of(folder, text))
    named = text.replace('"metrics.py:f1"', '{score: "metrics.py:f1", better: higher}')
    others = before, versions(plan_of(folder, named))
    assert all(own["net(width=4)"] != other["net(width=4)"] for other in others)
    (folder / "metrics.py").write_text("def f1(outputs, targets): return 0\n")
    assert versions(plan_of(folder, text)) != own


def test_a_version_counts_in_place_of_the_source(folder: Path) -> None:
    text = STUDY.replace('"network.py:Net",', '"network.py:Net", version: 1,')
    before = versions(plan_of(folder, text))
    (folder / "network.py").write_text(NETWORK + "# a comment\n")
    assert versions(plan_of(folder, text)) == before
    assert versions(plan_of(folder, text.replace("version: 1", "version: 2"))) != before


def test_own_and_known_names_mix(folder: Path) -> None:
    text = STUDY.replace("datasets: {", "datasets: {digits: , ").replace(
        "clipping:", "model: [net, mlp]\nclipping:"
    )
    pairs = {(row.cell.dataset, row.cell.model) for row in plan_of(folder, text).rows}
    assert pairs == {(d, m) for d in ("digits", "words") for m in ("mlp", "net(width=4)", "net(width=8)")}


def test_a_known_dataset_trains_own_models_by_default(folder: Path) -> None:
    rows = plan_of(
        folder, STUDY.replace('{words: {load: "data.py:load", arguments: {length: 3}}}', "[digits]")
    ).rows
    assert {row.cell.model for row in rows} == {"net(width=4)", "net(width=8)"}


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("width: [4, 8]", "widht: 4, width: 3", "study.yaml:3: models.net.arguments.widht: given the unknown argument 'widht'; allowed: parameters of Net: n_classes, width, depth"),
        ("width: [4, 8]", "depth: 1", "study.yaml:3: models.net.arguments: given no argument 'width'; allowed: parameters of Net"),
        ("width: [4, 8]", "width: {a: 1}", "models.net.arguments.width: given {'a': 1}; allowed: a number, a text"),
        ("width: [4, 8]", "width: [16, '16']", "study.yaml:3: models.net.arguments.width: given 16 twice; allowed: at least one value, and each once"),
        ("width: [4, 8]", "width: .nan", "models.net.arguments.width: given nan; allowed: a number, a text"),
        ("build: \"network.py:Net\", arguments: {width: [4, 8]}", "build: mlp, arguments: {activation: swish}", "models.net.arguments.activation: given 'swish'; allowed: gelu, relu, tanh"),
        ("build: \"network.py:Net\", arguments: {width: [4, 8]}", "build: mlp, arguments: {hidden: '8, x'}", "models.net.arguments.hidden: given '8, x'; allowed: whole numbers above 0"),
        ("\"data.py:load\",", "\"data.py:load\", metric: auc,", "datasets.words.metric: given 'auc'; allowed: file.py:name, beside the config, or package.module:name, installed, or one of error, bits-per-token, rmse"),
        ("\"data.py:load\",", "\"data.py:load\", metric: \"data.py:nope\",", "study.yaml:2: datasets.words.metric: given 'data.py:nope', a name that"),
        ("\"data.py:load\",", "\"data.py:load\", metric: {name: F1},", "datasets.words.metric: given no key 'score'; allowed: one of error"),
        ("\"data.py:load\",", "\"data.py:load\", metric: {score: rmse, best: 1},", "datasets.words.metric.best: given best of the metric rmse, which is built in; allowed: a metric of your own"),
        ("\"data.py:load\",", "\"data.py:load\", metric: {score: \"data.py:load\", better: more},", "datasets.words.metric.better: given 'more'; allowed: lower or higher"),
        ("\"data.py:load\",", "\"data.py:load\", metric: {score: \"data.py:load\", best: 1},", "datasets.words.metric.best: given best: 1; allowed: with better: higher"),
        ("\"data.py:load\",", "\"data.py:load\", metric: {score: \"data.py:load\", better: higher, chance: 1.5},", "datasets.words.metric.chance: given chance: 1.5; allowed: below 1"),
        ("\"data.py:load\",", "\"data.py:load\", metric: {score: \"data.py:load\", unit: '(mpg)'},", "datasets.words.metric.unit: given '(mpg)'; allowed: its unit, up to 40 letters"),
        ("\"data.py:load\", arguments: {length: 3}", "text, arguments: {path: a, length: 0}", "datasets.words.arguments.length: given 0; allowed: a whole number above 0"),
        ("\"data.py:load\",", "\"data.py:load\", batch_size: 0,", "datasets.words.batch_size: given 0; allowed: a whole number above 0"),
        ("network.py:Net", "network.py:Nett", "study.yaml:3: models.net.build: given 'network.py:Nett', a name that"),
        ("network.py:Net", "nowhere.py:Net", "nowhere.py', which is not there; allowed: file.py:name"),
        ("network.py:Net", "networks.py:Net", "networks.py', which is not there; allowed: file.py:name, beside the config,"),
        ("network.py:Net", "networks.py:Net", "/network.py is there"),
        ("network.py:Net", "network.py/x.py:Net", "network.py, which is no folder; allowed: file.py:name"),
        ("network.py:Net", "network.py", "models.net.build: given 'network.py'; allowed: file.py:name"),
        ("network.py:Net", "no_such_package.module:Net", "'no_such_package.module', which is not installed"),
        ("network.py:Net", "broken.py:Net", "broken.py:1, which is no Python"),
        ("models: {net:", "models: {mlp:", "study.yaml:3: models.mlp: given a model named 'mlp'; allowed: names other"),
        ("datasets: {words:", "datasets: {digits:", "study.yaml:2: datasets.digits: given a data set named 'digits'"),
        ("{words: {", "{my words: {", "study.yaml:2: datasets.'my words': given 'my words'; allowed: a name of lower-case letters, digits"),
        ("{net: {", "{Net: {", "study.yaml:3: models.Net: given 'Net'; allowed: a name of lower-case letters, digits and -"),
        ("length: 3", "size: 3", "study.yaml:2: datasets.words.arguments.size: given the unknown argument 'size'; allowed: parameters of load: length, seed"),
        ("data.py:load", "data.py:lod", "study.yaml:2: datasets.words.load: given 'data.py:lod', a name that"),
        ("seeds: 1", "seeds: 1\nmodel: nett", "study.yaml:6: model: given 'nett'; allowed: one of " + ", ".join(MODELS)),
        ('models: {net: {build: "network.py:Net", arguments: {width: [4, 8]}}}', "", "given no model for words"),
    ],
)  # fmt: skip
def test_each_mistake_is_one_line(folder: Path, old: str, new: str, words: str) -> None:
    (folder / "broken.py").write_text("def (:\n")
    with pytest.raises(StudyError) as error:
        plan_of(folder, STUDY.replace(old, new))
    [line] = str(error.value).splitlines()
    assert words in line and "; allowed: " in line


def test_an_installed_function_is_found_without_importing_its_package(tmp_path: Path) -> None:
    entry = Entry.of("numpy.linalg._linalg:norm", tmp_path)
    assert entry.module == "numpy.linalg._linalg" and entry.file.name == "_linalg.py"
    parameters = entry.parameters()
    assert parameters is not None and parameters.names == ("x", "ord", "axis", "keepdims")


@pytest.mark.parametrize("name", ["Net", "Child", "Alias", "Other", "Again", "Tried"])
def test_arguments_are_checked_wherever_a_name_is_defined(tmp_path: Path, name: str) -> None:
    (tmp_path / "base.py").write_text("class Net(object):\n    def __init__(self, width): ...\n")
    (tmp_path / "loop.py").write_text("from loop import *\nfrom nets import *\nfrom base import *\n")
    (tmp_path / "nets.py").write_text(
        "from loop import *\nfrom base import Net as Other\n"
        "class Child(Other):\n    pass\n"
        "Alias = Child\n"
        "Again = lambda width: Net(width)\n"
        "try:\n    import torch_that_is_not_installed\nexcept ImportError:\n    def Tried(width): ...\n"
        "unknown = partial(Net, width=3)\n"
    )
    found = Entry.of(f"nets.py:{name}", tmp_path).parameters()
    assert found is not None and found.required == {"width"} and not found.open
    assert Entry.of("nets.py:unknown", tmp_path).parameters() is None
    with pytest.raises(
        SpecError, match="a name that .*nets.py lacks; allowed: Again, Alias, Child, Other, Tried"
    ):
        Entry.of("nets.py:nothing", tmp_path)


def test_a_name_that_a_package_imports_by_a_star_is_found() -> None:
    found = Entry.of("torch.nn:Linear", Path()).parameters()
    assert found is not None and found.required == {"in_features", "out_features"}


def test_names_are_canonical() -> None:
    assert canonical("net", {"b": True, "a": None, "c": 1.5}) == "net(a=null, b=true, c=1.5)"


def test_modules_of_packages_count_however_they_are_imported(tmp_path: Path) -> None:
    """Each file below is run by importing the entry's; changing any changes its version."""
    files = {
        "own/__init__.py": "",
        "own/data.py": "from own.parts import one\nfrom . import two\nfrom .deep import three\ndef load(): ...",
        "own/parts/__init__.py": "",
        "own/parts/one.py": "",
        "own/two.py": "",
        "own/deep/__init__.py": "",
        "own/deep/three.py": "from ..last import name",
        "own/last.py": "name = 1",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    entry = Entry.of("own/data.py:load", tmp_path)
    for name in files:
        before = entry.version()
        (tmp_path / name).write_text(files[name] + "\n# changed\n")
        assert entry.version() != before, name


def test_files_that_a_loader_names_in_its_source_count_by_their_content(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    (folder / "data.py").write_text("def load(length, path='numbers.csv'): ...\n")
    plans = []
    for content in ("1", "23"):
        (folder / "numbers.csv").write_text(content)
        plans.append(plan_of(folder, STUDY))
    assert plans[0].rows == plans[1].rows and plans[0].digest != plans[1].digest


def test_weights_that_an_argument_of_a_model_names_count_by_their_content(folder: Path) -> None:
    (folder / "network.py").write_text("def Net(width, weights): ...\n")
    weights = folder / "first.pt"
    text = STUDY.replace("width: [4, 8]", f"width: 4, weights: {weights}")
    found = []
    for content in (b"one", b"two", b"one"):
        weights.write_bytes(content)
        found.append(versions(plan_of(folder, text)))
    assert found[0] == found[2] != found[1]
    assert found[0].keys() == found[1].keys()
