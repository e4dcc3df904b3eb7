"""Reverse-mode AD of one function at one point."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils import _pytree

PullBack = Callable[[Tensor], tuple[Tensor]]


def pulled_back(function: Callable[[Tensor], tuple[Tensor, Any]], at: Tensor) -> tuple[Tensor, PullBack, Any]:
    """What ``torch.func.vjp`` with ``has_aux`` gives: the value, the map of its cotangents to those of
    ``at``, and what the function gives beside it, off the tape.

    The map can be called once. Outside kernels it is torch's autograd itself: ``torch.func`` imports the
    whole compiler (two seconds, in every job) to say that it is not used, and takes longer at each operation.
    """
    if torch.compiler.is_compiling():
        found: tuple[Any, Any, Any] = torch.func.vjp(function, at, has_aux=True)  # type: ignore[assignment]
        return found
    leaf = at.detach().requires_grad_()
    with torch.enable_grad():
        value, aux = function(leaf)

    def pull_back(cotangent: Tensor) -> tuple[Tensor]:
        if not value.requires_grad:
            return (torch.zeros_like(at),)
        (grad,) = torch.autograd.grad(value, leaf, cotangent, allow_unused=True)
        return (torch.zeros_like(at) if grad is None else grad,)

    return value.detach(), pull_back, _pytree.tree_map_only(Tensor, Tensor.detach, aux)
