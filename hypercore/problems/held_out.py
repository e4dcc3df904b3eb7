"""Examples of the training split held out for validation: the same ones for every seed and stack."""

import torch

from hypercore.problems.arrays import ArrayData
from hypercore.problems.datasets import Data
from hypercore.problems.streams import stream
from hypercore.spec.protocol import Protocol


def hold_out(data: Data | ArrayData, protocol: Protocol) -> Data | ArrayData:
    """The data with part of their training split as a validation split, if the protocol wants one.

    Examples are drawn by a stream named by the data's content. Both splits keep the order of the data.

    Raises:
        HeldOutError: they are too few.
    """
    if protocol.validation_split is None:
        return data
    n = len(data.train)
    if (problem := protocol.problem(data.name, n)) is not None:
        raise problem
    order = torch.randperm(n, generator=stream("validation", data.sha256))
    held = protocol.held_out(n)
    return data.with_validation(order[held:].sort().values, order[:held].sort().values)
