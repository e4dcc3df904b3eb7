"""What is claimed, each claim once, with every study that speaks to it."""

from collections.abc import Sequence

import pandas as pd

from dashboard.saying import plain
from hypercore.analysis.claims.findings import Verdict
from hypercore.present.counts import counted

ICONS = {
    Verdict.REPRODUCED.value: "✔ reproduced",
    Verdict.CONTRADICTED.value: "✘ contradicted",
    Verdict.UNDETERMINED.value: "? undetermined",
}
DISAGREE = "≠ studies disagree"
NOBODY = "no study"


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
        "undetermined in": len(own) - len(decided),
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
    return f"- {plain(claim['claim'])}  \n  :small[{plain(about)}]"


def tally(verdicts: pd.Series) -> str:
    """How many claims came out in each way, where any was judged.

    >>> tally(pd.Series(["reproduced", "undetermined", "reproduced"]))
    'What was claimed: 2 ✔ reproduced, 0 ✘ contradicted, 1 ? undetermined'
    """
    counts = verdicts.value_counts().to_dict()
    listed = ", ".join(f"{counts.get(name, 0)} {word}" for name, word in ICONS.items())
    return "What was claimed" + (f": {listed}" if counts else "")
