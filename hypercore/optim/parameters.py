"""A user's parameters: found, and checked."""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn

ALLOWED = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


def named_parameters(source: object) -> list[tuple[str, Tensor]]:
    """All parameters of a module, of several, of a list of tensors, or of any nesting of these.

    A parameter that is met again (tied weights) counts once, under the name it was first met by.

    Raises:
        ValueError: there is none.
        TypeError: something that is neither, or a parameter that no optimizer can move.

    >>> [name for name, _ in named_parameters(nn.Linear(2, 3))]
    ['weight', 'bias']
    >>> [name for name, _ in named_parameters([nn.Linear(2, 3, bias=False), [torch.zeros(1)]])]
    ['0.weight', '1.0']
    """
    found: dict[int, tuple[str, Tensor]] = {}
    for name, parameter in _walk(source, ""):
        found.setdefault(id(parameter), (name, parameter))
    if not found:
        raise ValueError("no parameters to train; give a module or a list of parameters that has some")
    for name, parameter in found.values():
        if isinstance(parameter, nn.UninitializedParameter):
            raise TypeError(
                f"parameter {name} has no shape yet; allowed: lazy modules that have seen a batch"
            )
        if parameter.is_inference():
            raise TypeError(
                f"parameter {name} was made under torch.inference_mode(), and nothing can train it; allowed: "
                "parameters that are made outside of it"
            )
        # A module's own integers are no mistake: they can have no gradient, and so are never trained.
        frozen = isinstance(parameter, nn.Parameter) and not parameter.requires_grad
        if parameter.dtype not in ALLOWED and not frozen:
            raise TypeError(
                f"parameter {name} is {_word(parameter.dtype)}; allowed: {', '.join(map(_word, ALLOWED))}"
            )
    return list(found.values())


def _walk(source: object, name: str) -> Iterable[tuple[str, Tensor]]:
    if isinstance(source, nn.Module):
        yield from source.named_parameters(prefix=name)
    elif isinstance(source, Tensor):
        yield name or "0", source
    elif isinstance(source, tuple) and len(source) == 2 and isinstance(source[0], str):
        yield from _walk(source[1], source[0])
    elif isinstance(source, Iterable) and not isinstance(source, str | bytes | dict | set):
        for index, part in enumerate(source):
            yield from _walk(part, f"{name}.{index}" if name else str(index))
    else:
        raise TypeError(
            f"cannot train a {type(source).__name__}; allowed: a module, a parameter, or a list of these"
        )


def _word(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def check_device(names: Sequence[str], parameters: Sequence[Tensor]) -> None:
    """One stack, one device.

    Raises:
        RuntimeError: the parameters lie on several.
    """
    first = parameters[0].device
    for name, parameter in zip(names, parameters, strict=True):
        if parameter.device != first:
            raise RuntimeError(
                f"parameter {name} is on {parameter.device}, {names[0]} on {first}; "
                "a stack trains on one device, so make a Stack for each"
            )


def check_whole(names: Sequence[str], parameters: Sequence[Tensor]) -> None:
    """Hypergradients and norms are sums over whole parameters.

    Raises:
        RuntimeError: a parameter is sharded: each rank would tune hyperparameters of its own.
    """
    for name, parameter in zip(names, parameters, strict=True):
        # By what marks them, so that nothing of torch.distributed is imported: DTensors have a mesh (FSDP2,
        # tensor parallel), and FSDP marks its flat parameters and those that are views of them.
        if hasattr(parameter, "device_mesh") or getattr(parameter, "_fsdp_flattened", False):
            raise RuntimeError(
                f"parameter {name} is sharded (FSDP or tensor parallel), so that each rank would learn "
                "hyperparameters of its own; train whole parameters, e.g. with DistributedDataParallel"
            )


def check_sizes(
    names: Sequence[str], parameters: Sequence[Tensor], members: Sequence[int], sizes: Sequence[int]
) -> None:
    """A memory fits the parameters that are its members.

    Raises:
        ValueError: a parameter has another size.
    """
    for index, size in zip(members, sizes, strict=True):
        if (found := parameters[index].numel()) != size:
            raise ValueError(
                f"parameter {names[index]} has {found} numbers, the stack's state has {size} for it; "
                "make a new Stack where parameters change their size"
            )


def first_nonfinite(names: Sequence[str], parameters: Sequence[Tensor]) -> str | None:
    """The first parameter whose gradient holds NaN or infinity. Waits for the device."""
    named = [(name, p.grad) for name, p in zip(names, parameters, strict=True) if p.grad is not None]
    largest = [norm.float() for norm in torch._foreach_norm([grad for _, grad in named], torch.inf)]
    finite = torch.stack(largest).isfinite().tolist()
    return None if all(finite) else named[finite.index(False)][0]


def check_gradients(names: Sequence[str], parameters: Sequence[Tensor]) -> None:
    """Hypergradients need every number of a gradient.

    Raises:
        RuntimeError: a gradient is sparse.
    """
    for name, parameter in zip(names, parameters, strict=True):
        if parameter.grad is not None and parameter.grad.layout is not torch.strided:
            raise RuntimeError(
                f"the gradient of parameter {name} is sparse; a stack takes dense ones only "
                "(nn.Embedding: sparse=False)"
            )


def working_dtype(parameters: Sequence[Tensor]) -> torch.dtype:
    """What a stack computes in: float64 if any parameter is, else float32.

    Half-precision parameters are rounded copies of float32 weights: α = 10⁻³ moves a weight by less
    than bfloat16's last place (2⁻⁸ relative), and a learned α by far less.
    """
    return torch.float64 if any(p.dtype is torch.float64 for p in parameters) else torch.float32
