# ruff: noqa: E501 (a line a case)
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from hypercore.spec.clipping import forms
from hypercore.spec.optimizers import RULES, lowest_rules
from hypercore.spec.problems import DATASETS, MODELS
from hypercore.study import StudyError, load
from tests.unit.study.configs import MINIMAL, plan_of

LINE = re.compile(r"^[^\n]+study\.yaml(:\d+)?: ([^\n]+: )?given [^\n]+; allowed: [^\n]+$")
# Of the processor, not of the wall: a bomb that is expanded takes minutes, a refusal a tenth of a second.
PATIENCE_SEC = 10
# What is there, as messages list it.
LOWEST = ", ".join(rule.name for rule in lowest_rules())
SETS = ", ".join(DATASETS)
FITTING = ", ".join(name for name, model in MODELS.items() if model.fits((1, 8, 8)))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("name: tiny", "name: store", "study.yaml:1: name: given 'store'; allowed: a name other than"),
        ("name: tiny", "name: Tiny Study", "study.yaml:1: name: given 'Tiny Study'; allowed: lower-case letters"),
        ("name: tiny\n", "", "study.yaml:1: given no key 'name'; allowed: lower-case letters"),
        ("[digits]", "[digitz]", "study.yaml:2: datasets[0]: given 'digitz'; allowed: one of " + SETS),
        ("[digits]", "[digits, digits]", "datasets[1]: given 'digits' a second time; allowed: each value once"),
        ("[digits]", "[]", "datasets: given an empty list; allowed: at least one value"),
        ("SGD / SGD", "Foo / SGD", "stacks[0].stack: given 'Foo / SGD' (in 'Foo': unknown optimizer 'Foo'); allowed: " + ", ".join(RULES)),
        ("SGD / SGD", "'SGD(0.1, 0.9) / SGDPerParam'", "study.yaml:4: stacks[0].stack: given 'SGD(0.1, 0.9) / SGDPerParam' (SGDPerParam with step sizes for alpha where alpha, mu is learned); allowed: one above 0 for each"),
        ("SGD / SGD", "SGDPerParam", "stacks[0].stack: given 'SGDPerParam' (SGDPerParam as the lowest optimizer); allowed: to the right of"),
        ("seeds: 2", "epochs: {SGDPerParam: 1}", "epochs: given the key 'SGDPerParam'; allowed: the lowest optimizers " + LOWEST),
        ("SGD / SGD", "'SGD / SGD(0.1)'", "the rightmost α is given twice"),
        ("[0.1, 1]", "[0.1, -1]", "study.yaml:4: stacks[0].alphas[1]: given -1; allowed: a finite number above 0"),
        ("[0.1, 1]", "[0.1, .nan]", "stacks[0].alphas[1]: given nan; allowed: a finite number above 0"),
        ("[0.1, 1]", "[.inf]", "stacks[0].alphas[0]: given inf; allowed: a finite number above 0"),
        ("[0.1, 1]", "[0.1, 0]", "stacks[0].alphas[1]: given 0; allowed: a finite number above 0"),
        ("[0.1, 1]", "[0.1, yes]", "stacks[0].alphas[1]: given true; allowed: a number"),
        ("[0.1, 1]", "[0.1, 1e-1]", "stacks[0].alphas[1]: given 0.1 a second time; allowed: each value once"),
        ("[0.1, 1]", "[0.1, 0.10000004]", "stacks[0].alphas[1]: given 0.1 a second time; allowed: each value once"),
        ("[0.1, 1]", "[]", "stacks[0].alphas: given an empty list; allowed: at least one value"),
        ("[0.1, 1]", "{logspace: {start: -2, stop: 0}}", "stacks[0].alphas.logspace: given no key 'num'"),
        ("[0.1, 1]", "[{linspace: {}}]", "stacks[0].alphas[0]: given {'linspace': {}}; allowed: a number above 0 or"),
        ("seeds: 2", "seeds: 0", "study.yaml:5: seeds: given 0; allowed: a count of seeds from 1"),
        ("seeds: 2", "seeds: [1, 1]", "seeds[1]: given 1 a second time"),
        ("seeds: 2", "seeds: [-1]", "seeds[0]: given -1; allowed: a count n"),
        ("seeds: 2", "seeds: true", "seeds: given true; allowed:"),
        ("seeds: 2", "seeds: .inf", "seeds: given inf; allowed: a count of seeds"),
        ("seeds: 2", "epochs: .inf", "given inf; allowed: a whole number above 0"),
        ("name: tiny", "name: 2024", "name: given 2024; allowed: lower-case letters, digits and -, the first no -; in quotes, where YAML reads"),
        ("name: tiny", "name: yes", "name: given true; allowed: lower-case letters, digits and -, the first no -; in quotes, where YAML reads"),
        ("seeds: 2", "description: null", "description: given null; allowed: any text; in quotes"),
        ("[0.1, 1]", "{logspace: {start: 1e-5, stop: 0.1, num: 3}}", "given start: 1e-05, which is α = 1.00002; allowed: exponents of ten: for α = 1e-05 start: -5"),
        ("[0.1, 1]", "{logspace: null}", "given {'logspace': None}; allowed: a number above 0 or {logspace"),
        ("seeds: 2", "normalisation: {digits: [[0.1], [0]]}", "normalisation.digits: given (0.1), (0); allowed: finite means, and finite SDs above 0"),
        ("seeds: 2", "normalisation: {digits: [[0.1, 0.2], [1]]}", "normalisation.digits: given 2 means and 1 SDs; allowed: one of each for every channel"),
        ("seeds: 2", "normalisation: {digits: cifar10}", "normalisation.digits: given means and SDs of 3 channels; allowed: of 1, as digits has"),
        ("seeds: 2", "normalisation: {nope: none}", "normalisation.nope: given the normalisation of 'nope'; allowed: of digits"),
        ("seeds: 2", "normalisation: {digits: mine}", "normalisation.digits: given 'mine'; allowed: none, [[means], [SDs]]"),
        ("seeds: 2", "augmentation: {digits: {flip: true, crop: 8}}", "study.yaml:5: augmentation.digits: given crop: 8 of digits, images of 8×8; allowed: crop: from 1 to 7"),
        ("seeds: 2", "augmentation: {digits: {flip: false}}", "augmentation.digits: given neither flip nor crop; allowed: flip: true, crop: PIXELS, or both"),
        ("seeds: 2", "augmentation: {digits: {crop: 0}}", "augmentation.digits.crop: given 0; allowed: a whole number of pixels above 0"),
        ("seeds: 2", "augmentation: {digits: {mirror: true}}", "augmentation.digits.mirror: given the unknown key 'mirror'; allowed: the keys flip, crop"),
        ("seeds: 2", "augmentation: {digits: flip}", "augmentation.digits: given 'flip'; allowed: a mapping of the keys flip, crop"),
        ("seeds: 2", "augmentation: {nope: {flip: true}}", "augmentation.nope: given the augmentation of 'nope'; allowed: of digits"),
        ("seeds: 2", "augmentation: {mnist: {flip: true}}", "augmentation.mnist: given the augmentation of 'mnist'; allowed: of digits"),
        ("seeds: 2", "normalisation: {mnist: none}", "normalisation.mnist: given the normalisation of 'mnist'; allowed: of digits"),
        ("seeds: 2", "image_folders: {pets: 3}", "image_folders.pets: given 3; allowed: the path of a folder"),
        ("seeds: 2", "analysis: {epsilon: {mnist: 1}}", "analysis.epsilon.mnist: given the margin of 'mnist'; allowed: of digits"),
        ("seeds: 2", "models: {m: 3}", "models.m: given 3; allowed: a mapping of the keys build, arguments, version"),
        ("[digits]", "{digits: 3}", "datasets.digits: given 3; allowed: a mapping of the keys load, arguments, version, loss, metric, batch_size"),
        ("seeds: 2", "refine: 3", "refine: given 3; allowed: a mapping of the keys rounds, edge_decades"),
        ("seeds: 2", "threads: 5000", "threads: given 5000; allowed: a whole number from 1; equal bits need 1 on a CPU; at most 1,024"),
        ("seeds: 2", "epochs: 5000000000", "SGD; at most 1,000,000,000"),
        ("seeds: 2", "cells_per_job: 5000000000", "jobs; at most 1,000,000,000"),
        ("seeds: 2", "seeds: [9007199254740992]", "seeds[0]: given 9007199254740992; allowed: a count n, which gives seeds 0 to n-1, or a list of whole numbers from 0; below 9,007,199,254,740,992"),
        ("seeds: 2", "refine: {budget: 200000}", "from 1; at most 100,000"),
        ("name: tiny", f"name: {'a' * 65}", "allowed: lower-case letters, digits and -, the first no -; at most 64 characters"),
        ("seeds: 2", "analysis: {epsilon: {digits: .nan}}", "analysis.epsilon.digits: given nan; allowed: by how much"),
        ("seeds: 2", "lanes: 0", "given 0; allowed: a whole number above 0: at most so many cells train side by side"),
        ("alphas: [0.1, 1]", f"label: {'a' * 101}", "allowed: a short text of one line; at most 100 characters"),
        ("[digits]", "[pets]\nmodel: mlp\nimage_folders: {pets: " + "a" * 300 + "}", "study.yaml:4: image_folders.pets: given 'aaa"),
        ("seeds: 2", "evaluations_per_epoch: 1001", "allowed: a whole number from 1 to 1000"),
        ("datasets: [digits]", "datasets: {iris: {load: scikit-learn, arguments: {name: iris}}}\nmodel: mlp\naugmentation: {iris: {flip: true}}", "augmentation.iris: given the augmentation of iris, which scikit-learn loads; allowed: that of images"),
        ("datasets: [digits]", "datasets: {iris: {load: scikit-learn, arguments: {name: iris}}}\nmodel: mlp\nnormalisation: {iris: none}", "normalisation.iris: given the normalisation of 'iris', which own code or files hold; allowed: data that are normalised where they are loaded"),
        ("seeds: 2", "validation_split: 0.6", "study.yaml:5: validation_split: given 0.6; allowed: a share of the training split above 0, at most 0.5, or a count of its examples from 100: held out"),
        ("seeds: 2", "validation_split: 99", "validation_split: given 99; allowed: a share of"),
        ("seeds: 2", "validation_split: 500.5", "validation_split: given 500.5; allowed: a share of"),
        ("seeds: 2", "validation_split: true", "validation_split: given true; allowed: a number"),
        ("seeds: 2", "validation_split: 0.01", "study.yaml:5: validation_split: given 14 of the 1437 training examples of digits; allowed: from 100 to 718 of them"),
        ("seeds: 2", "validation_split: 1000", "validation_split: given 1000 of the 1437 training examples of digits; allowed: from 100 to 718"),
        ("seeds: 2", "analysis: {target_errors: {mnist: 5}}", "study.yaml:5: analysis.target_errors.mnist: given targets of 'mnist'; allowed: of digits"),
        ("seeds: 2", "analysis: {target_errors: {digits: [5, 0]}}", "analysis.target_errors.digits[1]: given 0; allowed: "),
        ("seeds: 2", "analysis: {target_errors: {digits: [5, 5]}}", "given 5.0 a second time; allowed: each value once"),
        ("seeds: 2", "analysis: {stands_for: {digitz: mnist}}", "study.yaml:5: analysis.stands_for.digitz: given what is to stand for another, 'digitz'; allowed: of digits"),
        ("seeds: 2", "seeds:", "study.yaml:5: seeds: given nothing; allowed: a count n"),
        ("seeds: 2", "epochs: {}", "epochs: given {}; allowed: a whole number above 0"),
        ("alphas: [0.1, 1]", "seeds: null", "stacks[0].seeds: given nothing; allowed: a count n"),
        ("seeds: 2", "data_root: ' '", "data_root: given ' '; allowed: the path of a folder"),
        ("seeds: 2", "image_folders: {pets: ''}", "image_folders.pets: given ''; allowed: the path of a folder"),
        ("seeds: 2", "models: {n: {build: mlp, version: yes}}", "models.n.version: given true; allowed: a word or a whole number"),
        ("seeds: 2", "own_datasets: {}", "own_datasets: given the unknown key 'own_datasets'"),
        ("seeds: 2", "clipping: [off, 3]", "clipping[1]: given 3; allowed: " + forms()),
        ("seeds: 2", "clipping: fixed(1e-50)", "given 1e-50; allowed: a number from 1.18e-38 to 3.4e+38"),
        ("[0.1, 1]", "[0.1, 1e-50]", "alphas[1]: given 1e-50; allowed: a number from 1.18e-38 to 3.4e+38, as training in float32"),
        ("SGD / SGD", "SGD(1e39) / SGD", "given 'SGD(1e39) / SGD' (in 'SGD(1e39)': alpha = 1e+39, inf in float32, is out of range); allowed: above 0"),
        ("SGD / SGD", "[SGD / SGD, sgd/sgd]", "stacks[0].stack[1]: given SGD / SGD a second time"),
        ("[0.1, 1]", "{logspace: {start: -5, stop: 0, num: 1}}", "alphas.logspace: given num: 1 from -5 to 0; allowed: a num from 2"),
        ("[0.1, 1]", "{logspace: {start: 0.01, stop: 1, num: 3}}", "given start: 0.01, which is α = 1.02329; allowed: exponents of ten: for α = 0.01 start: -2"),
        ("alphas: [0.1, 1]", "alphas: [1], label: SGD", "stacks[0].label: given the label 'SGD' for SGD, which is that of SGD(0.01) / SGD; allowed: one label for each stack"),
        ("alphas: [0.1, 1]}", "label: x}\n  - {stack: SGD(0.1) / SGD, label: x}", "study.yaml:5: stacks[1].label: given the label 'x' for SGD(0.1) / SGD, which is that of SGD(0.01) / SGD"),
        ("alphas: [0.1, 1]", 'label: "a\\u2028b"', "stacks[0].label: given 'a\\u2028b'; allowed: a short text of one line"),
        ("seeds: 2", "evaluations_per_epoch: 0", "evaluations_per_epoch: given 0; allowed: a whole number from 1 to 1000"),
        ("seeds: 2", "sedes: 2", "study.yaml:5: sedes: given the unknown key 'sedes'; allowed: the keys "),
        ("seeds: 2", "epochs: {SGD: 0}", "epochs.SGD: given 0; allowed: a whole number above 0"),
        ("seeds: 2", "epochs: {SDG: 1}", "epochs: given the key 'SDG'; allowed: the lowest optimizers " + LOWEST),
        ("seeds: 2", "clipping: maybe", "clipping: given 'maybe'; allowed: " + forms()),
        ("seeds: 2", "clipping: scale", "clipping: given clipping scale without its factor; allowed: scale(FACTOR)"),
        ("seeds: 2", "clipping: autoclip(101)", "given autoclip: percentile = 101; allowed: above 0, at most 100"),
        ("seeds: 2", "clipping: agc(0.01, global)", "given clipping agc takes no norm; allowed: factor, scope"),
        ("seeds: 2", "clipping: {kind: fixed, factor: 1}", "given fixed with a factor; allowed: threshold, scope, norm"),
        ("seeds: 2", "clipping: {kind: fixed}", "given clipping fixed without its threshold; allowed: fixed(THRESHOLD)"),
        ("seeds: 2", "clipping: {kind: fixed, threshold: -1}", "given fixed: threshold = -1; allowed: above 0 and finite"),
        ("seeds: 2", "clipping: [on, true]", "clipping[1]: given on a second time; allowed: each value once"),
        ("seeds: 2", "clipping: {kind: off, scope: all}", "given off with a scope; allowed: off alone"),
        ("seeds: 2", "clipping: {scope: everything}", "clipping.scope: given 'everything'; allowed: weights, hyper, all"),
        ("seeds: 2", "model: vgg", "model: given 'vgg'; allowed: one of " + ", ".join(MODELS)),
        ("seeds: 2", "model: cnn-relu-valid-each", "study.yaml:5: model: given cnn-relu-valid-each, whose layers leave nothing of the 8×8 pixels of digits; allowed: on digits one of " + FITTING),
        ("seeds: 2", "model: [mlp, gpt-nano]", "study.yaml:5: model[1]: given gpt-nano, which reads tokens, on the images of digits; allowed: a network of images"),
        ("seeds: 2", "models: {m: {build: char-lstm}}", "study.yaml:5: models.m: given m, which reads tokens, on the images of digits; allowed: a network of images"),
        ("seeds: 2", "device: gpu", "device: given 'gpu'; allowed: auto, cpu, cuda or cuda:N"),
        ("seeds: 2", "image_folders: {mnist: data}", "given an image folder named 'mnist'; allowed: names other than"),
        ("seeds: 2", 'image_folders: {pets: "a\\0b"}', "study.yaml:5: image_folders.pets: given 'a\\x00b'; allowed: the path"),
        ("seeds: 2", 'data_root: "a\\0b"', "study.yaml:5: data_root: given 'a\\x00b'; allowed: the path of a folder"),
        ("seeds: 2", "data_root: ~nobody-of-this-name/data", "data_root: given '~nobody-of-this-name/data'; allowed: the path"),
        ("seeds: 2", "seeds: 2\nseeds: 3", "study.yaml:6: given the key 'seeds' twice (first on line 5); allowed: each key once"),
        ("seeds: 2", "seeds: !!python/object:os.system 2", "study.yaml:5: given the tag"),
        ("seeds: 2", "<<: {seeds: 2}", "given the key <<; allowed: keys written out"),
        ("seeds: 2", "seeds: [2", "given a line that YAML cannot read"),
        ("seeds: 2", "seeds:\n\t- 2", "study.yaml:6: given a line that YAML cannot read"),
        ("seeds: 2", "---\nname: two", "given a line that YAML cannot read"),
    ],
)  # fmt: skip
def test_each_mistake_is_one_line_that_names_place_given_and_allowed(
    tmp_path: Path, old: str, new: str, words: str
) -> None:
    assert old in MINIMAL
    with pytest.raises(StudyError) as error:
        plan_of(tmp_path, MINIMAL.replace(old, new))
    [line] = str(error.value).splitlines()
    assert LINE.match(line), line
    assert words in line


