"""A function or class that a config names."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationInfo

from hypercore.spec.errors import SpecError
from hypercore.spec.own_code import Entry
from hypercore.spec.source import FORM
from hypercore.study.config.fields import refuse


def entry_of(known: Mapping[str, tuple[str, int]], value: Any, info: ValidationInfo) -> Entry:
    """What ``file.py:name``, relative to the config, an installed module's or a ``known`` name stands for."""
    if isinstance(value, Entry):
        return value
    allowed = f"{FORM}, or one of {', '.join(known)}" if known else FORM
    if not isinstance(value, str):
        refuse(allowed)
    try:
        return Entry.of(value, (info.context or {}).get("folder", Path()), known)
    except SpecError as error:
        refuse(error.allowed.replace(FORM, allowed), error.given)
