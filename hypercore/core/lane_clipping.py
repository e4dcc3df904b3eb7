"""The clipping of a batch of lanes, laid out as masks: each lane by its own rule."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from hypercore.core.levels import Segments
from hypercore.core.norms import pooled_norms, unit_norms
from hypercore.spec.clippers import CLIPPERS, Clipper, ClipState, Feedback, Norm, Scope, Seen
from hypercore.spec.clipping import Clipping


@dataclass(frozen=True)
class LaneClipping:
    """The clipping of every lane as masks, so that lanes that clip differently share one batch.

    ``segments`` says where each tensor lies in its level, ``units`` into how many units each of the weights'
    is divided. What no lane asks for is not computed: ``rules`` are those that are there, in a batch without
    clipping none, and ``own`` [L, K] says for each which tensors are its to clip. ``in_scope`` [L, K] is any
    of them; ``by_level``, ``by_global``, ``raw`` and ``number`` are what lanes ask for, [L, 1].
    """

    segments: tuple[Segments, ...]
    units: tuple[int, ...]
    rules: tuple[Clipper, ...]
    own: tuple[Tensor, ...]
    in_scope: Tensor
    by_level: Tensor
    by_global: Tensor
    raw: Tensor
    number: Tensor

    @property
    def active(self) -> bool:
        """Whether any lane clips."""
        return len(self.rules) > 0

    @property
    def reads_values(self) -> bool:
        """Whether any rule asks for the levels' values."""
        return any(rule.reads_values for rule in self.rules)

    def start(self, like: Tensor) -> tuple[ClipState, ...]:
        """The state before the first step, each rule's."""
        zeros = like.new_zeros(self.in_scope.shape)
        return tuple(rule.start(zeros) for rule in self.rules)

    def seen(self, norms: Tensor, grads: Sequence[Tensor], levels: Sequence[Tensor]) -> Seen:
        """What the rules see of a step, given the norm of each tensor, [L, K]."""
        pooled = pooled_norms(norms, self.segments, self.in_scope, self.by_level, self.by_global)
        units = unit_norms(grads, levels, self.segments[0], self.units) if self.reads_values else ()
        return Seen(pooled, self.number.to(norms.dtype), self.raw, units)

    def kept(self, wider: "LaneClipping", state: tuple[ClipState, ...]) -> tuple[ClipState, ...]:
        """What is left of a ``wider`` batch's state once all lanes of some rules have ended."""
        return tuple(state[wider.rules.index(rule)] for rule in self.rules)


def lane_clipping(
    clippings: Sequence[Clipping],
    segments: Sequence[Segments],
    device: torch.device,
    units: Sequence[int] | None = None,
) -> LaneClipping:
    """Lay out the lanes' clippings.

    ``segments`` has one entry a level, ``units`` one a weight tensor: the rows along its first dimension
    (default: each tensor is one unit).
    """
    levels = [level for level, level_segments in enumerate(segments) for _ in level_segments.spans]
    names = {clipping.kind for clipping in clippings}
    rules = tuple(rule for name, rule in CLIPPERS.items() if name in names)

    def mask(values: Sequence[Sequence[bool]]) -> Tensor:
        return torch.tensor(values, dtype=torch.bool, device=device)

    def covered(rules: Sequence[Clipper]) -> Tensor:
        kinds = [rule.name for rule in rules]
        return mask([[c.kind in kinds and _covers(c.scope, level) for level in levels] for c in clippings])

    numbers = [[1.0 if clipping.parameter is None else clipping.parameter] for clipping in clippings]
    return LaneClipping(
        segments=tuple(segments),
        units=tuple(units or (1 for _ in segments[0].spans)),
        rules=rules,
        own=tuple(covered([rule]) for rule in rules),
        in_scope=covered(rules),
        by_level=mask([[clipping.norm is Norm.LEVEL] for clipping in clippings]),
        by_global=mask([[clipping.norm is Norm.GLOBAL] for clipping in clippings]),
        raw=mask([[clipping.feedback is Feedback.RAW] for clipping in clippings]),
        number=torch.tensor(numbers, dtype=torch.float64, device=device),
    )


def _covers(scope: Scope, level: int) -> bool:
    return scope is Scope.ALL or (scope is Scope.WEIGHTS) == (level == 0)
