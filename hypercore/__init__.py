"""hypercore: stacks of optimizers that tune each other, trained many at a time.

The rooms, and which may import which, are drawn in ``docs/architecture.md``.
``import hypercore`` alone imports no torch.
"""

__version__ = "0.1.0"
