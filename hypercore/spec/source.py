"""Python files, read without running any: what they import, and where names and parameters come from."""

import ast
import importlib.util
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hypercore.spec.absent import meant, where_not
from hypercore.spec.errors import SpecError

FORM = "file.py:name, beside the config, or package.module:name, installed"

# Names for names for names: more of them than anyone gives.
_DEEPEST = 8

Definition = ast.FunctionDef | ast.ClassDef | ast.Lambda


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


def tree(file: Path) -> ast.Module:
    """A file's source.

    Raises:
        SpecError: it cannot be read, or is no Python.
    """
    try:
        return ast.parse(file.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        raise SpecError(
            f"{str(file)!r}, which {where_not(file)}", f"{FORM}{meant(file, Path.is_file)}"
        ) from None
    except OSError as error:
        raise SpecError(f"{str(file)!r}, which cannot be read ({error.strerror})", FORM) from None
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        where = f"{file}:{line}" if line else str(file)
        raise SpecError(f"{where}, which is no Python ({getattr(error, 'msg', error)})", FORM) from None


def statements(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that a file runs, those within ``if``, ``try`` and ``with`` among them."""
    for node in body:
        yield node
        for inner in ("body", "orelse", "finalbody") if isinstance(node, ast.If | ast.Try | ast.With) else ():
            yield from statements(getattr(node, inner, ()))
        for handler in getattr(node, "handlers", ()):
            yield from statements(handler.body)


def definition(file: Path, name: str, deepest: int = _DEEPEST) -> tuple[Path, Definition] | None:
    """The function or class that a name of a file stands for, and its file; None where no source says.

    It may be imported, by ``*`` as well, or be given another name.
    """
    found: list[tuple[Path, Definition] | None] = []
    for node in statements(tree(file).body) if deepest else ():
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name:
            found.append((file, node))
        elif isinstance(node, ast.Assign) and any(
            isinstance(t, ast.Name) and t.id == name for t in node.targets
        ):
            if isinstance(node.value, ast.Lambda):
                found.append((file, node.value))
            elif isinstance(node.value, ast.Name):
                found.append(definition(file, node.value.id, deepest - 1))
        elif isinstance(node, ast.ImportFrom):
            names = [a.name for a in node.names if (a.asname or a.name) == name]
            names += [name for a in node.names if a.name == "*" and not name.startswith("_")]
            if names and (other := _module(file, node)) is not None:
                found.append(definition(other, names[0], deepest - 1))
    return next((one for one in reversed(found) if one is not None), None)


def _module(file: Path, node: ast.ImportFrom) -> Path | None:
    """The file of the module that names are imported from."""
    package = node.module.split(".") if node.module else []
    roots = (
        [file.parents[node.level - 1]] if 0 < node.level <= len(file.parents) else _roots(file, alone=False)
    )
    if (found := _first(roots, package)) is not None:
        return found
    try:
        return None if node.level else installed(".".join(package))
    except SpecError:
        return None


def parameters_of(file: Path, name: str, deepest: int = _DEEPEST) -> "Parameters | None":
    """What may be given to a function or class of a file, or to the class that it inherits ``__init__`` from.

    None where no source says.
    """
    if not deepest or (found := definition(file, name)) is None:
        return None
    place, node = found
    if not isinstance(node, ast.ClassDef):
        return Parameters.of(node.args, skip=0)
    for inner in node.body:
        if isinstance(inner, ast.FunctionDef) and inner.name == "__init__":
            return Parameters.of(inner.args, skip=1)
    bases = [base.id for base in node.bases if isinstance(base, ast.Name)]
    return parameters_of(place, bases[0], deepest - 1) if bases and len(bases) == len(node.bases) else None


def installed(module: str) -> Path:
    """The file of an installed module. Nothing is imported, its packages neither.

    Raises:
        SpecError: there is none.
    """
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
    elif (found := _first(map(Path, spec.submodule_search_locations), rest)) is not None:
        return found
    raise SpecError(f"{module!r}, of which there is no source", FORM)


def imported(path: Path) -> Iterator[Path]:
    """The files that a file imports out of its folder, and out of the package that it is part of.

    Of what an installer has put there, which nobody edits, those of the folder alone.
    """
    alone = not {"site-packages", "dist-packages"}.isdisjoint(path.parts)
    highest = 1 if alone else len(path.parents)
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _files(_roots(path, alone), alias.name.split("."))
        elif isinstance(node, ast.ImportFrom) and node.level <= highest:
            roots = [path.parents[node.level - 1]] if node.level else _roots(path, alone)
            package = node.module.split(".") if node.module else []
            for alias in node.names:  # a name out of a package may be a module of it
                yield from _files(roots, [*package, alias.name])


def _roots(path: Path, alone: bool) -> list[Path]:
    """Where a file's imports are looked for: its folder, and that of the whole package that it is part of."""
    top = path.parent
    while (top / "__init__.py").is_file():
        top = top.parent
    return [path.parent] if alone or top == path.parent else [path.parent, top]


def _first(roots: Iterable[Path], names: Sequence[str]) -> Path | None:
    """The file of a package or module, in the first folder that has one."""
    for path in (root.joinpath(*names) for root in roots):
        for file in (path / "__init__.py", path.with_suffix(".py")):
            if file.is_file():
                return file
    return None


def _files(roots: Sequence[Path], names: Sequence[str]) -> Iterator[Path]:
    """The files that importing a module runs: its own, and those of the packages that it is in."""
    for root in roots:
        for end in range(1, len(names) + 1):
            base = root.joinpath(*names[:end])
            for file in (base.with_suffix(".py"), base / "__init__.py"):
                if file.is_file():
                    yield file.resolve()
