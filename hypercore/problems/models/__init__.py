"""Models of images that all lanes compute at once, a module each: what a study must know, and its function.

:data:`hypercore.spec.problems.MODELS` finds them. Planning reads these modules, too, so none of them
imports torch before it is asked to compute.
"""