def test_every_problem_is_named_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = "name: store\ncolour: red\ndatasets: []\nstacks: [Foo, SGD^beta]\nseeds: -1\n"
    with pytest.raises(StudyError) as error:
        plan_of(tmp_path, text)
    lines = [int(line.split("study.yaml:")[1].split(":")[0]) for line in str(error.value).splitlines()]
    assert lines == [1, 2, 3, 4, 4, 5]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "given an empty file; allowed: a mapping of the keys datasets, name, stacks, model,"),
        (b"# nothing\n", "given an empty file"),
        (b"- a\n- b\n", "given a file that holds no mapping"),
        (b"name: \xff\xfe", "given bytes that are no UTF-8, at byte 6; allowed: text in UTF-8"),
        ("name: tiny".encode("utf-16"), "given bytes that are no UTF-8"),
        (b"name: a\x00b", "YAML cannot read"),
        (b"[" * 5000, "given values nested more than 20 deep; allowed: at most 20 levels"),
        (b"a: &a [x, *a]\n", "given more than 100,000 values"),
        (b"[" + b"1," * 200_000 + b"1]", "given more than 100,000 values"),
        (b"#" * 2_000_000, "given 2,000,000 bytes; allowed: a YAML file of at most 1,000,000 bytes"),
        (
            b"a: &a [1,1,1,1,1,1,1,1,1,1]\n"
            + b"".join(
                b"%c: &%c [%s]\n" % (n, n, b",".join([b"*%c" % (n - 1)] * 10)) for n in range(98, 115)
            ),
            "given more than 100,000 values",
        ),
    ],
    ids=["empty", "comment", "list", "binary", "utf16", "nul", "deep", "self", "long", "large", "bomb"],
)
def test_files_that_hold_no_study_end_in_words_within_seconds(
    tmp_path: Path, content: bytes, words: str
) -> None:
    path = tmp_path / "study.yaml"
    path.write_bytes(content)
    began = time.process_time()
    with pytest.raises(StudyError) as error:
        load(path)
    assert time.process_time() - began < PATIENCE_SEC
    assert words in str(error.value)
    assert "own_datasets" not in str(error.value)
    assert all(LINE.match(line) for line in str(error.value).splitlines())


