"""The minus that is read, in place of the hyphen that programs write."""

import re

_HYPHEN = re.compile(r"(?<![\w.\-])-(?=\.?\d)")


def minus(text: str) -> str:
    """A text with a minus before each negative number; hyphens of words and exponents stay.

    >>> minus("-0.08 to +1.02, [-1, 2]"), minus("1e-5 of edges-mnist-30, 2026-01-02")
    ('−0.08 to +1.02, [−1, 2]', '1e-5 of edges-mnist-30, 2026-01-02')
    """
    return _HYPHEN.sub("−", text)
