"""Reverse-mode AD of one function at one point."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils import _pytree

PullBack = Callable[[Tensor], tuple[Tensor]]


class _Seeded(torch.autograd.Function):
    """A number whose gradient by a value is a given cotangent.

    Handed to autograd itself, a cotangent has its shape compared by sympy, whose import takes every job
    most of a second.
    """

    @staticmethod
    def forward(ctx: Any, value: Tensor, cotangent: Tensor) -> Tensor:
        ctx.cotangent = cotangent
        return value.new_zeros(())

    @staticmethod
    def backward(ctx: Any, *_: Tensor) -> tuple[Tensor, None]:
        return ctx.cotangent, None


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
        with torch.enable_grad():
            seeded = _Seeded.apply(value, cotangent)
        (grad,) = torch.autograd.grad(seeded, leaf, allow_unused=True)
        return (torch.zeros_like(at) if grad is None else grad,)

    return value.detach(), pull_back, _pytree.tree_map_only(Tensor, Tensor.detach, aux)
