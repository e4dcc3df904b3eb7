"""What the arguments of built-in loaders and networks may be: each name means the same in all of them."""

from typing import Any

BUNDLED = ("breast_cancer", "diabetes", "digits", "iris", "wine")
UNITS = ("characters", "bytes")
ACTIVATIONS = ("gelu", "relu", "tanh")

_TEXTS = ("path", "target", "split", "without")
_COUNTS = ("length", "width", "heads", "layers", "blocks")
_CHOICES = {"name": BUNDLED, "unit": UNITS, "activation": ACTIVATIONS}


def listed(text: str) -> list[str]:
    """The names in a text with commas between them.

    >>> listed("id, name,")
    ['id', 'name']
    """
    return [name.strip() for name in text.split(",") if name.strip()]


def allowed(argument: str, value: Any) -> str | None:
    """What an argument may be, in words, if a value is something else.

    >>> allowed("length", 64), allowed("length", 0), allowed("unit", "words")
    (None, 'a whole number above 0', 'characters, bytes')
    """
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if argument in _CHOICES:
        return None if value in _CHOICES[argument] else ", ".join(_CHOICES[argument])
    if argument in _TEXTS:
        fits, words = isinstance(value, str) and bool(value or argument == "without"), "a text"
        fits |= argument == "split" and value is None
    elif argument == "separator":
        fits, words = isinstance(value, str) and len(value) == 1, 'one letter, as ";" or "\\t"'
    elif argument == "decimal":
        fits, words = value in (".", ","), '"." or ","'
    elif argument in _COUNTS:
        fits, words = isinstance(value, int) and is_number and value > 0, "a whole number above 0"
    elif argument == "test_share":
        fits, words = is_number and 0 < value < 1, "a number above 0 and below 1"
    elif argument == "dropout":
        fits, words = is_number and 0 <= value < 1, "a number from 0 to below 1"
    elif argument == "numbers":
        fits, words = isinstance(value, bool), "true or false"
    elif argument == "hidden":
        fits, words = is_number or isinstance(value, str), 'whole numbers above 0, as 512 or "512, 512"'
        fits &= all(width.strip().isdecimal() and int(width) > 0 for width in str(value).split(","))
    else:
        return None
    return None if fits else words
