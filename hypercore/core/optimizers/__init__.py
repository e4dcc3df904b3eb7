"""The optimizers, a module each: what a study must know of one, and its update.

:data:`hypercore.spec.optimizers.RULES` finds them. Planning reads these modules, too, so none of them
imports torch before it is asked to compute.
"""
