"""Errors that the user can mend, those of a specification among them."""


class UserError(Exception):
    """What was given, or lies there, is wrong, and ``str(error)`` says how: no traceback is of use."""


def first_line(error: BaseException) -> str:
    r"""What an error says in its first line; its type where it says nothing.

    >>> first_line(ValueError("  too long\nby 3")), first_line(KeyError())
    ('too long', 'KeyError')
    """
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__


class SpecError(UserError, ValueError):
    """A specification that cannot be meant: what was ``given`` and what is ``allowed``, in one line.

    >>> str(SpecError("alpha = -1 is out of range", "above 0")), SpecError("an empty stack").allowed
    ('alpha = -1 is out of range; allowed: above 0', '')
    """

    def __init__(self, given: str, allowed: str = "") -> None:
        super().__init__(given, allowed)
        self.given, self.allowed = given, allowed

    def __str__(self) -> str:
        return f"{self.given}; allowed: {self.allowed}" if self.allowed else self.given

    def inside(self, where: str) -> "SpecError":
        """The same of a part of something larger, which ``where`` names."""
        return SpecError(f"in {where}: {self.given}", self.allowed)


class DataSpecError(SpecError):
    """What a study asks of a data set, under the ``key`` of its config, and the data do not have."""

    key = ""
