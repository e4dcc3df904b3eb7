"""A study's own code: functions and classes that it names, read without running any of it."""

import ast
import hashlib
import importlib.util
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypercore.spec.cell import digest
from hypercore.spec.errors import SpecError

if TYPE_CHECKING:
    from hypercore.spec.measure import Measure

FORM = "file.py:name, beside the config, or package.module:name, installed"

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
            entry = cls(_installed(where), name, where)
        names = entry._defined()
        if name not in names:
            raise SpecError(f"{text!r}, a name that {entry.file} lacks", ", ".join(sorted(names)) or "none")
        return entry

    def sources(self) -> tuple[Path, ...]:
        """The file, and those of its own folder or package that it imports, at any depth."""
        found = {self.file.resolve(): None}
        for path in (waiting := list(found)):
            for other in _imported(path):
                if other not in found:
                    found[other] = None
                    waiting.append(other)
        return tuple(sorted(found))

    def texts(self) -> set[str]:
        """The texts in its source, some of which may name files; none of what is built in."""
        if self.numerics is not None:
            return set()
        nodes = (node for path in self.sources() for node in ast.walk(_tree(path)))
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
        """What may be given to it; None where its source does not say (a class without an ``__init__``)."""
        for node in _tree(self.file).body:
            if isinstance(node, ast.FunctionDef) and node.name == self.name:
                return Parameters.of(node.args, skip=0)
            if isinstance(node, ast.ClassDef) and node.name == self.name:
                for inner in node.body:
                    if isinstance(inner, ast.FunctionDef) and inner.name == "__init__":
                        return Parameters.of(inner.args, skip=1)
        return None

    def _defined(self) -> set[str]:
        names: set[str] = set()
        for node in _tree(self.file).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                names.add(node.name)
            elif isinstance(node, ast.ImportFrom):
                names.update(alias.asname or alias.name for alias in node.names)
            elif isinstance(node, ast.Assign):
                names.update(target.id for target in node.targets if isinstance(target, ast.Name))
        return names


@dataclass(frozen=True)
class Parameters:
    """The names of a signature; ``required`` have no default, ``open`` takes any keyword."""

    names: tuple[str, ...]
    required: frozenset[str]
    open: bool

    @classmethod
    def of(cls, given: ast.arguments, skip: int) -> "Parameters":
        """Those of a function's source, without its first ``skip`` ones."""
        positional = [*given.posonlyargs, *given.args]
        without = positional[: len(positional) - len(given.defaults)]
        keywords = zip(given.kwonlyargs, given.kw_defaults, strict=True)
        required = {a.arg for a in without[skip:]} | {a.arg for a, default in keywords if default is None}
        names = (*(a.arg for a in positional[skip:]), *(a.arg for a in given.kwonlyargs))
        return cls(names, frozenset(required), given.kwarg is not None)


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


def _tree(file: Path) -> ast.Module:
    try:
        return ast.parse(file.read_bytes())
    except OSError as error:
        raise SpecError(f"{str(file)!r}, which cannot be read ({error.strerror})", FORM) from None
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        where = f"{file}:{line}" if line else str(file)
        raise SpecError(f"{where}, which is no Python ({getattr(error, 'msg', error)})", FORM) from None


def _installed(module: str) -> Path:
    """The file of an installed module. Nothing is imported, its packages neither."""
    top, *rest = module.split(".")
    try:
        spec = importlib.util.find_spec(top) if top else None
    except (ImportError, ValueError):
        spec = None
    if spec is None or (spec.origin is None and not spec.submodule_search_locations):
        raise SpecError(f"{module!r}, which is not installed", FORM)
    if not spec.submodule_search_locations:
        path = Path(str(spec.origin))
        if not rest and path.suffix == ".py":
            return path
    else:
        for folder in spec.submodule_search_locations:
            path = Path(folder).joinpath(*rest)
            for file in (path / "__init__.py", path.with_suffix(".py")):
                if file.is_file():
                    return file
    raise SpecError(f"{module!r}, of which there is no source", FORM)


def _imported(path: Path) -> Iterator[Path]:
    """The files that a file imports out of its folder, and out of the package that it is part of.

    Of what an installer has put there, which nobody edits, those of the folder alone.
    """
    installed = not {"site-packages", "dist-packages"}.isdisjoint(path.parts)
    highest = 1 if installed else len(path.parents)
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _files(_roots(path, installed), alias.name.split("."))
        elif isinstance(node, ast.ImportFrom) and node.level <= highest:
            roots = [path.parents[node.level - 1]] if node.level else _roots(path, installed)
            package = node.module.split(".") if node.module else []
            for alias in node.names:  # a name out of a package may be a module of it
                yield from _files(roots, [*package, alias.name])


def _roots(path: Path, installed: bool) -> list[Path]:
    """Where a file's imports are looked for: its folder, and that of the whole package that it is part of."""
    top = path.parent
    while (top / "__init__.py").is_file():
        top = top.parent
    return [path.parent] if installed or top == path.parent else [path.parent, top]


def _files(roots: Sequence[Path], names: Sequence[str]) -> Iterator[Path]:
    """The files that importing a module runs: its own, and those of the packages that it is in."""
    for root in roots:
        for end in range(1, len(names) + 1):
            base = root.joinpath(*names[:end])
            for file in (base.with_suffix(".py"), base / "__init__.py"):
                if file.is_file():
                    yield file.resolve()


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
