"""The numbers of models, of the digits and of the training loop: none moves without its version."""

from pathlib import Path

import pytest
import torch

from hypercore.problems.images import build
from hypercore.problems.loading import load
from hypercore.spec import cell as spec
from hypercore.spec.clipping import Clipping, Scope
from hypercore.spec.notation import parse_stack
from hypercore.spec.problems import DATASETS, MODELS
from hypercore.train.batch import train_batch

# Numerics version of each model, and its loss in float64.
MODEL_LOSSES = {
    "mlp": (2, 2.8930462846369176),
    "cnn": (2, 2.7976583591098607),
    "cnn-relu-valid-final": (2, 2.878412666536624),
    "cnn-relu-valid-each": (2, 2.9012569218051403),
    "cnn-relu-same-none": (2, 2.3772262942708284),
    "cnn-relu-same-final": (2, 2.932535131096275),
    "cnn-relu-same-each": (2, 2.905455073208177),
    "cnn-tanh-valid-none": (2, 2.8606721322944186),
    "cnn-tanh-valid-final": (2, 2.8705640330230833),
    "cnn-tanh-valid-each": (2, 2.9247445487765305),
    "cnn-tanh-same-none": (2, 2.8250881514517516),
    "cnn-tanh-same-final": (2, 2.9158441116375893),
    "cnn-tanh-same-each": (2, 2.9043963722007202),
}
# Versions of the engine, the digits and the MLP, and two losses of a cell, in float32.
CELL_LOSSES = ((2, 1, 2), (2.3418477, 0.9290406))


@pytest.mark.parametrize("name", MODEL_LOSSES)
def test_a_models_numbers_are_those_of_its_numerics_version(name: str) -> None:
    """A model whose numbers move needs a new version in ``hypercore.spec.problems.MODELS``: only then do the
    cells that use it train again. Then, and only then, enter the new figure here."""
    version, expected = MODEL_LOSSES[name]
    # The MLP and the first CNN had their figures before the other CNNs, of which some want 10 × 10 pixels.
    side = 8 if name in ("mlp", "cnn-relu-valid-final") else 10
    model = build(name, (3, side, side), 10)
    waves = torch.sin(torch.arange(model.parameters + model.padding, dtype=torch.float64) * 1.7) / 4
    images = torch.cos(torch.arange(12 * side**2, dtype=torch.float64)).view(1, 4, 3, side, side)
    found = float(model.losses(waves.unsqueeze(0), images, torch.tensor([[1, 3, 3, 7]])))
    assert (MODELS[name].numerics, found) == (version, pytest.approx(expected, rel=1e-12))


def test_a_cells_numbers_are_those_of_the_engines_and_the_digits_versions() -> None:
    """Random streams, order of the data, evaluation and pixels: where they move, raise ``ENGINE_NUMERICS`` or
    the data set's version. The tolerance leaves room for processors, not for another algorithm."""
    versions, expected = CELL_LOSSES
    given = spec.Cell("digits", "mlp", parse_stack("Adam / SGD(1e-3)"), Clipping(scope=Scope.ALL), 2, 32, 3)
    [outcome] = train_batch([given], load("digits", Path()))
    found = [outcome.facts[name] for name in ("first_batch_loss", "last_epoch_train_loss")]
    now = (spec.ENGINE_NUMERICS, DATASETS["digits"].numerics, MODELS["mlp"].numerics)
    assert now == versions
    assert found == pytest.approx(expected, rel=1e-4)
