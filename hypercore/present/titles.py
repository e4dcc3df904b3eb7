"""What an entry of a study, and a problem, are called: by as much as tells them from the study's others."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

# What tells one stack on one problem from another.
GROUP = ["label", "dataset", "model", "epochs", "batch_size"]


def title(entry: Mapping[Any, Any] | pd.Series) -> str:
    """What tells one stack from the others where a study has it on one problem."""
    return f"{entry['label']} on {entry['dataset']}"


def full_title(entry: Mapping[Any, Any]) -> str:
    """The same with all that an entry is.

    >>> full_title({"label": "Adam", "dataset": "mnist", "model": "mlp", "epochs": 5, "batch_size": 256})
    'Adam on mnist (mlp, 5 epochs, batch 256)'
    """
    rest = f"{entry['model']}, {entry['epochs']} epochs, batch {entry['batch_size']}"
    return f"{title(entry)} ({rest})"


def entry_titles(keys: Iterable[tuple[Any, ...]]) -> dict[tuple[Any, ...], str]:
    """The name of each entry, given by its values of GROUP: the short one where that is unambiguous.

    >>> list(entry_titles([("Adam", "mnist", "mlp", 5, 256), ("Adam", "digits", "mlp", 5, 32)]).values())
    ['Adam on mnist', 'Adam on digits']
    """
    entries = {key: dict(zip(GROUP, key, strict=True)) for key in dict.fromkeys(keys)}
    counts = Counter(map(title, entries.values()))
    return {
        key: title(entry) if counts[title(entry)] == 1 else full_title(entry)
        for key, entry in entries.items()
    }


def titles(frame: pd.DataFrame) -> pd.Series:
    """A name for each row's entry: the stack and the data set, and the rest where that is ambiguous."""
    # Plain tuples: pages ask often, and pandas' own joins take ten times as long.
    keys = list(zip(*(frame[name].tolist() for name in GROUP), strict=True))
    names = entry_titles(keys)
    return pd.Series([names[key] for key in keys], index=frame.index, dtype=str)


def problem_names(frame: pd.DataFrame) -> pd.Series:
    """What each row's network is trained on, and the network where a study trains several on it.

    >>> two = pd.DataFrame({"dataset": ["cars", "cars"], "model": ["deep", "tiny"]})
    >>> problem_names(two).tolist(), problem_names(two.head(1)).tolist()
    (['cars (deep)', 'cars (tiny)'], ['cars'])
    """
    several = frame.groupby("dataset")["model"].nunique() > 1
    named = [
        f"{dataset} ({model})" if several[dataset] else str(dataset)
        for dataset, model in zip(frame["dataset"], frame["model"], strict=True)
    ]
    return pd.Series(named, index=frame.index, dtype=str)
