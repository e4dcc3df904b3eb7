"""How soon runs get somewhere and what tuning comes to, as HTML."""

from html import escape

import pandas as pd

from hypercore.present import markup, speed
from hypercore.present.arms import named


def targets(found: pd.DataFrame, profiles: pd.DataFrame) -> list[str]:
    """When each stack reaches its targets, and how they rank over several tasks."""
    parts = [_legend(speed.TARGETS_LEGEND), _table(speed.reached(found))]
    ranked = speed.profiles(profiles)
    return parts if ranked.empty else [*parts, _legend(speed.PROFILES_LEGEND), _table(ranked)]


def tuning(frame: pd.DataFrame) -> list[str]:
    """What the best of some trials is expected to come to."""
    return [_legend(speed.tuning_legend(frame)), _table(speed.tuning(frame))]


def _legend(text: str) -> str:
    return f"<p>{escape(text)}</p>"


def _table(rows: pd.DataFrame) -> str:
    if "clipping" in rows:
        rows = rows.assign(clipping=rows["clipping"].map(named))
    texts = ([escape(str(value)) for value in row] for row in rows.itertuples(index=False))
    return markup.table(list(rows.columns), texts)
