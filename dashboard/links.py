"""Addresses of other pages: from rows of runs to the view that shows them."""

from urllib.parse import urlencode

import pandas as pd

from hypercore.present import palette
from hypercore.present.alphas import alone
from hypercore.present.arms import named
from hypercore.spec.stack import short

# A page draws a line a run; more lines than these hide each other.
MOST_SEEDS = 10


def inside(study: str, title: str, runs: pd.DataFrame) -> str:
    """The address of Inside a run for runs of one entry and α.

    Args:
        study: the study.
        title: the entry's title.
        runs: rows with alpha, clipping and seed; the first row's α is taken.

    >>> runs = pd.DataFrame({"alpha": [0.1, 0.1], "clipping": ["off", "on"], "seed": [3, 3]})
    >>> inside("digits", "Adam / SGD on digits", runs)
    'inside?study=digits&stack=Adam+%2F+SGD+on+digits&alpha=0.1&arms=off&arms=on&seeds=3'
    """
    alpha = float(runs["alpha"].iloc[0])
    own = runs[runs["alpha"] == alpha]
    query = {
        "study": study,
        "stack": title,
        "alpha": short(alpha),
        "arms": sorted(own["clipping"].unique()),
        "seeds": sorted(own["seed"].unique())[:MOST_SEEDS],
    }
    return f"inside?{urlencode(query, doseq=True)}"


def words(runs: pd.DataFrame) -> str:
    """What the link of some runs of one α says.

    >>> words(pd.DataFrame({"alpha": [0.1, 0.1], "clipping": ["off", "on"], "seed": [3, 3]}))
    'α = 0.1, unclipped and clipped, seed 3'
    """
    alpha = float(runs["alpha"].iloc[0])
    own = runs[runs["alpha"] == alpha]
    arms = " and ".join(map(named, palette.ordered(own["clipping"])))
    seeds = sorted(own["seed"].unique())
    which = f"seed {seeds[0]}" if len(seeds) == 1 else f"{min(len(seeds), MOST_SEEDS)} seeds"
    return f"α = {alone(alpha)}, {arms}, {which}"


def provenance(study: str, cell_id: str) -> str:
    """The address of a cell's provenance.

    >>> provenance("digits", "ab12")
    'provenance?study=digits&cell=ab12'
    """
    return f"provenance?{urlencode({'study': study, 'cell': cell_id})}"


def verdict(study: str) -> str:
    """The address of a study's verdict.

    >>> verdict("digits")
    'verdict?study=digits'
    """
    return f"verdict?{urlencode({'study': study})}"


def compare(study: str, title: str) -> str:
    """The address of an entry's comparison.

    >>> compare("digits", "Adam on digits")
    'compare?study=digits&stack=Adam+on+digits'
    """
    return f"compare?{urlencode({'study': study, 'stack': title})}"
