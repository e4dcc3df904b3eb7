"""What bits and speed depend on here: GPUs, compiler, processor, locks. It imports no torch."""


class UnsupportedError(ImportError):
    """A system that studies do not run on. ``str(error)`` is one line."""
