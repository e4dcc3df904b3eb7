"""What programs write, as people read it: signs in place of two letters, words in place of codes."""

import re

from hypercore.present.signs import minus
from hypercore.spec.columns import Status

# What came of a run.
STATUS = {
    Status.FINISHED.value: "finished",
    Status.NONFINITE.value: "not finite",
    Status.FAILED.value: "failed",
    Status.NOT_APPLICABLE.value: "does not apply",
    Status.MISSING.value: "not run yet",
}
_SIGNS = {"<=": "≤", ">=": "≥", "!=": "≠", "+-": "±"}
_EXPONENT = re.compile(r"(?<=\d)e(?:\+0*|(-)0+)(?=\d)")
_CODE = re.compile(r"\b(not_applicable|nonfinite)\b")


def read(text: str) -> str:
    """A sentence of a table as it is read.

    >>> read("10 < α <= 100: -0.3 [-1, 3.2e-07] over 1e+05 runs, 2 not_applicable")
    '10 < α ≤ 100: −0.3 [−1, 3.2e-7] over 1e5 runs, 2 does not apply'
    """
    for letters, sign in _SIGNS.items():
        text = text.replace(letters, sign)
    text = _EXPONENT.sub(lambda found: f"e{found[1] or ''}", text)
    return minus(_CODE.sub(lambda found: STATUS[found[0]], text))


def status(code: object) -> str:
    """What came of a run, in words.

    >>> status("not_applicable"), status("stored")
    ('does not apply', 'stored')
    """
    return STATUS.get(str(code), str(code))
