"""Entries by name, found where they are written: one module an entry, here or in an installed package."""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module, metadata
from pkgutil import iter_modules
from typing import Protocol, TypeVar

from hypercore.spec.errors import SpecError

# The group of entry points under which installed packages name modules that add entries.
ENTRY_POINTS = "hypercore"


class Named(Protocol):
    """What a registry can hold."""

    @property
    def name(self) -> str:
        """What it is found by."""


T = TypeVar("T", bound=Named)


class Registry(Mapping[str, T]):
    """The entries of one kind, in alphabetical order.

    Those of a package of ours are found by its modules, each of which adds its own; those of other packages
    by their entry points of the group ``hypercore``, each of which names a module. Both are looked up at
    the first use. None of them may import torch before it is asked to compute: planning knows all of them.
    """

    def __init__(self, package: str) -> None:
        self._package = package
        self._entries: dict[str, T] = {}
        self._is_loaded = False

    def add(self, entry: T) -> None:
        """Make an entry known by its name.

        Raises:
            SpecError: another entry has that name, whatever its capitals.
        """
        if not type(entry).__module__.startswith(f"{self._package}."):
            self._load()  # so that a name of ours is known to be taken
        for known in list(self._entries.values()):
            if known.name.lower() == entry.name.lower() and _place(known) != _place(entry):
                raise SpecError(f"{entry.name!r} a second time, by {_place(entry)}", "each name once")
        self._entries[entry.name] = entry

    def _load(self) -> None:
        # Threads may do so at once: to import a module again is nothing, or waits until it is there.
        if not self._is_loaded:
            package = import_module(self._package)
            for module in iter_modules(package.__path__):
                import_module(f"{self._package}.{module.name}")
            self._is_loaded = True

    def __getitem__(self, name: str) -> T:
        self._load()
        if name not in self._entries:
            _load_installed()
        return self._entries[name]

    def __iter__(self) -> Iterator[str]:
        self._load()
        _load_installed()
        return iter(sorted(self._entries, key=str.lower))

    def __len__(self) -> int:
        return len(list(iter(self)))


@cache
def _installed() -> tuple[metadata.EntryPoint, ...]:
    return tuple(metadata.entry_points(group=ENTRY_POINTS))


def _load_installed() -> None:
    for found in _installed():
        try:
            found.load()
        except Exception as error:
            raise SpecError(
                f"the entry point {found.name} = {found.value} fails: {type(error).__name__}: {error}",
                "a module that can be imported",
            ) from error


def _place(entry: object) -> str:
    return f"{type(entry).__module__}.{type(entry).__qualname__}"
