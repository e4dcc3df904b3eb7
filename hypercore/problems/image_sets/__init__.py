"""Data sets of images that every study can name, a module a kind: what a study must know, and how to read it.

:data:`hypercore.spec.problems.DATASETS` finds them. Planning reads these modules, too, so none of them
imports torch before it is asked to read.
"""
