"""Numbers as charts write them: an α one way on axes, beside marks and under the pointer; a true minus."""

import pandas as pd

from hypercore.present.alphas import reader
from hypercore.present.signs import minus


def alphas(found: pd.Series) -> list[str]:
    """Each α of a chart in words, as its axis writes them.

    >>> alphas(pd.Series([1e-5, 10**-2.5]))
    ['1e-5', '0.00316']
    """
    return list(map(reader(found.dropna()), found))


def numbers(found: pd.Series, form: str) -> list[str]:
    """Numbers of both signs in words.

    >>> numbers(pd.Series([-0.5, 12.0]), "+.1f")
    ['−0.5', '+12.0']
    """
    return [minus(format(float(value), form)) for value in found]
