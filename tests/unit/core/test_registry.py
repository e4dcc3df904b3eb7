"""Every optimizer, clipper, model and data set has what docs/adding.md asks for; what it lacks is named."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from hypercore.problems.torchvision_sets import TorchvisionSet
from hypercore.spec.clippers import CLIPPERS, Clipper, ClipState, Found, Seen
from hypercore.spec.clipping import forms, parse_clipping
from hypercore.spec.errors import SpecError
from hypercore.spec.notation import parse_stack
from hypercore.spec.optimizers import RULES
from hypercore.spec.problems import DATASETS, MODELS, model_name
from hypercore.spec.stack import Optimizer, short
from tests.unit.core import test_against_package, test_against_torch, test_clipping, test_golden
from tests.unit.core import test_hypergradient as differences
from tests.unit.train import test_golden as models_golden
from tests.unit.train import test_invariance, test_training

ROOT = Path(__file__).parents[3]
TESTS = "tests/unit/core"


def ours(registry: Mapping[str, object]) -> list[str]:
    """The entries of this repository, without those of packages that happen to be installed beside it."""
    return [name for name, entry in registry.items() if type(entry).__module__.startswith("hypercore.")]


def missing(entry: object, wanted: Mapping[str, object]) -> str:
    """What is wanted of an entry, by its place, and not there, in words; nothing if all is."""
    module = type(entry).__module__.replace(".", "/") + ".py"
    places = "".join(f"\n - {place}" for place, there in wanted.items() if not there)
    return places and f"what {module} adds still wants (docs/adding.md)" + places


def in_a_row(document: str, first: str, *others: str) -> bool:
    """Whether a row of a document's table begins with the first and holds the others."""
    lines = (ROOT / document).read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if re.match(rf"\| {re.escape(first)}(?!\w)", line)]
    return any(all(other in row for other in others) for row in rows)


def stacks_of(notations: Iterable[str]) -> list[tuple[Optimizer, ...]]:
    return [parse_stack(notation).optimizers for notation in notations]


def named(notations: Iterable[str], name: str) -> bool:
    """Whether an optimizer is the lowest of one of these, or just above it if it can't be the lowest."""
    level = int(RULES[name].per_hyperparameter)
    return name in {o.name for stack in stacks_of(notations) for o in stack[level : level + 1]}


@pytest.mark.parametrize("name", ours(RULES))
def test_an_optimizer_has_all_that_is_asked_for(name: str) -> None:
    rule = RULES[name]
    golden = stacks_of(test_golden.GOLDEN)
    learned, learning = {o.name for s in golden for o in s[:-1]}, {s[-1].name for s in golden}
    oracles = [notation for notation, _, _ in test_against_torch.SAME] + test_against_package.STACKS
    defaults = ", ".join(f"{h.greek} = {short(h.default)}" for h in rule.hyperparameters)
    epochs = "–" if rule.per_hyperparameter else str(rule.default_epochs)
    wanted = {
        "a docstring of its class with the formula, w' = …": "w'" in (rule.__doc__ or ""),
        "its source": rule.source,
        "default_epochs and numerics above 0": rule.default_epochs > 0 and rule.numerics > 0,
        "alpha, the first of its hyperparameters": rule.hyperparameters[0].name == "alpha",
        f"{TESTS}/test_golden.py, GOLDEN: {name} / {name}(0.001)": name in learned & learning,
        f"{TESTS}/test_against_torch.py, SAME: an oracle": named(oracles, name),
        f"{TESTS}/test_hypergradient.py, STACKS: it is learned": named(differences.STACKS, name),
        "tests/unit/train/test_invariance.py, SHAPES: it is learned": named(test_invariance.SHAPES, name),
        f"docs/notation.md, table of defaults: | `{name}` | {defaults} | {epochs} |": in_a_row(
            "docs/notation.md", f"`{name}`", f" | {defaults} | {epochs} |"
        ),
    }
    assert not missing(rule, wanted), missing(rule, wanted)


