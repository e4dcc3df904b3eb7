"""α as people read them: short, and still told apart. Configs, addresses and exports keep them exact."""

from collections.abc import Callable, Iterable

from hypercore.spec.stack import SIGNIFICANT_DIGITS, short

_FEWEST_DIGITS = 3


def reader(alphas: Iterable[float]) -> Callable[[float], str]:
    """How α are written beside each other: to 3 significant digits, or as many more as tell them apart.

    >>> list(map(reader([13.7481, 10**-2.5, 1000.0]), [13.7481, 10**-2.5, 1000.0]))
    ['13.7', '0.00316', '1000']
    >>> list(map(reader([0.1, 0.1001, 13.7481]), [0.1, 0.1001, 13.7481]))
    ['0.1', '0.1001', '13.75']
    """
    known = set(map(float, alphas))
    exact = len(set(map(short, known)))
    tried = range(_FEWEST_DIGITS, SIGNIFICANT_DIGITS)
    digits = next((n for n in tried if len({_to(n, alpha) for alpha in known}) == exact), SIGNIFICANT_DIGITS)
    return lambda alpha: _to(digits, alpha)


def alone(alpha: float) -> str:
    """An α that no other stands beside, as :func:`reader` writes it.

    >>> alone(10**-2.5)
    '0.00316'
    """
    return reader([alpha])(alpha)


def _to(digits: int, alpha: float) -> str:
    return short(float(f"{alpha:.{digits}g}"))
