"""What an entry of a study, and a problem, are called: by as much as tells them from the study's others."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import compress
from typing import Any

import pandas as pd

from hypercore.present.counts import counted

# What tells one stack on one problem from another.
GROUP = ["label", "dataset", "model", "epochs", "batch_size"]
# The columns in which a row's names are kept.
TITLE, PROBLEM = "title", "problem"

# What full_title makes, taken apart: in a model's name no space comes before its arguments.
_LONG = re.compile(
    r"(?P<head>.+) \((?P<model>(?:(?! \().)+), (?P<epochs>\d+ epochs?), batch (?P<batch>\d+)\)"
)


def title(entry: Mapping[Any, Any] | pd.Series) -> str:
    """What tells one stack from the others where a study has it on one problem."""
    return f"{entry['label']} on {entry['dataset']}"


def full_title(entry: Mapping[Any, Any]) -> str:
    """The same with all that an entry is.

    >>> full_title({"label": "Adam", "dataset": "mnist", "model": "mlp", "epochs": 5, "batch_size": 256})
    'Adam on mnist (mlp, 5 epochs, batch 256)'
    """
    rest = f"{entry['model']}, {counted(entry['epochs'], 'epoch')}, batch {entry['batch_size']}"
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


def with_titles(frame: pd.DataFrame, study: pd.DataFrame) -> pd.DataFrame:
    """Rows with what :func:`titles` and :func:`problem_names` call them among all entries of their study.

    A table may lack some of those, as that of safe ranges does where a stack has no baselines; by its own
    rows alone the others would have shorter names there than elsewhere.

    Args:
        frame: rows with the columns GROUP; others, and rows that are named already, come back as they are.
        study: rows of every entry of the study.
    """
    if TITLE in frame or not set(GROUP) <= set(frame):
        return frame
    every = pd.concat([frame[GROUP], study[GROUP].drop_duplicates()])
    first = len(frame)
    names = {TITLE: titles(every).iloc[:first], PROBLEM: problem_names(every).iloc[:first]}
    return frame.assign(**{name: found.to_numpy() for name, found in names.items()})


def without_titles(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows without what :func:`with_titles` gave them, as their table has them."""
    return frame.drop(columns=[TITLE, PROBLEM], errors="ignore")


def titles(frame: pd.DataFrame) -> pd.Series:
    """A name for each row's entry: the stack and the data set, and the rest where that is ambiguous.

    That which :func:`with_titles` gave it, else one by the rows of this frame.
    """
    if TITLE in frame:
        return frame[TITLE]
    # Plain tuples: pages ask often, and pandas' own joins take ten times as long.
    keys = list(zip(*(frame[name].tolist() for name in GROUP), strict=True))
    names = entry_titles(keys)
    return pd.Series([names[key] for key in keys], index=frame.index, dtype=str)


def brief(full: Iterable[str], *, data: bool = True) -> dict[str, str]:
    """Titles as they are read side by side: without what all that are long have in common.

    Without ``data`` the data set is left out, too, where all have the same.

    >>> rest = "30 epochs, batch 32)"
    >>> both = [f"Adam on cars (deep(hidden=9), {rest}", f"Adam on cars (tiny(hidden=4), {rest}"]
    >>> list(brief(both).values()), list(brief(both, data=False).values())
    (['Adam on cars (deep)', 'Adam on cars (tiny)'], ['Adam (deep)', 'Adam (tiny)'])
    """
    listed = list(dict.fromkeys(full))
    long = {title: found for title in listed if (found := _LONG.fullmatch(title))}
    models = _brief_models(found["model"] for found in long.values())
    parts = [(models[found["model"]], found["epochs"], f"batch {found['batch']}") for found in long.values()]
    several = [len(set(column)) > 1 for column in zip(*parts, strict=True)]
    told = {title: ", ".join(compress(own, several)) for title, own in zip(long, parts, strict=True)}
    heads = {title: long[title]["head"] if told.get(title) else title for title in listed}
    if not data and len({head.rpartition(" on ")[2] for head in heads.values()}) == 1:
        heads = {title: head.rpartition(" on ")[0] or head for title, head in heads.items()}
    return {title: f"{head} ({told[title]})" if told.get(title) else head for title, head in heads.items()}


def brief_titles(frame: pd.DataFrame) -> pd.Series:
    """What :func:`titles` has, as :func:`brief` says it."""
    long = titles(frame)
    return long.map(brief(long))


def _brief_models(models: Iterable[str]) -> dict[str, str]:
    """The names of models without their arguments, unless another of them has the same name."""
    listed = dict.fromkeys(models)
    names = Counter(model.partition("(")[0] for model in listed)
    return {model: name if names[name := model.partition("(")[0]] == 1 else model for model in listed}


def problem_names(frame: pd.DataFrame) -> pd.Series:
    """What each row's network is trained on, and the network where a study trains several on it.

    That which :func:`with_titles` said, else by the rows of this frame.

    >>> two = pd.DataFrame({"dataset": ["cars", "cars"], "model": ["deep(hidden=9)", "tiny"]})
    >>> problem_names(two).tolist(), problem_names(two.head(1)).tolist()
    (['cars (deep)', 'cars (tiny)'], ['cars'])
    """
    if PROBLEM in frame:
        return frame[PROBLEM]
    pairs = list(zip(frame["dataset"], frame["model"], strict=True))
    models = _brief_models(model for _, model in pairs)
    several = Counter(dataset for dataset, _ in dict.fromkeys(pairs))
    named = [f"{data} ({models[model]})" if several[data] > 1 else str(data) for data, model in pairs]
    return pd.Series(named, index=frame.index, dtype=str)
