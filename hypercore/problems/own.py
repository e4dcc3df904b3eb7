"""A study's own code, run: its functions imported and called, errors in words."""

import importlib
import importlib.util
import math
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import nn

from hypercore.problems.arrays import ArrayData, array_data
from hypercore.problems.contract import ProblemData
from hypercore.problems.datasets import DataError
from hypercore.problems.modules import ModuleProblem, module_problem
from hypercore.spec.cell import digest
from hypercore.spec.own_code import FILLED, Call, Entry


def own_data(call: Call) -> ArrayData:
    """The data set that a call makes.

    Raises:
        DataError: it raised, or returned something else.
    """
    return array_data(call.name, _result(call, f"data set {call.name!r}"))


def own_model(call: Call, data: ProblemData, loss: Entry | None = None) -> ModuleProblem:
    """The model that a call makes, on a data set.

    What the source asks of the data (:data:`~hypercore.spec.own_code.FILLED`) is filled in.

    Raises:
        DataError: it raised, returned no module, or one that cannot train on these data.
    """
    parameters = call.entry.parameters()
    one = torch.zeros((1, 1), dtype=torch.int64, device=data.train.device)
    inputs, *_, targets = data.train.take(one)
    numbers = math.prod(targets.shape[2:])
    known = {
        "input_shape": tuple(inputs.shape[2:]),
        "n_classes": data.n_classes,
        "n_outputs": data.n_classes or numbers,
    }
    filled = {name: known[name] for name in FILLED if parameters is not None and name in parameters.names}
    given = Call(call.name, call.entry, {**filled, **call.arguments}, call.version)
    what = f"model {call.name}"

    def build() -> nn.Module:
        module = _result(given, what)
        if not isinstance(module, nn.Module):
            raise DataError(f"{what}: {call.words} returned a {type(module).__name__}; allowed: an nn.Module")
        return module

    own_loss = None if loss is None else _loss(loss, f"the loss of data set {data.name!r}")
    built_in = call.entry.numerics is not None and own_loss is None
    return module_problem(call.name, build, data, own_loss, built_in)


def _result(call: Call, what: str) -> Any:
    try:
        return partial(_function(call.entry), **call.arguments)()
    except DataError:
        raise
    except (Exception, SystemExit) as error:
        raise _raised(what, call.words, error) from error


def _raised(what: str, words: str, error: BaseException) -> DataError:
    text = str(error).strip()
    reason = f": {text.splitlines()[0]}" if text else ""
    return DataError(f"{what}: {words} raised {type(error).__name__}{reason}")


def _loss(entry: Entry, what: str) -> Callable[..., Any]:
    try:
        return _function(entry)
    except (Exception, SystemExit) as error:
        raise _raised(what, entry.words, error) from error


def _function(entry: Entry) -> Callable[..., Any]:
    if entry.module is not None:
        found: Callable[..., Any] = getattr(importlib.import_module(entry.module), entry.name)
        return found
    file = entry.file.resolve()
    name = f"_hypercore_own_{digest(str(file), 8)}"
    if name not in sys.modules:
        # What it imports from its own folder is found there, after all that is installed.
        if str(file.parent) not in sys.path:
            sys.path.append(str(file.parent))
        spec = importlib.util.spec_from_file_location(name, file)
        assert spec is not None and spec.loader is not None, file
        sys.modules[name] = importlib.util.module_from_spec(spec)
        try:
            spec.loader.exec_module(sys.modules[name])
        except BaseException:
            del sys.modules[name]
            raise
    own: Callable[..., Any] = getattr(sys.modules[name], entry.name)
    return own
