"""What a study's tables say, in sentences: for the report, and for anyone who reads tables aloud."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from hypercore.analysis.claims.findings import NOT_PLANNED, Verdict
from hypercore.analysis.stats.failures import failures_text
from hypercore.analysis.stats.regions import FEWEST_RUNS
from hypercore.present.alphas import reader
from hypercore.present.arms import named, said
from hypercore.present.counts import counted
from hypercore.present.gains import edge_gain, upper_gains
from hypercore.present.reach import reach
from hypercore.present.written import STATUS, read
from hypercore.results.provenance import short_commit
from hypercore.spec.augmentation import parse_augmentation
from hypercore.spec.columns import Status
from hypercore.spec.normalisation import parse_normalisation

NO_BASELINE = "Nothing trained has a baseline to compare with, so no α can be called safe."


def coverage(cells: pd.DataFrame) -> str:
    """How many planned cells have which status, and how many of them refinement added."""
    once = cells.drop_duplicates("cell_id")
    counts = once["status"].value_counts()
    listed = ", ".join(f"{n} {_came_to(str(status), n)}" for status, n in counts.items())
    added = once["round"].dropna()
    rounds = counted(added.nunique(), "round")
    more = f" {counted(len(added), 'of them was', 'of them were')} added by {rounds} of refinement."
    planned = counted(counts.sum(), "cell is", "cells are")
    return f"{planned} planned: {listed}.{more * bool(len(added))}"


def _came_to(status: str, cells: int) -> str:
    """What came of so many cells.

    >>> _came_to("not_applicable", 7), _came_to("missing", 1)
    ('do not apply', 'not run yet')
    """
    return "do not apply" if status == Status.NOT_APPLICABLE.value and cells != 1 else STATUS[status]


def provenance(cells: pd.DataFrame) -> str:
    """On which data, with how many seeds, by what and when the cells with a result were trained."""
    done = cells[cells["created_utc"].notna()]
    if done.empty:
        return ""
    commits = ", ".join(sorted({short_commit(text) for text in done["git_commit"].dropna()}))
    return (
        f"Trained on {datasets(done)} with {seed_count(done)} by hypercore "
        f"{_listed(done['hypercore_version'])} (commit {commits}), torch {_listed(done['torch_version'])}, "
        f"{_listed(done['backend'])}, on {_listed(done['device'])}; the last cell at "
        f"{done['created_utc'].max()}."
    )


def seed_count(cells: pd.DataFrame) -> str:
    """How many seeds cells have.

    >>> seed_count(pd.DataFrame({"seed": [3, 3]})), seed_count(pd.DataFrame({"seed": [3, 4]}))
    ('1 seed', '2 seeds')
    """
    return counted(cells["seed"].nunique(), "seed")


def judged_on(cells: pd.DataFrame) -> str:
    """Which split decides and which is reported; nothing where both are the test split.

    >>> judged_on(pd.DataFrame({"n_validation": [144, 144]})).partition(";")[0]
    'α are chosen and judged by their errors on 144 examples held out of the training split'
    """
    held = sorted(int(n) for n in cells["n_validation"].dropna().unique())
    if not held:
        return ""
    examples = f"{' or '.join(map(str, held))} example{'s' * (held != [1])}"
    return (
        f"α are chosen and judged by their errors on {examples} held out of the training split; errors are "
        "the test split’s unless they are called validation errors, or said to be above the baseline."
    )


def caption(cells: pd.DataFrame) -> str:
    """What a figure of these cells rests on, in a line: data, seeds, device and versions."""
    done = cells[cells["created_utc"].notna()]
    if done.empty:
        return ""
    seeds = sorted(int(seed) for seed in done["seed"].unique())
    run = seeds == list(range(seeds[0], seeds[-1] + 1)) and len(seeds) > 1
    named = f"{seeds[0]}–{seeds[-1]}" if run else ", ".join(map(str, seeds))
    return (
        f"{datasets(done)}, seed{'s' * (len(seeds) != 1)} {named}, {_listed(done['device'])}, torch "
        f"{_listed(done['torch_version'])}, {_listed(done['backend'])}, hypercore "
        f"{_listed(done['hypercore_version'])}"
    )


def datasets(cells: pd.DataFrame) -> str:
    """The data sets of cells, each with what its images went through where that is not nothing.

    >>> pixels, images = ["none", "(0.5), (0.25)"], ["none", "flip"]
    >>> datasets(pd.DataFrame({"dataset": ["a", "b"], "normalisation": pixels, "augmentation": images}))
    'a, b (pixels normalised by mean 0.5 and SD 0.25; training images mirrored at random)'
    """
    columns = ["dataset", "normalisation", "augmentation"]
    named = []
    for name, pixels, images in cells[columns].drop_duplicates().sort_values(columns).itertuples(index=False):
        said = [found.words for found in (parse_normalisation(pixels), parse_augmentation(images)) if found]
        named.append(f"{name} ({'; '.join(said)})" if said else str(name))
    return ", ".join(named)


def tally(claims: pd.DataFrame) -> str:
    """How many claims have which verdict."""
    counts, rest = claim_counts(claims)
    found = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
    return f"Of {counted(len(claims), 'claim')}: {found}{rest}. Each verdict is computed."


def claim_counts(claims: pd.DataFrame) -> tuple[dict[str, int], str]:
    """How many claims have which verdict, and, in words, of how many others nothing is planned.

    >>> frame = pd.DataFrame({"verdict": "undetermined", "reason": [NOT_PLANNED, "n is too small"]})
    >>> claim_counts(frame)
    ({'reproduced': 0, 'contradicted': 0, 'undetermined': 1}, '; 1 is not planned here')
    """
    planned = claims[claims["reason"] != NOT_PLANNED]["verdict"]
    rest = len(claims) - len(planned)
    words = f"; {counted(rest, 'is', 'are')} not planned here" if rest else ""
    return {verdict.value: int((planned == verdict.value).sum()) for verdict in Verdict}, words


def holm(effects: pd.DataFrame) -> str:
    """Which tests each adjusted p was adjusted for."""
    primary = effects[effects["test"] == "primary"]
    sizes = primary.groupby("clipping").size()
    families = ", ".join(f"{named(str(name))}: {size}" for name, size in sizes.items()) or "none"
    return (
        "Holm's p is adjusted over the primary tests, one a stack, data set and reading, of the same "
        f"clipping in this study ({families}); not over clippings, nor over other studies."
    )


def published_for(row: Mapping[Any, Any]) -> str:
    """The data set that the interval of a primary row of EFFECTS was published for.

    Not always the row's own: a data set on which nothing is published takes another's.

    >>> published_for({"interval_source": "MNIST slide, mnist"})
    'mnist'
    """
    return str(row["interval_source"]).rpartition(", ")[2]


def region(title: str, row: Mapping[Any, Any], off: Mapping[Any, Any] | None = None) -> str:
    """One row of the REGIONS table, of the entry of that title, as a sentence; ``off`` is its unclipped row.

    >>> region("Adam / SGD on mnist", {"clipping": "off", "n_safe": 0, "n_points": 9})
    'Adam / SGD on mnist, unclipped: none of 9 α is safe.'
    """
    start = f"{title}, {said(row['clipping'])}"
    if row["n_safe"] == 0:
        return f"{start}: none of {row['n_points']} α is safe."
    sign = "at least " if row["censored"] else ""
    width = f"{sign}{row['width_decades']:.2f} decades"
    low, high = map(reader(ends := [row["alpha_low"], row["alpha_high"]]), ends)
    text = f"{start}: α from {low} to {high} is safe ({width})"
    text += f": {at_worst(row)}"
    return f"{text}." if off is None else f"{text}. {reach(row, off).sentence}"


def nothing_safe(cells: pd.DataFrame, where: str = "") -> str:
    """That no α is safe, and what it would take: a baseline, or more seeds, where a study has too few.

    >>> cells = pd.DataFrame({"seed": [0, 1, 2], "baseline_id": "5d1f"})
    >>> nothing_safe(cells, "on digits")
    'No α is shown to be safe on digits: that takes 6 seeds, and there are 3.'
    >>> nothing_safe(cells.assign(baseline_id=None))
    'Nothing trained has a baseline to compare with, so no α can be called safe.'
    >>> nothing_safe(cells.head(1))
    'No α is shown to be safe: that takes 6 seeds, and there is 1.'
    """
    if cells["baseline_id"].isna().all():
        return NO_BASELINE
    seeds = cells["seed"].nunique()
    there = f"there {'is' if seeds == 1 else 'are'} {seeds}"
    words = f"No α is shown to be safe{' ' * bool(where)}{where}"
    few = f": that takes {FEWEST_RUNS} seeds, and {there}" * (seeds < FEWEST_RUNS)
    return f"{words}{few}."


def untrained(cells: pd.DataFrame) -> str:
    r"""That no cell has a result: how many failed, and the first error's first line; empty where one has one.

    >>> cells = pd.DataFrame({"cell_id": ["a", "b"], "status": "missing", "error": None})
    >>> untrained(cells), untrained(cells.assign(status=["finished", "missing"]))
    ('Nothing is trained yet.', '')
    >>> untrained(cells.assign(status="failed", error="RuntimeError: out of memory\nmore"))
    '2 of 2 cells failed, and none has a result. The first error: RuntimeError: out of memory'
    """
    once = cells.drop_duplicates("cell_id")
    failed = once[once["status"] == Status.FAILED.value]
    if not once["status"].isin([Status.FAILED.value, Status.MISSING.value]).all():
        return ""
    if failed.empty:
        return "Nothing is trained yet."
    errors = [str(error).splitlines()[0] for error in failed["error"].dropna() if str(error).strip()]
    first = f" The first error: {errors[0]}" if errors else ""
    return f"{len(failed)} of {counted(len(once), 'cell')} failed, and none has a result.{first}"


def at_worst(row: Mapping[Any, Any]) -> str:
    """How often runs fail at the worst α of a row of REGIONS, and what that does not exclude.

    Says so, too, where the table is of before this was kept.
    """
    if pd.isna(row["worst_n_done"]):
        return "what is excluded was not kept"
    counts = int(row["worst_n_failed"]), int(row["worst_n_done"])
    return f"at worst {failures_text(*counts, row['worst_failure_high'], row['worst_fitted_high'])}"


def edge(title: str, rows: pd.DataFrame, gains: pd.DataFrame) -> str:
    """The upper edge of one entry and clipping in words, with what it gains over off.

    Args:
        title: the entry's.
        rows: its rows of the EDGES table.
        gains: its rows of the GAINS table.
    """
    first = rows.iloc[0]
    start = f"{title}, {said(first['clipping'])}"
    upper = {row["failing_pct"]: row for row in rows[rows["side"] == "upper"].to_dict("records")}
    found = [f"{what} at {_edge(upper[share])}" for share, what in ((50, "half"), (10, "a tenth"))]
    text = f"{start}, {counted(first['n_runs'], 'run')}: {' and '.join(found)} fail"
    added = upper_gains(gains)
    return f"{text}." if added.empty else f"{text}. {edge_gain(added.iloc[0].to_dict())}"


def _edge(row: Mapping[Any, Any]) -> str:
    middle = f"α = {row['alpha']:.2g}" if pd.isna(row["beyond"]) else f"α {row['beyond']} the grid"
    known = [row["alpha_low"], row["alpha_high"]]
    if pd.isna(known).all():  # an interval without ends says nothing
        return read(middle)
    ends = ("open" if pd.isna(end) else f"{end:.2g}" for end in known)
    return read(f"{middle} [{', '.join(ends)}]")


def fits(counts: pd.DataFrame) -> list[str]:
    """How many published figures could be one more mean of our runs, a sentence each source and arm.

    >>> row = {"source": "paper", "arm": "off", "clipping": "off", "rows": 42, "fits": 34, "expected": 40.1}
    >>> fits(pd.DataFrame([row]))
    ['Of 42 figures of the paper (off) 34 could be one more mean of our runs; of our own means 40.1 would.']
    """
    return [
        f"Of {counted(row['rows'], 'figure')} of the {row['source']} "
        f"({row['arm'] if row['arm'] != 'on' else 'clipping ' + row['clipping']}) {row['fits']} could be one "
        f"more mean of our runs; of our own means {row['expected']:.1f} would."
        for row in counts.to_dict("records")
    ]


def _listed(column: pd.Series) -> str:
    return ", ".join(sorted(map(str, column.dropna().unique())))
