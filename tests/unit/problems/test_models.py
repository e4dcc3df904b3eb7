"""The models of images: each with a name, the CNN's choices among them, and ids as they always were."""

import pytest

from hypercore.problems.models.cnn import CNN
from hypercore.spec.problems import MODELS, model_name

CNNS = {name: model for name, model in MODELS.items() if isinstance(model, CNN)}


def test_every_choice_is_a_model_of_its_own_name() -> None:
    assert len(CNNS) == 2 * 2 * 3 and len({str(model) for model in CNNS.values()}) == len(CNNS)
    assert {name: model.name for name, model in MODELS.items()} == {name: name for name in MODELS}


def test_the_default_is_what_the_presentation_trained_and_ids_stay_what_they_were() -> None:
    """What results are kept by still calls the network with one final pool ``cnn``."""
    assert MODELS["cnn"] == CNN("relu", "valid", "none") and model_name("cnn-relu-valid-none") == "cnn"
    hashed = {name: model.hashed_name for name, model in MODELS.items()}
    assert hashed["cnn"] == "cnn-relu-valid-none" and hashed["cnn-relu-valid-final"] == "cnn"
    assert len(set(hashed.values())) == len(MODELS), "what cell ids call a model is that model's alone"
    assert {name for name in CNNS if hashed[name] != name} == {"cnn", "cnn-relu-valid-final"}
    assert hashed["mlp"] == "mlp"


@pytest.mark.parametrize(
    ("choices", "expected"),
    [
        (("valid", "none"), 28),  # 32 - 2 - 2
        (("valid", "final"), 14),
        (("valid", "each"), 6),  # 32 → 30 → 15 → 13 → 6
        (("same", "none"), 32),
        (("same", "final"), 16),
        (("same", "each"), 8),
    ],
)
def test_what_layers_leave_of_an_image(choices: tuple[str, str], expected: int) -> None:
    assert CNN("relu", *choices).side(32) == expected  # type: ignore[arg-type]


def test_images_of_which_nothing_is_left_do_not_fit() -> None:
    """8 → 6 → 3 → 1 → 0 where each convolution is followed by a pool; a last one has 8 → 6 → 4 → 2."""
    assert not MODELS["cnn-relu-valid-each"].fits((1, 8, 8))
    assert MODELS["cnn-relu-valid-each"].fits((1, 10, 10))
    assert MODELS["cnn-relu-valid-final"].fits((1, 8, 8)) and MODELS["mlp"].fits((1, 1, 1))
    assert not MODELS["cnn-relu-valid-final"].fits((3, 32, 5))
