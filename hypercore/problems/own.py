"""A study's own code, run: its functions imported and called, errors in words."""

import importlib
import importlib.util
import math
import sys
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from hypercore.problems.arrays import ArrayData, array_data
from hypercore.problems.contract import ProblemData
from hypercore.problems.datasets import DataError
from hypercore.problems.declared import task_of
from hypercore.problems.module_trial import module_problem
from hypercore.problems.modules import ModuleProblem
from hypercore.problems.own_measures import own_loss
from hypercore.problems.raised import at
from hypercore.problems.tasks import Task
from hypercore.spec.cell import digest
from hypercore.spec.own_code import FILLED, Call, Entry
from hypercore.spec.problems import MODELS, ImageModel, Shapes

T = TypeVar("T")


def own_data(call: Call) -> ArrayData:
    """The data set that a call makes.

    Raises:
        DataError: it raised, or returned something else.
    """
    what = f"data set {call.name!r}"
    loaded = _result(call, what)
    # Reading a torch Dataset runs its code, too.
    return _in_words(lambda: array_data(call.name, loaded), call.entry, what)


def own_task(data: ProblemData, call: Call | None) -> Task:
    """The task of a data set, with the loss and the metric that the call which made it declares.

    Raises:
        DataError: as :func:`~hypercore.problems.declared.task_of`, or their source failed.
    """
    if call is None:
        return task_of(data)
    entries = (
        call.loss,
        None if call.measure is None or isinstance(call.measure.score, str) else call.measure.score,
    )
    loss, function = (
        None if entry is None else _in_words(partial(_function, entry), entry, f"data set {data.name!r}")
        for entry in entries
    )
    words = "its loss" if call.loss is None else f"its loss {call.loss.words}"
    return task_of(data, loss, call.measure, function, words)


def image_model(name: str, data: ArrayData, task: Task) -> ModuleProblem:
    """A model of images that is known by name, on a study's own data.

    Raises:
        DataError: its layers take no such inputs, or it tells classes and targets are numbers.
    """
    spec, what = MODELS[name], f"model {name}"
    _, *shape = data.train.tensors[0].shape
    if not data.n_classes:
        raise DataError(
            f"{what} tells classes, and the targets of {data.name} are numbers; allowed: build: mlp"
        )
    fits = len(shape) == 3 and spec.fits((shape[0], shape[1], shape[2]))
    if not (fits or name == "mlp"):
        raise DataError(
            f"{what}: inputs of {data.name} are {'×'.join(map(str, shape)) or 'a number'}; allowed: images, "
            "channels×height×width, of which its layers leave something, or model: mlp"
        )
    size = math.prod(shape)
    tensors = spec.shapes((shape[0], shape[1], shape[2]) if len(shape) == 3 else (1, 1, size), data.n_classes)
    return module_problem(name, partial(NamedModel, spec, tensors), data, task)


class NamedModel(nn.Module):
    """A model of images as a module, one lane of it; weights begin as in all lanes."""

    def __init__(self, spec: ImageModel, shapes: Shapes) -> None:
        super().__init__()
        self.spec, self.names = spec, tuple(shapes)
        fan_in = 1
        for name, shape in shapes.items():
            fan_in = math.prod(shape[1:]) if len(shape) > 1 else fan_in
            bound = 1.0 / math.sqrt(fan_in)
            self.register_parameter(
                _attribute(name), nn.Parameter(torch.empty(shape).uniform_(-bound, bound))
            )

    def forward(self, inputs: Tensor) -> Tensor:
        """Log-probabilities [B, K]."""
        inputs = inputs if inputs.dim() > 1 else inputs.unsqueeze(1)  # a number an example is a row of one
        weights = {name: getattr(self, _attribute(name)).unsqueeze(0) for name in self.names}
        return self.spec.forward(weights, inputs.unsqueeze(0)).squeeze(0)


def _attribute(name: str) -> str:
    return name.replace(".", "_")


def own_model(call: Call, data: ProblemData, task: Task, batch_size: int | None = None) -> ModuleProblem:
    """The model that a call makes, on a data set; ``batch_size`` examples at a time.

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
    if (
        not data.n_classes
        and "n_classes" in filled.keys() - call.arguments.keys()
        and "n_outputs" not in filled
    ):
        raise DataError(
            f"{what}: {call.entry.words} asks for n_classes, and the targets of {data.name} are numbers; "
            f"allowed: the parameter n_outputs, here {numbers}"
        )

    def build() -> nn.Module:
        module = _result(given, what)
        if not isinstance(module, nn.Module):
            raise DataError(
                f"{what}: {call.entry.words} returned a {type(module).__name__}; allowed: an nn.Module"
            )
        return module

    built_in = call.entry.numerics is not None and own_loss(task) is None
    return module_problem(call.name, build, data, task, built_in, batch_size)


def _result(call: Call, what: str) -> Any:
    return _in_words(lambda: _function(call.entry)(**call.arguments), call.entry, what)


def _in_words(run: Callable[[], T], entry: Entry, what: str) -> T:
    try:
        return run()
    except DataError:
        raise
    except (Exception, SystemExit) as error:
        text = str(error).strip()
        reason = f": {text.splitlines()[0]}" if text else ""
        raise DataError(f"{what}: {entry.words} raised {type(error).__name__}{reason}{at(error)}") from error


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
