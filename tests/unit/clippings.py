"""Clippings of every rule that there is, one that is added tomorrow included."""

from collections.abc import Iterable

from hypercore.spec.clippers import CLIPPERS
from hypercore.spec.clipping import Clipping


def completed(chosen: Iterable[Clipping]) -> tuple[Clipping, ...]:
    """These, and one of each rule of which none is among them, with the number 0.5 or the largest allowed."""
    chosen = tuple(chosen)
    missing = [rule for rule in CLIPPERS.values() if rule.name not in {clipping.kind for clipping in chosen}]
    numbers = [None if rule.number is None else min(0.5, rule.number.upper) for rule in missing]
    others = (Clipping(rule.name, parameter=n) for rule, n in zip(missing, numbers, strict=True))
    return (*chosen, *others)
