"""Stacks as a ``torch.optim`` optimizer, for anyone's own modules: see :class:`Stack` and docs/library.md."""

from hypercore.optim.stack import Stack
from hypercore.spec.clipping import OFF, ON, Clipping, Feedback, Norm, Scope

__all__ = ["OFF", "ON", "Clipping", "Feedback", "Norm", "Scope", "Stack"]
