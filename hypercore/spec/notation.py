"""The paper's notation for stacks, parsed: ``RMSProp^alpha,gamma / SGD(1e-4)``.

Grammar (white space is free, left is lowest)::

    stack      = optimizer, { "/", optimizer }
    optimizer  = name, [ "^", names ], [ "(", values, ")" ]
    names      = name, { ",", name } | "{", name, { ",", name }, "}"
    values     = value, { ",", value }          values without a name come first, α first
    value      = [ name, "=" ], number

Printing is ``str(stack)``; it gives the canonical form, which parses to the same stack.
"""

import re

from hypercore.spec.optimizers import RULES, Rule, SpecError, find_rule
from hypercore.spec.stack import Optimizer, Stack

# One pattern an optimizer; everything between the slashes must match it whole. `10^-5` is how the
# paper prints its values.
_NUMBER = r"[+-]?(?:10\^[+-]?\d+|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|inf|nan)"
_OPTIMIZER = re.compile(
    r"\s*(?P<name>[A-Za-z]+)\s*(?:\^\s*(?P<superscript>\{[^}]*\}|[^({]*?)\s*)?(?:\((?P<values>[^()]*)\))?\s*"
)
_VALUE = re.compile(rf"\s*(?:(?P<name>\w+)\s*=\s*)?(?P<number>{_NUMBER})\s*", re.IGNORECASE)


def parse_stack(text: str) -> Stack:
    """Parse the notation.

    Raises:
        SpecError: the text is no stack; the message names the part that is wrong and what is allowed.

    >>> str(parse_stack("Adam^α / RMSprop( 10^-5 )"))
    'Adam^alpha / RMSProp(1e-5)'
    >>> parse_stack("SGD(0.01, mu=0.9) / SGD").learned(0)
    ('alpha', 'mu')
    >>> parse_stack("SGD / SGD(-1)")
    Traceback (most recent call last):
    hypercore.spec.errors.SpecError: in 'SGD(-1)': alpha = -1 is out of range; allowed: above 0 and finite
    """
    if not text.strip():
        raise SpecError("an empty stack", "at least one optimizer, e.g. Adam / SGD")
    return Stack(tuple(_parse_optimizer(part) for part in text.split("/")))


def _parse_optimizer(text: str) -> Optimizer:
    match = _OPTIMIZER.fullmatch(text)
    if match is None:
        raise SpecError(
            f"{text.strip()!r}, which is no optimizer",
            f"NAME, NAME(0.1) or NAME^alpha(0.1) with NAME one of {', '.join(RULES)}",
        )
    try:
        rule = find_rule(match["name"])
        superscript = _parse_names(rule, match["superscript"])
        return Optimizer(rule.name, superscript, _parse_values(rule, match["values"]))
    except SpecError as error:
        raise error.inside(repr(text.strip())) from None


def _parse_names(rule: Rule, text: str | None) -> tuple[str, ...] | None:
    if text is None:
        return None
    names = [name.strip() for name in text.strip("{} ").split(",")]
    return tuple(rule.hyperparameter(name).name for name in names if name)


def _parse_values(rule: Rule, text: str | None) -> tuple[tuple[str, float], ...]:
    if text is None:
        return ()
    values: list[tuple[str, float]] = []
    named = False
    for position, part in enumerate(text.split(",")):
        match = _VALUE.fullmatch(part)
        if match is None:
            raise SpecError(f"{part.strip()!r} as a value", "a number, e.g. 0.1 or 1e-5, or name=number")
        if position >= len(rule.hyperparameters):
            raise SpecError(f"too many values in ({text})", f"{_names(rule)} of {rule.name}")
        if named and match["name"] is None:
            raise SpecError(f"in ({text}) a value without a name behind a named one", "named ones last")
        named = match["name"] is not None
        name = match["name"] or rule.hyperparameters[position].name
        values.append((rule.hyperparameter(name).name, _number(match["number"])))
    return tuple(values)


def _number(text: str) -> float:
    sign, _, exponent = text.partition("10^")
    if exponent:
        return float(f"{sign}1e{exponent}")
    return float(text)


def _names(rule: Rule) -> str:
    return ", ".join(h.name for h in rule.hyperparameters)