@pytest.mark.parametrize("name", ours(CLIPPERS))
def test_a_clipper_has_all_that_is_asked_for(name: str) -> None:
    """That it mixes no lanes, waits for no device and rescues no overflow is tried of all that there are."""
    rule = CLIPPERS[name]
    number = "–" if rule.number is None else f"`{rule.number.name}`"
    options = ", ".join(f"`{option}`" for option in rule.options) or "–"
    wanted = {
        "a docstring of its class with the formula, θ or g' = …": re.search("θ|g'", rule.__doc__ or ""),
        "its source": rule.source,
        "numerics above 0": rule.numerics > 0,
        f"{TESTS}/test_clipping.py, GOLDEN: {rule.form}": any(
            parse_clipping(text).kind == name for text in test_clipping.GOLDEN
        ),
        f'{TESTS}/test_clipping.py: a test under @oracle_of("{name}")': name in test_clipping.ORACLES,
        f"docs/study.md, table of rules: | `{name}…`: what it does | {number} | {options} |": in_a_row(
            "docs/study.md", f"`{name}", number, f" | {options} |"
        ),
    }
    assert not missing(rule, wanted), missing(rule, wanted)
    assert rule.form in forms()


@pytest.mark.parametrize("name", ours(MODELS))
def test_a_model_has_all_that_is_asked_for(name: str) -> None:
    """Lane invariance (``test_invariance.py``) draws from the registry itself."""
    model = MODELS[name]
    is_listed = in_a_row("docs/study.md", "`model`", f"`{name}`") or name.startswith("cnn-")
    wanted = {
        "a docstring of its class": type(model).__doc__,
        "numerics above 0": model.numerics > 0,
        f"tests/unit/train/test_golden.py, MODEL_LOSSES: {name}": name in models_golden.MODEL_LOSSES,
        f"tests/unit/train/test_training.py, PEERS: {name}": name in test_training.PEERS,
        f"docs/study.md, the key `model`: `{name}`": is_listed,
    }
    assert not missing(model, wanted), missing(model, wanted)
    shapes = model.shapes((3, 10, 10), 7)
    assert model.fits((3, 10, 10)) and next(reversed(shapes.values())) == (7,), "its last bias, one a class"
    assert name == model_name(name) and all(model_name(alias) == name for alias in model.aliases)


@pytest.mark.parametrize("name", ours(DATASETS))
def test_a_data_set_has_all_that_is_asked_for(name: str) -> None:
    """``test_datasets.py`` reads what is there without files, and misses what has files."""
    spec = DATASETS[name]
    model, shape = MODELS.get(spec.model), spec.image_shape
    is_theirs = spec.source.startswith("torchvision.datasets.") or not isinstance(spec, TorchvisionSet)
    wanted = {
        "a docstring of its class": type(spec).__doc__,
        "source: where it is from, of a TorchvisionSet torchvision.datasets.CLASS": spec.source and is_theirs,
        "n_train: how many examples train": spec.n_train,
        "n_classes from 2": spec.n_classes > 1,
        "batch_size, full_scale and numerics above 0": min(spec.batch_size, spec.full_scale, spec.numerics)
        > 0,
        "image_shape, and a model that fits it": shape and model and model.fits(shape),
        f"docs/study.md, the key `datasets`: `{name}`": in_a_row("docs/study.md", "`datasets`", f"`{name}`"),
    }
    assert not missing(spec, wanted), missing(spec, wanted)


def test_what_is_missing_is_said_with_its_place() -> None:
    assert missing(RULES["SGD"], {"docs/notation.md: a row": False, "its source": "me", "its name": ""}) == (
        "what hypercore/core/optimizers/sgd.py adds still wants (docs/adding.md)"
        "\n - docs/notation.md: a row\n - its name"
    )
    assert missing(RULES["SGD"], {"its source": "me"}) == ""
    assert in_a_row("docs/study.md", "`agc", "`factor`") and not in_a_row("docs/study.md", "`ag", "`factor`")
    assert not in_a_row("docs/study.md", "`agc", "`length`")


class Twin(Clipper):
    """g' = g, under a name that is taken."""

    name = "Fixed"
    source = "nowhere"

    def clip(self, seen: Seen, state: ClipState) -> Found:
        return Found(seen.norms, state)


def test_a_name_is_given_once() -> None:
    with pytest.raises(SpecError, match="'Fixed' a second time.*; allowed: each name once"):
        CLIPPERS.add(Twin())
    CLIPPERS.add(CLIPPERS["fixed"])  # its own module, read again
    assert CLIPPERS["fixed"].number is not None
