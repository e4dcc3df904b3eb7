"""The clipping rules, a module each: what a study must know of one, and its factors.

:data:`hypercore.spec.clippers.CLIPPERS` finds them; :mod:`hypercore.core.clip` applies them. Planning reads
these modules, too, so none of them imports torch before it is asked to compute.
"""
