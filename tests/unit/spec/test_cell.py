"""A cell's identity: what counts and what does not."""

from dataclasses import replace

import pytest

from hypercore.spec.augmentation import Augmentation
from hypercore.spec.cell import Cell, digest
from hypercore.spec.clipping import OFF, ON, Clipping, Feedback, Norm, Scope, parse_clipping
from hypercore.spec.columns import IDENTITY, names
from hypercore.spec.normalisation import Normalisation
from hypercore.spec.notation import parse_stack
from hypercore.spec.protocol import Protocol

CELL = Cell("digits", "mlp", parse_stack("Adam / SGD(1e-5)"), ON, 5, 32, 0)


@pytest.mark.parametrize(
    "other",
    [
        replace(CELL, dataset="mnist"),
        replace(CELL, model="cnn"),
        replace(CELL, stack=parse_stack("Adam / SGD(2e-5)")),
        replace(CELL, stack=parse_stack("Adam^alpha / SGD(1e-5)")),
        replace(CELL, clipping=OFF),
        replace(CELL, clipping=Clipping(scope=Scope.ALL)),
        replace(CELL, clipping=Clipping(norm=Norm.LEVEL)),
        replace(CELL, clipping=Clipping(feedback=Feedback.RAW)),
        replace(CELL, clipping=parse_clipping("fixed(1)")),
        replace(CELL, clipping=parse_clipping("scale(0.5)")),
        replace(CELL, epochs=6),
        replace(CELL, batch_size=33),
        replace(CELL, seed=1),
        replace(CELL, parent="0" * 20),
        replace(CELL, protocol=Protocol(0.1)),
        replace(CELL, protocol=Protocol(100)),
        replace(CELL, protocol=Protocol(evaluations=4)),
    ],
)
def test_everything_that_can_change_a_result_changes_the_id(other: Cell) -> None:
    assert other.id != CELL.id


@pytest.mark.parametrize(
    "spelling",
    [
        "Adam(0.001, 0.9, 0.999) / SGD(0.00001)",
        "Adam^beta2,alpha,beta1 / SGD^alpha(1.00000004e-5)",
        "adam/sgd(1e-5, mu=0)",
    ],
)
def test_spelling_defaults_and_rounding_do_not(spelling: str) -> None:
    assert replace(CELL, stack=parse_stack(spelling)).id == CELL.id


def test_the_number_of_a_rule_counts_and_the_row_gives_it_back() -> None:
    texts = ["fixed(1)", "fixed(1.5)", "fixed(1, weights)", "autoclip(10, all, global)", "agc(0.01, hyper)"]
    cells = [replace(CELL, clipping=parse_clipping(text)) for text in texts]
    assert len({cell.id for cell in cells}) == len(texts)
    assert [Cell.from_identity(cell.identity()).clipping for cell in cells] == [c.clipping for c in cells]
    assert "clipping.agc" in cells[-1].numerics()


def test_the_identity_row_has_the_declared_columns() -> None:
    assert tuple(CELL.identity()) == names(IDENTITY)


def test_the_id_is_stable_across_versions() -> None:
    """Stores of earlier versions are found by it: a change here orphans every result ever trained."""
    assert CELL.id == digest(CELL.spec())
    all_levels = replace(CELL, clipping=Clipping(scope=Scope.ALL))
    assert all_levels.id == "fff08bd741de4c662751"
    pooled = replace(all_levels, model="cnn-relu-valid-final", clipping=OFF)
    assert pooled.id == digest(pooled.spec() | {"model": "cnn"})


def test_a_normalisation_counts_only_where_there_is_one() -> None:
    cell = replace(CELL, normalisation=Normalisation((0.5,), (0.25,)))
    assert "normalisation" not in CELL.spec() and "normalisation" not in CELL.numerics()
    assert cell.id != CELL.id and cell.batch_key != CELL.batch_key
    assert cell.numerics() == CELL.numerics() | {"normalisation": 1}
    assert Cell.from_identity(cell.identity()) == replace(cell, stack=cell.stack.resolved)


def test_an_augmentation_counts_only_where_there_is_one() -> None:
    cell = replace(CELL, augmentation=Augmentation(flip=True, crop=4))
    assert "augmentation" not in CELL.spec() and "augmentation" not in CELL.numerics()
    assert cell.id != CELL.id and cell.batch_key == (*CELL.batch_key, cell.augmentation)
    assert cell.numerics() == CELL.numerics() | {"augmentation": 1}
    assert Cell.from_identity(cell.identity()) == replace(cell, stack=cell.stack.resolved)


@pytest.mark.parametrize("model", ["mlp", "cnn-relu-valid-final", "cnn"])
@pytest.mark.parametrize("clipping", [Clipping(scope=Scope.ALL), ON, OFF])
def test_a_row_of_before_reads_as_what_it_was(model: str, clipping: Clipping) -> None:
    """``on`` was the name of running_mean(all), ``cnn`` that of the network with one final pool, and no
    column told of a normalisation."""
    cell = replace(CELL, model=model, clipping=clipping)
    names_of_before = {
        "model": {"cnn-relu-valid-final": "cnn", "cnn": "cnn-relu-valid-none"}.get(model, model),
        "clipping": {"running_mean(all)": "on", "on": "running_mean(hyper, tensor, clipped)"}.get(
            str(clipping), str(clipping)
        ),
    }
    row = cell.identity() | names_of_before
    del row["normalisation"], row["augmentation"]
    assert Cell.from_identity(row) == replace(cell, stack=cell.stack.resolved)
