"""Every optimizer, clipper, model and data set has what docs/adding.md asks for."""

import re
from pathlib import Path

import pytest

from hypercore.spec.clippers import CLIPPERS, Clipper, ClipState, Found, Seen
from hypercore.spec.clipping import forms, parse_clipping
from hypercore.spec.errors import SpecError
from hypercore.spec.notation import parse_stack
from hypercore.spec.optimizers import RULES
from hypercore.spec.problems import DATASETS, MODELS, model_name
from hypercore.spec.stack import short
from tests.unit.core import test_against_package, test_against_torch, test_clipping, test_golden
from tests.unit.core import test_hypergradient as differences
from tests.unit.train import conftest, test_datasets, test_invariance
from tests.unit.train import test_golden as models_golden

DOCS = Path(__file__).parents[3] / "docs"


def named(notations: object, name: str) -> bool:
    """Whether an optimizer is the lowest of one of these, or just above it if it can't be the lowest."""
    stacks = [parse_stack(str(notation)).optimizers for notation in list(notations)]  # type: ignore[call-overload]
    level = int(RULES[name].per_hyperparameter)
    return name in {optimizer.name for stack in stacks for optimizer in stack[level : level + 1]}


def kinds(texts: object) -> set[str]:
    return {parse_clipping(str(text)).kind for text in list(texts)} - {"off"}  # type: ignore[call-overload]


@pytest.mark.parametrize("name", RULES)
def test_an_optimizer_has_all_that_is_asked_for(name: str) -> None:
    rule = RULES[name]
    assert rule.name == name and rule.source and rule.default_epochs > 0 and rule.numerics > 0
    assert rule.__doc__ and "w'" in rule.__doc__, "the formula"
    assert rule.hyperparameters[0].name == "alpha"
    assert named(test_golden.GOLDEN, name), "a golden figure"
    oracles = [notation for notation, _, _ in test_against_torch.SAME] + test_against_package.STACKS
    assert named(oracles, name), "an oracle"
    assert named(differences.STACKS, name), "finite differences"
    assert named(test_invariance.SHAPES, name), "lane invariance"


@pytest.mark.parametrize("name", CLIPPERS)
def test_a_clipper_has_all_that_is_asked_for(name: str) -> None:
    rule = CLIPPERS[name]
    assert rule.name == name and rule.source and rule.numerics > 0
    assert rule.__doc__ and re.search("θ|g'", rule.__doc__), "the formula"
    assert name in kinds(test_clipping.GOLDEN), "a golden figure"
    assert name in test_clipping.ORACLES, "an oracle"
    assert name in kinds(test_invariance.CLIPPINGS), "lane invariance"
    assert name in kinds(conftest.RULES), "steps that wait for no device"
    assert rule.form in forms()


@pytest.mark.parametrize("name", MODELS)
def test_a_model_has_all_that_is_asked_for(name: str) -> None:
    """Lane invariance (``test_invariance.py``) draws from the registry itself."""
    model = MODELS[name]
    assert model.name == name and model.numerics > 0 and type(model).__doc__
    assert name in models_golden.MODEL_LOSSES, "a golden figure"
    shapes = model.shapes((3, 10, 10), 7)
    assert model.fits((3, 10, 10)) and next(reversed(shapes.values())) == (7,), "its last bias, one a class"
    assert name == model_name(name) and all(model_name(alias) == name for alias in model.aliases)


@pytest.mark.parametrize("name", DATASETS)
def test_a_data_set_has_all_that_is_asked_for(name: str) -> None:
    spec = DATASETS[name]
    assert spec.name == name and type(spec).__doc__ and spec.numerics > 0
    module, _, function = spec.source.rpartition(".")
    assert module.startswith(("sklearn", "torchvision")) and function, "where its authors' reader is"
    assert spec.image_shape is not None and MODELS[spec.model].fits(spec.image_shape)
    assert spec.n_classes > 1 and spec.batch_size > 0 and spec.n_train and spec.full_scale > 0
    if spec.layout is not None:  # its files are not in this repository
        assert name in test_datasets.MISSING, "what is said where they are missing"


def test_the_documents_name_every_rule_with_its_defaults() -> None:
    notation = " ".join((DOCS / "notation.md").read_text(encoding="utf-8").split())
    study = (DOCS / "study.md").read_text(encoding="utf-8")
    for name, rule in RULES.items():
        said = ", ".join(f"{h.greek} = {short(h.default)}" for h in rule.hyperparameters[:1])
        assert f"{name} {said}" in notation, name
    for name, clipper in CLIPPERS.items():
        assert f"`{name}" in study and (clipper.number is None or f"`{clipper.number.name}`" in study), name
    assert all(f"`{name}`" in study for name in (*DATASETS, *MODELS) if not name.startswith("cnn-"))


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
