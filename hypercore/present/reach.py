"""How much further the safe α reach under a clipping: the largest of them against the largest without.

Not by how much the range is wider: one that begins later would count as a loss though it reaches further.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hypercore.analysis.stats.regions import GRID_EDGE
from hypercore.present.alphas import reader


@dataclass(frozen=True)
class Reach:
    """Of a stack's two longest safe runs of α, unclipped and clipped, the upper ends.

    NaN where there is none. ``cut_off`` and ``cut_on`` tell that the grid ends there, so that it may be more.
    """

    off: float
    on: float
    cut_off: bool = False
    cut_on: bool = False

    @property
    def text(self) -> str:
        """From where to where, as it stands beside a bar.

        >>> Reach(0.1, 1.0).text, Reach(1.0, 0.5, cut_off=True).text
        ('0.1 → 1', '≥ 1 → 0.5')
        """
        if math.isnan(self.on):
            return "no safe α" if math.isnan(self.off) else "no α left safe"
        if math.isnan(self.off):
            return "none unclipped"
        read = reader([self.off, self.on])
        return f"{'≥ ' * self.cut_off}{read(self.off)} → {'≥ ' * self.cut_on}{read(self.on)}"

    @property
    def sentence(self) -> str:
        """What clipping does to the largest safe α.

        >>> Reach(0.1, 1.0, cut_on=True).sentence
        'Clipping moves the largest safe α from 0.1 to 1 or more on the grid.'
        """
        if math.isnan(self.on):
            left = "Clipping leaves no α that is shown to be safe."
            return "So this does not tell what clipping does to the range." if math.isnan(self.off) else left
        if math.isnan(self.off):
            return "Unclipped, no α is shown to be safe."
        if self.cut_off and self.cut_on:
            return "The grid cuts both ranges above, so that it does not tell which reaches further."
        if self.off == self.on:
            way = {(False, True): " down", (True, False): " up"}.get((self.cut_off, self.cut_on), "")
            return f"Clipping does not move the largest safe α{way}."
        read = reader([self.off, self.on])
        ends = (
            f"from {read(self.off)}{' or more' * self.cut_off} to {read(self.on)}{' or more' * self.cut_on}"
        )
        return f"Clipping moves the largest safe α {ends} on the grid."


def reach(on: Mapping[Any, Any], off: Mapping[Any, Any]) -> Reach:
    """Compare two rows of REGIONS, the same stack's with a clipping and without.

    >>> off = {"alpha_high": 0.1, "reason_high": "unsafe"}
    >>> reach({"alpha_high": 10.0, "reason_high": "grid"}, off).text
    '0.1 → ≥ 10'
    """
    cut_off, cut_on = (row["reason_high"] == GRID_EDGE for row in (off, on))
    return Reach(float(off["alpha_high"]), float(on["alpha_high"]), cut_off, cut_on)
