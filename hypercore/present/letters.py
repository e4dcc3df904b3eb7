"""About how wide words are, where nothing has drawn them yet."""

import html
import re

# Of a chart's words and numbers.
SIZE_PX = 12
# Shares of a font's size: letters' widths, wide enough for fonts other than ours.
_NARROW, _WIDE, _CAPITAL, _OTHER = 0.32, 0.86, 0.64, 0.56
_NARROWS, _WIDES = frozenset("ijlftr.,:;|'()[] -"), frozenset("mwMW%@—")


def words_px(words: str, size: float = SIZE_PX) -> float:
    """About the width of words, of their longest line, in pixels.

    >>> words_px("<b>0.01</b><br>at &lt; 1") < words_px("running_mean(all)")
    True
    """
    lines = (html.unescape(re.sub("<[^>]*>", "", line)) for line in words.split("<br>"))
    return size * max(sum(map(_share, line)) for line in lines)


def _share(letter: str) -> float:
    if letter in _NARROWS:
        return _NARROW
    return _WIDE if letter in _WIDES else _CAPITAL if letter.isupper() else _OTHER
