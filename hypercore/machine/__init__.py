"""What bits and speed depend on here: GPUs, compiler, processor, locks. It imports no torch."""

from hypercore.spec.errors import UserError


class UnsupportedError(UserError, ImportError):
    """A system that studies do not run on. ``str(error)`` is one line."""
