"""How a run is evaluated: on which splits, and how often an epoch."""

import re
from dataclasses import dataclass, replace

from hypercore.spec.errors import DataSpecError, SpecError
from hypercore.spec.stack import rounded, short

# What runs are evaluated by unless a study says otherwise: on the test split, after each epoch.
DEFAULT_NAME = "presentation"
TEST = "test"
# So many that one example is at most a point of error.
FEWEST_HELD_OUT = 100
LARGEST_SHARE = 0.5
_TEXT = re.compile(rf"(?:{DEFAULT_NAME}|validation\((?P<split>[^()]+)\))(?:, (?P<times>\d+) evaluations)?")


class HeldOutError(DataSpecError):
    """A data set is too small for what is to be held out."""

    key = "validation_split"


@dataclass(frozen=True)
class Protocol:
    """What is held out of the training split for validation, and how often an epoch runs are evaluated.

    ``validation_split`` is a share below 1 or a count of examples; None: nothing is held out. Which examples
    are held out follows from the data alone (:func:`hypercore.problems.held_out.hold_out`): they are the same
    for all seeds and stacks.

    >>> str(Protocol()), str(Protocol(0.1)), str(Protocol(5000, 4)), str(Protocol(evaluations=4))
    ('presentation', 'validation(0.1)', 'validation(5000), 4 evaluations', 'presentation, 4 evaluations')
    """

    validation_split: float | None = None
    evaluations: int = 1

    def __post_init__(self) -> None:
        if self.validation_split is not None:
            object.__setattr__(self, "validation_split", rounded(self.validation_split))

    def __str__(self) -> str:
        split = self.validation_split
        name = DEFAULT_NAME if split is None else f"validation({short(split)})"
        return name if self.evaluations == 1 else f"{name}, {self.evaluations} evaluations"

    @property
    def judged_on(self) -> str:
        """The split whose errors decide, as tables name it.

        >>> Protocol().judged_on, Protocol(0.1, 4).judged_on
        ('test', 'validation(0.1)')
        """
        return TEST if self.validation_split is None else str(replace(self, evaluations=1))

    def held_out(self, n: int) -> int:
        """How many of ``n`` training examples are held out.

        >>> Protocol(0.1).held_out(1437), Protocol(5000).held_out(60_000), Protocol().held_out(10)
        (144, 5000, 0)
        """
        split = self.validation_split or 0
        return round(split * n) if split < 1 else int(split)

    def problem(self, dataset: str, n: int) -> HeldOutError | None:
        """What is wrong where ``n`` training examples are too few to hold so many out.

        >>> print(Protocol(0.1).problem("mine", 500))
        50 of the 500 training examples of mine; allowed: from 100 to 250 of them
        >>> print(Protocol(0.1).problem("mine", 150))
        15 of the 150 training examples of mine; allowed: data sets of at least 200, of which it holds out 100
        """
        held, most = self.held_out(n), int(n * LARGEST_SHARE)
        if self.validation_split is None or FEWEST_HELD_OUT <= held <= most:
            return None
        least = round(FEWEST_HELD_OUT / LARGEST_SHARE)
        allowed = f"data sets of at least {least}, of which it holds out {FEWEST_HELD_OUT}"
        if n >= least:
            allowed = f"from {FEWEST_HELD_OUT} to {most} of them"
        return HeldOutError(f"{held} of the {n} training examples of {dataset}", allowed)


def large_batch(dataset: str, n: int, batch_size: int) -> str | None:
    """What is said where a batch is to have more than the ``n`` examples that are left to train on.

    >>> large_batch("digits", 1437, 2048)
    'batch_size 2048 is more than the 1437 training examples of digits: each step takes all of them'
    >>> large_batch("digits", 1437, 1437) is None
    True
    """
    if batch_size <= n:
        return None
    more = f"batch_size {batch_size} is more than the {n} training examples of {dataset}"
    return f"{more}: each step takes all of them"


DEFAULT = Protocol()


def parse_protocol(text: str) -> Protocol:
    """Read a protocol as a table has it.

    Raises:
        SpecError: it is none.

    >>> [parse_protocol(str(one)) == one for one in (Protocol(), Protocol(0.1, 4), Protocol(5000.0))]
    [True, True, True]
    """
    found = _TEXT.fullmatch(text)
    try:
        if found is None:
            raise ValueError
        split = None if found["split"] is None else float(found["split"])
        return Protocol(split, int(found["times"] or 1))
    except ValueError:
        raise SpecError(f"protocol {text!r}", f"{DEFAULT_NAME} or validation(share or count)") from None
