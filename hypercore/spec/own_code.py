"""A study's own code: functions and classes that it names, read without running any of it."""

import ast
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypercore.spec.cell import digest
from hypercore.spec.errors import SpecError
from hypercore.spec.source import (
    FORM,
    Parameters,
    definition,
    imported,
    installed,
    parameters_of,
    statements,
    tree,
)

if TYPE_CHECKING:
    from hypercore.spec.measure import Measure

# What configs call what is built in, behind the same door: where it is, and the version of its numbers.
LOADERS = {
    name: (f"hypercore.problems.files:{function}", 1)
    for name, function in (
        ("table", "table"),
        ("text", "text"),
        ("arrays", "arrays"),
        ("scikit-learn", "scikit_learn"),
    )
}
BUILDERS = {
    name: (f"hypercore.problems.networks:{function}", 1)
    for name, function in (
        ("mlp", "mlp"),
        ("resnet20", "ResNet20"),
        ("char-lstm", "CharLSTM"),
        ("gpt-nano", "GPTNano"),
    )
}
# Of those what reads tokens, which no image holds.
_OF_TOKENS = ("CharLSTM", "GPTNano")
_LENGTH = 16


@dataclass(frozen=True)
class Entry:
    """A function or class by the file that holds it.

    ``module`` names it if it is installed, ``numerics`` is the version of its numbers if it is built in.
    """

    file: Path
    name: str
    module: str | None = None
    numerics: int | None = None

    @classmethod
    def of(cls, text: str, folder: Path, built_in: Mapping[str, tuple[str, int]] | None = None) -> "Entry":
        """Find what ``file.py:name``, relative to ``folder``, ``package.module:name``, or a name of what is
        ``built_in`` stands for.

        Raises:
            SpecError: it is of no such form, or there is no such file, module or name.
        """
        if built_in is not None and text in built_in:
            place, numerics = built_in[text]
            return replace(cls.of(place, folder), numerics=numerics)
        where, _, name = text.rpartition(":")
        if not where or not name.isidentifier():
            raise SpecError(f"{text!r}", FORM)
        if where.endswith(".py"):
            entry = cls(folder / Path(where).expanduser(), name)
        else:
            entry = cls(installed(where), name, where)
        names = entry._defined()
        if name not in names and definition(entry.file, name) is None:
            raise SpecError(f"{text!r}, a name that {entry.file} lacks", ", ".join(sorted(names)) or "none")
        return entry

    @property
    def reads_tokens(self) -> bool:
        """Whether it is built in and a network that reads tokens alone."""
        return self.numerics is not None and self.name in _OF_TOKENS

    def sources(self) -> tuple[Path, ...]:
        """The file, and those of its own folder or package that it imports, at any depth."""
        found = {self.file.resolve(): None}
        for path in (waiting := list(found)):
            for other in imported(path):
                if other not in found:
                    found[other] = None
                    waiting.append(other)
        return tuple(sorted(found))

    def texts(self) -> set[str]:
        """The texts in its source, some of which may name files; none of what is built in."""
        if self.numerics is not None:
            return set()
        nodes = (node for path in self.sources() for node in ast.walk(tree(path)))
        return {
            node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }

    def version(self) -> str:
        """A hash of all of it; of what is built in the version of its numbers."""
        if self.numerics is not None:
            return f"{self.module}:{self.name} {self.numerics}"
        contents = [hashlib.sha256(path.read_bytes()).hexdigest() for path in self.sources()]
        return digest([self.name, contents], _LENGTH)

    @property
    def words(self) -> str:
        """Where it stands."""
        return f"{self.module or self.file}:{self.name}"

    def parameters(self) -> "Parameters | None":
        """What may be given to it; None where no source says."""
        return parameters_of(self.file, self.name)

    def _defined(self) -> set[str]:
        names: set[str] = set()
        for node in statements(tree(self.file).body):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                names.add(node.name)
            elif isinstance(node, ast.ImportFrom):
                names.update(alias.asname or alias.name for alias in node.names if alias.name != "*")
            elif isinstance(node, ast.Assign):
                names.update(target.id for target in node.targets if isinstance(target, ast.Name))
        return names


def canonical(name: str, arguments: Mapping[str, Any]) -> str:
    """A name with its arguments, as tables have it.

    >>> canonical("net", {"width": 64, "act": "relu"}), canonical("net", {})
    ('net(act=relu, width=64)', 'net')
    """
    if not arguments:
        return name
    return f"{name}({', '.join(f'{key}={as_printed(arguments[key])}' for key in sorted(arguments))})"


def as_printed(value: Any) -> str:
    """An argument as a name has it."""
    return (
        {True: "true", False: "false", None: "null"}[value]
        if value is None or isinstance(value, bool)
        else str(value)
    )


@dataclass(frozen=True)
class Call:
    """A study's own function or class with its arguments, under the name that cells and tables have for it.

    ``version`` is its owner's, or a hash of the source, and of the arguments. A data set may have its
    own ``loss``, a function of outputs and targets, and a metric of its own, its ``measure``.
    """

    name: str
    entry: Entry
    arguments: Mapping[str, Any]
    version: str
    loss: Entry | None = None
    measure: "Measure | None" = None


# What a model may ask of the data that it is built for, without being given it.
FILLED = ("input_shape", "n_classes", "n_outputs")
