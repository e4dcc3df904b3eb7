"""The key to the notation, for who has never seen a stack, and what words mean where they first come."""

import streamlit as st

from dashboard.saying import plain
from hypercore.present import terms

_BOXES = (("weights", "the network’s"), ("Adam", "α, β₁, β₂"), ("SGD(1e-5)", "α = 1e-5"))
_WIDTH_PX, _HEIGHT_PX, _GAP_PX = 130, 52, 66


def key() -> None:
    """Draw it, folded."""
    with st.expander("How to read a stack", icon=":material/help:"):
        st.html(drawing())
        st.markdown(plain(terms.STACK))
        st.markdown(plain(terms.SHAPES))
        st.markdown("\n".join(f"- **{word}**: {plain(meaning)}" for word, meaning in terms.KEY.items()))


def words(*named: str, then: str = "") -> str:
    r"""What some words mean, for a ``help`` text where they first come, and what else there is to say.

    >>> words("decade", then="More.")
    '**decade**: a factor of ten in α\\.\n\nMore.'
    """
    return "\n\n".join(
        [*(f"**{word}**: {plain(terms.MEANINGS[word])}" for word in named), *filter(None, [then])]
    )


def drawing() -> str:
    """A stack as boxes from left to right, each trained by the one right of it, as SVG."""
    parts = []
    for place, (name, holds) in enumerate(_BOXES):
        left = place * (_WIDTH_PX + _GAP_PX)
        middle = left + _WIDTH_PX / 2
        last = place == len(_BOXES) - 1
        parts.append(
            f'<rect x="{left + 1}" y="1" width="{_WIDTH_PX}" height="{_HEIGHT_PX}" rx="6" fill="none" '
            f'stroke="currentColor" stroke-width="{2 if last else 1}"/>'
            f'<text x="{middle}" y="22" font-weight="600">{name}</text>'
            f'<text x="{middle}" y="42" font-size="13">{holds}</text>'
        )
        if place:
            end, start, height = left - _GAP_PX + 6, left - 4, _HEIGHT_PX / 2
            parts.append(
                f'<path d="M{start} {height}H{end}m7 -5l-7 5l7 5" fill="none" stroke="currentColor"/>'
                f'<text x="{(start + end) / 2}" y="{height - 7}" font-size="12">trains</text>'
            )
    width = len(_BOXES) * (_WIDTH_PX + _GAP_PX) - _GAP_PX + 2
    chosen = width - 1 - _WIDTH_PX / 2
    parts.append(f'<text x="{chosen}" y="{_HEIGHT_PX + 20}" font-size="12">left to choose</text>')
    return (
        f'<svg viewBox="0 0 {width} {_HEIGHT_PX + 26}" style="max-width: {width}px; width: 100%" role="img" '
        'aria-label="SGD(1e-5) trains Adam’s α and βs, Adam trains the weights; left to choose is SGD’s α" '
        f'fill="currentColor" text-anchor="middle">{"".join(parts)}</svg>'
    )
