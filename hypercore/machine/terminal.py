"""Print readable signs where the terminal's encoding lacks one, instead of failing."""

import codecs
import io
import os
import sys
import unicodedata
from pathlib import Path

_READABLE = "hypercore.readable"
_SIGNS = {
    "α": "alpha", "β": "beta", "γ": "gamma", "ε": "epsilon", "θ": "theta", "λ": "lambda", "μ": "mu",
    "σ": "sigma", "±": "+-", "×": "x", "·": "*", "−": "-", "–": "-", "—": "-", "…": "...", "“": '"', "”": '"',
    "‘": "'", "’": "'", "→": "->", "≤": "<=", "≥": ">=", "≈": "~", "√": "sqrt", "∞": "inf",
    "✔": "+", "✘": "x",
}  # fmt: skip


def spelled(text: str) -> str:
    r"""A text in ASCII: signs by their names, letters without their accents, the rest as escapes.

    >>> spelled("α = 0.1 ± 0.02, “Müller”, 日")
    'alpha = 0.1 +- 0.02, "Muller", \\u65e5'
    """
    return "".join(_SIGNS.get(sign) or _plain(sign) for sign in text)


def _plain(sign: str) -> str:
    plain = unicodedata.normalize("NFKD", sign).encode("ascii", "ignore").decode()
    return plain or sign.encode("ascii", "backslashreplace").decode()


def _replaced(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return spelled(error.object[error.start : error.end]), error.end


def make_readable() -> None:
    """Let standard output and error spell what their encoding lacks. Each entry point calls it."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by whoever started this
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - till the end
    codecs.register_error(_READABLE, _replaced)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_READABLE)
