"""How much further the safe α reach under a clipping: the largest of them against the largest without.

Not by how much the range is wider: one that begins later would count as a loss though it reaches further.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from hypercore.analysis.stats.regions import GRID_EDGE


@dataclass(frozen=True)
class Reach:
    """Of a stack's two longest safe runs of α, clipped and not, how far apart the upper ends are.

    ``decades`` is NaN where one of them is not there (``safe`` tells of the clipped one, ``safe_off`` of the
    other). ``relation`` is ``≥`` where the grid cuts the clipped one, ``≤`` the other, ``?`` both.
    """

    decades: float
    relation: str
    safe: bool
    safe_off: bool

    @property
    def text(self) -> str:
        """As it stands beside a bar.

        >>> Reach(1.0, "=", True, True).text, Reach(-0.25, "≥", True, True).text
        ('+1.0 decades', '≥ -0.2 decades')
        """
        if not self.safe:
            return "no α left safe" if self.safe_off else "no safe α"
        if not self.safe_off:
            return "none unclipped"
        if self.relation == "?":
            return "to the grid’s end"
        return f"{'' if self.relation == '=' else f'{self.relation} '}{self.decades:+.1f} decades"

    @property
    def sentence(self) -> str:
        """What clipping does to the largest safe α.

        >>> Reach(1.0, "≥", True, True).sentence
        'Clipping moves the largest safe α up by at least 1.0 decades on the grid.'
        """
        if not self.safe:
            left = "Clipping leaves no α that is shown to be safe."
            return left if self.safe_off else "So this does not tell what clipping does to the range."
        if not self.safe_off:
            return "Without clipping no α is shown to be safe."
        if self.relation == "?":
            return "The grid cuts both ranges above, so that it does not tell which reaches further."
        decades = round(self.decades, 6)
        if decades == 0:
            way = {"≥": "down", "≤": "up"}.get(self.relation)
            return f"Clipping does not move the largest safe α{f' {way}' if way else ''}."
        # A lower bound of a move up is an upper one of a move down.
        least, most = ("≥", "≤") if decades > 0 else ("≤", "≥")
        bounds = {least: "at least ", most: "at most "}.get(self.relation, "")
        way = "up" if decades > 0 else "down"
        return f"Clipping moves the largest safe α {way} by {bounds}{abs(decades):.1f} decades on the grid."


def reach(on: Mapping[Any, Any], off: Mapping[Any, Any]) -> Reach:
    """Compare two rows of REGIONS, the same stack's with a clipping and without.

    >>> off = {"alpha_high": 0.1, "reason_high": "unsafe"}
    >>> reach({"alpha_high": 10.0, "reason_high": "grid"}, off).text
    '≥ +2.0 decades'
    """
    safe, safe_off = pd.notna(on["alpha_high"]), pd.notna(off["alpha_high"])
    if not (safe and safe_off):
        return Reach(math.nan, "=", safe, safe_off)
    cut = on["reason_high"] == GRID_EDGE, off["reason_high"] == GRID_EDGE
    relation = {(True, True): "?", (True, False): "≥", (False, True): "≤"}.get(cut, "=")
    return Reach(math.log10(on["alpha_high"] / off["alpha_high"]), relation, True, True)