def test_a_config_that_is_not_there_is_told_from_what_is(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").touch()
    (tmp_path / "link.yaml").symlink_to("gone.yaml")
    for name, words in (
        (
            "study.yml",
            f"is not there; allowed: the path of a study's YAML file; {tmp_path}/study.yaml is there",
        ),
        ("other.yaml", "is not there; allowed: the path of a study's YAML file"),
        ("link.yaml", "is a link to gone.yaml, which is not there; allowed: the path of a study's YAML file"),
        (
            "study.yaml/a.yaml",
            f"lies below {tmp_path}/study.yaml, which is no folder; allowed: the path of a study's",
        ),
    ):
        with pytest.raises(StudyError) as error:
            load(tmp_path / name)
        assert str(error.value).startswith(f"{tmp_path}/{name}: given a file that {words}")
        assert ("study.yaml is there" in str(error.value)) == (name == "study.yml")


def test_paths_that_hold_no_file_end_in_words(tmp_path: Path) -> None:
    for path in (tmp_path / "nothing.yaml", tmp_path, Path("a\0b"), tmp_path / ("x" * 300)):
        with pytest.raises(StudyError, match="given .*; allowed: "):
            load(path)


# Values that a slip of the hand, a bad template or malice may put anywhere in a config.
_JUNK: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(10**25), 10**25),
        st.floats(),
        st.text(max_size=20),
        st.sampled_from(["on", "off", "1e-3", "SGD / SGD", "Adam^", "digits", "auto", "2020-01-01", "1:30", "0x1F", "a\0b"]),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
