"""Counts in words: one of a thing is no plural."""


def counted(count: int, noun: str, plural: str = "") -> str:
    """A count with its noun, in the singular for one.

    >>> counted(1, "seed"), counted(0, "seed"), counted(2, "cell is", "cells are")
    ('1 seed', '0 seeds', '2 cells are')
    """
    return f"{count} {noun if count == 1 else plural or f'{noun}s'}"
