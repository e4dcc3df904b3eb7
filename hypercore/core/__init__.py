"""The maths of a stack as pure functions on tensors: update rules, hypergradients, clipping.

Everywhere, the first dimension is the lane: ``[L, n]`` holds one level of ``L`` independent stacks.
Nothing here ever mixes lanes.
"""