_VALID = """\
name: tiny
description: a study
datasets: [digits, mnist]
model: mlp
alphas: [0.1, {logspace: {start: -3, stop: -2, num: 3}}]
clipping: [off, on, {scope: [weights, hyper], norm: global, feedback: raw}]
epochs: {SGD: 2, Adam: 1}
batch_size: 32
seeds: [0, 3]
baselines: true
device: cpu
threads: 1
data_root: data
download: false
reuse: exact
max_cells: 5000
validation_split: 0.1
evaluations_per_epoch: 4
image_folders: {mine: folder}
stacks:
  - SGD / SGD
  - {stack: [Adam / SGD, Adam^alpha / SGD], label: null, alphas: 1e-4, seeds: 2, datasets: [mine], model: cnn}
"""


def _places(value: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every location of a tree, the root apart."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, item in items for found in ((*place, key), *_places(item, (*place, key)))]


def _parent(data: Any, place: tuple[Any, ...]) -> Any:
    for key in place[:-1]:
        data = data[key]
    return data


@st.composite
def _mutated(draw: st.DrawFn) -> str:
    data = yaml.safe_load(_VALID)
    for _ in range(draw(st.integers(1, 3))):
        places = _places(data)
        if not places:
            break
        place = draw(st.sampled_from(places))
        parent, key = _parent(data, place), place[-1]
        action = draw(st.sampled_from(["set", "set", "drop", "wrap", "twice", "rename"]))
        if action == "set":
            parent[key] = draw(_JUNK)
        elif action == "drop":
            del parent[key]
        elif action == "wrap":
            parent[key] = [parent[key]] if draw(st.booleans()) else {"value": parent[key]}
        elif action == "twice" and isinstance(parent, list):
            parent.append(parent[key])
        elif isinstance(parent, dict):
            parent[draw(st.text(max_size=10))] = parent.pop(key)
    text = yaml.safe_dump(data, allow_unicode=True, sort_keys=draw(st.booleans()))
    if draw(st.integers(0, 4)) == 0:  # one broken spot in the text itself
        spot = draw(st.integers(0, len(text)))
        text = text[:spot] + draw(st.sampled_from(list("\t{}[]:&*!|>'\"%@`#,?- \n\x07"))) + text[spot:]
    return text


def _accepted_or_in_words(path: Path, load_it: Callable[[Path], Any]) -> bool:
    began = time.process_time()
    try:
        plan = load_it(path)
    except StudyError as refused:
        plan, words = None, str(refused)
    assert time.process_time() - began < PATIENCE_SEC
    if plan is None:
        assert words
        assert all(LINE.match(line) for line in words.splitlines()), words
        assert "pydantic" not in words
        return False
    assert plan.rows
    assert sum(len(sweep.cells) for sweep in plan.sweeps) == len({row.cell.id for row in plan.rows})
    return True


@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=_mutated())
@example(text=_VALID)
def test_mutated_configs_are_accepted_or_refused_in_words(tmp_path: Path, text: str) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(text, encoding="utf-8", newline="")
    _accepted_or_in_words(path, load)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.binary(max_size=60))
def test_random_bytes_are_refused_in_words(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "study.yaml"
    path.write_bytes(data)
    assert not _accepted_or_in_words(path, load)


def test_the_config_that_is_mutated_is_a_valid_one(tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(_VALID)
    assert _accepted_or_in_words(path, load)
