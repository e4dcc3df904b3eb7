"""Which of our cells stand for a published row: the same stack, data set, epochs and batch size."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache

import pandas as pd

from hypercore.analysis.published.rows import BATCH_SIZE, EPOCHS
from hypercore.spec.normalisation import NONE
from hypercore.spec.notation import parse_stack
from hypercore.spec.problems import DATASETS
from hypercore.spec.protocol import parse_protocol
from hypercore.spec.stack import Stack


@cache
def swept(stack: str) -> str:
    """Print a stack with all values in force but the rightmost α, the one that a table sweeps.

    >>> swept("SGD / SGD(50)") == swept("SGD(0.01) / SGD")
    True
    """
    parsed = parse_stack(stack).resolved
    top = replace(parsed.top, given=tuple(pair for pair in parsed.top.given if pair[0] != "alpha"))
    return str(Stack((*parsed.optimizers[:-1], top)))


@cache
def exact(stack: str) -> str:
    """Print a stack with every value in force: equal exactly where two spellings mean one stack."""
    return str(parse_stack(stack).resolved)


def published_protocol(cells: pd.DataFrame, stand_ins: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Keep the rows that were trained as the published runs were, and name the published data set.

    As they were: on the whole training split, with their epochs and batch size, their model, and their
    normalisation of pixels, and images as they are.

    ``stand_ins`` maps one of our data sets to the published one it stands for, e.g.
    ``{"cifar10-jpeg75": "cifar10"}``. The column ``published_dataset`` is added.
    """
    named = cells["dataset"].map(lambda name: (stand_ins or {}).get(name, name))
    epochs = cells["epochs"] == cells["lowest"].map(EPOCHS)
    model = cells["model"] == named.map(lambda name: DATASETS[name].model if name in DATASETS else None)
    pixels = cells["normalisation"] == named.map(_normalisation)
    whole = cells["protocol"].map(lambda text: parse_protocol(text).validation_split is None)
    plain = cells["augmentation"] == NONE
    kept = epochs & model & pixels & plain & whole.astype(bool) & (cells["batch_size"] == BATCH_SIZE)
    return cells.assign(published_dataset=named)[kept.fillna(False)]


def _normalisation(name: str) -> str | None:
    """That of a published data set, as a table has it."""
    if name not in DATASETS:
        return None
    own = DATASETS[name].normalisation
    return NONE if own is None else str(own)
