"""How a config says what its data sets' pixels go through: ``none``, or means and SDs of the channels."""

from typing import Annotated, Any

from pydantic import BeforeValidator

from hypercore.spec.normalisation import NONE, Normalisation
from hypercore.spec.optimizers import SpecError
from hypercore.spec.problems import DATASETS
from hypercore.study.config.fields import refuse

_KNOWN = [name for name, spec in DATASETS.items() if spec.normalisation is not None]
ALLOWED = f"none, [[means], [SDs]] with one of each a channel, or whose to take: {', '.join(_KNOWN)}"


def _normalisation(value: Any) -> Normalisation | None:
    if isinstance(value, Normalisation):
        return value
    if isinstance(value, str):
        if value != NONE and value not in _KNOWN:
            refuse(ALLOWED)
        return None if value == NONE else DATASETS[value].normalisation
    if not isinstance(value, list | tuple) or len(value) != len(("means", "SDs")):
        refuse(ALLOWED)
    try:
        return Normalisation(*(tuple(map(_number, numbers)) for numbers in value))
    except SpecError as error:
        refuse(error.allowed, error.given)
    except (TypeError, ValueError):
        refuse(ALLOWED)


def _number(value: Any) -> float:
    if isinstance(value, bool):  # which Python counts as a number
        raise TypeError
    return float(value)


NormalisationField = Annotated[Normalisation | None, BeforeValidator(_normalisation)]
