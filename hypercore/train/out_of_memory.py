"""No memory left, as torch and the libraries below it say it."""

import torch


def is_out_of_memory(error: Exception) -> bool:
    """Whether an error says that there is no memory left, on a CPU or a GPU.

    >>> is_out_of_memory(MemoryError()), is_out_of_memory(RuntimeError("shapes differ"))
    (True, False)
    """
    # On a CPU torch, and on a GPU its libraries, raise a plain RuntimeError, recognisable by its words alone.
    words = ("can't allocate memory", "STATUS_ALLOC_FAILED")
    return isinstance(error, (MemoryError, torch.OutOfMemoryError)) or any(w in str(error) for w in words)
