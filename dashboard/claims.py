"""What is claimed, each claim once, with every study that speaks to it."""

from collections.abc import Sequence

import pandas as pd

from dashboard.saying import plain
from hypercore.analysis.claims.findings import NOT_PLANNED, Verdict
from hypercore.present.counts import counted
from hypercore.present.sentences import claim_counts
from hypercore.present.written import read

ICONS = {
    Verdict.REPRODUCED.value: "✔ reproduced",
    Verdict.CONTRADICTED.value: "✘ contradicted",
    Verdict.UNDETERMINED.value: "? undetermined",
}
DISAGREE = "≠ studies disagree"
NOBODY = "no study"
NOT_PLANNED_HERE = "not planned here"


def joined(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """A row a claim: what the studies that decide it say together, which they are, and why.

    Args:
        tables: the table ``claims`` of each study.
    """
    found = pd.concat(tables, ignore_index=True)
    rows = [_joined(str(statement), own) for statement, own in found.groupby("statement", sort=False)]
    order = {name: place for place, name in enumerate((*ICONS.values(), DISAGREE))}
    return pd.DataFrame(rows).sort_values(
        "verdict", key=lambda names: names.map(order), kind="stable", ignore_index=True
    )


def _joined(statement: str, own: pd.DataFrame) -> dict[str, object]:
    decided = own[own["verdict"] != Verdict.UNDETERMINED.value]
    verdicts = list(dict.fromkeys(decided["verdict"])) or [Verdict.UNDETERMINED.value]
    said = [
        f"{row.study}{f' ({row.verdict})' if len(verdicts) > 1 else ''}: {row.reason}"
        for row in decided.itertuples()
    ]
    return {
        "verdict": ICONS[verdicts[0]] if len(verdicts) == 1 else DISAGREE,
        "claim": statement,
        "decided by": "; ".join(said) or NOBODY,
        "undetermined in": int((own["reason"] != NOT_PLANNED).sum()) - len(decided),
        "source": own["source"].iloc[0],
    }


def listed(found: pd.DataFrame) -> dict[str, str]:
    """What :func:`joined` gives as lists in Markdown, one a verdict: sentences that a table would cut."""
    return {
        str(verdict): "\n".join(_item(row) for _, row in own.iterrows())
        for verdict, own in found.groupby("verdict", sort=False)
    }


def _item(claim: pd.Series) -> str:
    decided = "" if claim["decided by"] == NOBODY else f"{claim['decided by']}. "
    left = counted(claim["undetermined in"], "study", "studies")
    about = f"{decided}Undetermined in {left}. Source: {claim['source']}."
    return f"- {plain(read(claim['claim']))}  \n  :small[{plain(read(about))}]"


def of_study(judged: pd.DataFrame) -> pd.DataFrame:
    """One study's table of claims as its page lists them: the decided first, the unplanned last."""
    order = {name: place for place, name in enumerate((*ICONS.values(), NOT_PLANNED_HERE))}
    shown = judged["verdict"].map(ICONS).where(judged["reason"] != NOT_PLANNED, NOT_PLANNED_HERE)
    return judged.assign(shown=shown).sort_values(
        "shown", key=lambda names: names.map(order), kind="stable", ignore_index=True
    )


def numbered(found: pd.DataFrame) -> dict[str, str]:
    """What :func:`of_study` gives as lists in Markdown, one a verdict; a claim has its row's number."""
    return {
        str(verdict): "\n".join(f"{place + 1}. {_said(found.iloc[place])}" for place in own.index)
        for verdict, own in found.groupby("shown", sort=False)
    }


def _said(claim: pd.Series) -> str:
    why = "" if claim["reason"] == NOT_PLANNED else f"{claim['reason']}. "
    about = f"{why}Source: {claim['source']}."
    return f"{plain(read(claim['statement']))}  \n   :small[{plain(read(about))}]"


def tally(judged: pd.DataFrame | None) -> str:
    """How many claims came out in each way, where any was judged, by a study's table of them.

    >>> tally(pd.DataFrame({"verdict": ["reproduced", "undetermined"], "reason": ["why", NOT_PLANNED]}))
    'What was claimed: 1 ✔ reproduced, 0 ✘ contradicted, 0 ? undetermined; 1 is not planned here'
    """
    if judged is None or judged.empty:
        return "What was claimed"
    counts, rest = claim_counts(judged)
    return f"What was claimed: {', '.join(f'{n} {ICONS[name]}' for name, n in counts.items())}{rest}"
