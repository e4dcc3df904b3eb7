"""What a clipping is called wherever people read of it; configs, addresses and exports have its own name."""

from collections.abc import Mapping
from typing import Any

from hypercore.spec.clipping import OFF_NAME, ON_NAME

UNCLIPPED, CLIPPED = "unclipped", "clipped"


def named(clipping: str) -> str:
    """A clipping in a legend, or as the name of a row: the presentation's, or none, in a word.

    >>> named("off"), named("on"), named("agc(0.01)")
    ('unclipped', 'clipped', 'agc(0.01)')
    """
    return {OFF_NAME: UNCLIPPED, ON_NAME: CLIPPED}.get(clipping, clipping)


def said(clipping: str) -> str:
    """A clipping in a sentence, after a stack's name.

    >>> said("on"), said("off"), said("agc(0.01)")
    ('clipped', 'unclipped', 'clipped by agc(0.01)')
    """
    return {OFF_NAME: UNCLIPPED, ON_NAME: CLIPPED}.get(clipping, f"{CLIPPED} by {clipping}")


def of_row(row: Mapping[Any, Any]) -> str:
    """The arm of a row of RESIDUALS in words, the clipped one with its rule.

    >>> of_row({"arm": "on", "clipping": "agc(0.01)"}), of_row({"arm": "off", "clipping": "off"})
    ('clipped by agc(0.01)', 'unclipped')
    """
    return said(row["clipping"]) if row["arm"] == ON_NAME else named(row["arm"])
