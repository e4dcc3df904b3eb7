"""The CNN's choices: named once each, the default as it always was."""

import pytest

from hypercore.spec.convolutions import CONVOLUTIONS, Convolutions
from hypercore.spec.problems import MODELS


def test_every_choice_is_a_model_of_its_own_name() -> None:
    assert len(set(CONVOLUTIONS.values())) == len(CONVOLUTIONS) == 2 * 2 * 3
    assert {name: model.convolutions for name, model in MODELS.items()} == {"mlp": None, **CONVOLUTIONS}
    assert len({model.provisional for model in MODELS.values()}) == 1 + 12


def test_the_default_is_what_earlier_studies_trained() -> None:
    """Its name and version are part of what their results are kept by."""
    assert CONVOLUTIONS["cnn"] == Convolutions("relu", "valid", "final")
    assert MODELS["cnn"].numerics == 2
    words = "ReLU, no padding, one final 2×2 max-pool"
    assert MODELS["cnn"].provisional == f"provisional CNN: {words} are our choice"


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
    assert Convolutions("relu", *choices).side(32) == expected  # type: ignore[arg-type]


def test_images_of_which_nothing_is_left_do_not_fit() -> None:
    """8 → 6 → 3 → 1 → 0 where each convolution is followed by a pool; a last one has 8 → 6 → 4 → 2."""
    assert not MODELS["cnn-relu-valid-each"].fits((1, 8, 8))
    assert MODELS["cnn-relu-valid-each"].fits((1, 10, 10))
    assert MODELS["cnn"].fits((1, 8, 8)) and MODELS["mlp"].fits((1, 1, 1))
    assert not MODELS["cnn"].fits((3, 32, 5))
