"""The numbers of level 0 in pieces that fit a cache: no temporary is ever as long as the whole row.

What a step sums over the weights (hypergradients) it sums within blocks of fixed length, and then the
blocks in their order. A piece is a whole number of blocks, so its length changes no bit of any result.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

import torch
from torch import Tensor

# Below 2^15 numbers torch sums in one thread, so that a block's sum does not hang on their number.
BLOCK = 1 << 14
# Blocks in a piece. A dozen temporaries of a piece should fit a CPU's cache; elsewhere kernels should be few.
BLOCKS_A_PIECE = {"cpu": 16}
BLOCKS_ELSEWHERE = 256
# A step uses two plans: that of the last step's parameters, and its own.
PLANS_KEPT = 8


def piece_length(device: torch.device) -> int:
    """Numbers of a piece on this kind of device."""
    return BLOCK * BLOCKS_A_PIECE.get(device.type, BLOCKS_ELSEWHERE)


@dataclass(frozen=True)
class Piece:
    """Some numbers of level 0: ``spans`` of its row, and the same as ``parts`` (k, from, to) of tensors."""

    spans: tuple[tuple[int, int], ...]
    parts: tuple[tuple[int, int, int], ...]

    @property
    def is_view(self) -> bool:
        """Whether :meth:`of_row` gives the row's own memory."""
        return len(self.spans) == 1

    def of_row(self, row: Tensor) -> Tensor:
        """These numbers of a row [1, P]: [1, n], a view if they lie side by side."""
        if len(self.spans) == 1:
            return row[:, slice(*self.spans[0])]
        return torch.cat([row[:, a:b] for a, b in self.spans], dim=1)

    def into_row(self, row: Tensor, values: Tensor) -> None:
        """Write [1, n] to where :meth:`of_row` reads."""
        if len(self.spans) == 1:
            row[:, slice(*self.spans[0])].copy_(values)
            return
        lengths = [b - a for a, b in self.spans]
        for (a, b), part in zip(self.spans, values.split_with_sizes(lengths, dim=1), strict=True):
            row[:, a:b].copy_(part)

    def of_tensors(self, tensors: Sequence[Tensor | None], like: Tensor) -> Tensor:
        """These numbers of flat tensors, [1, n] in ``like``'s dtype; zeros where there is no tensor."""
        found = [
            like.new_zeros(b - a) if (tensor := tensors[k]) is None else tensor[a:b] for k, a, b in self.parts
        ]
        whole = found[0] if len(found) == 1 else torch.cat(found)
        return whole.to(like.dtype).unsqueeze(0)

    def into_tensors(self, tensors: Sequence[Tensor], values: Tensor) -> None:
        """Write [1, n] to where :meth:`of_tensors` reads."""
        parts = values[0].split_with_sizes([b - a for _, a, b in self.parts])
        torch._foreach_copy_([tensors[k][a:b] for k, a, b in self.parts], list(parts))


# Pieces of tensors that are updated alike, and how many updates these have had.
Group = tuple[int, Sequence[Piece]]


def pieces(sizes: Sequence[int], chosen: Sequence[int], length: int) -> list[Piece]:
    """The chosen ones of tensors that lie side by side, one after the other, in pieces of this length.

    >>> [piece.spans for piece in pieces([3, 2, 4], [0, 2], 5)]
    [((0, 3), (5, 7)), ((7, 9),)]
    >>> pieces([3, 2, 4], [0, 1, 2], 6)[1].parts
    ((2, 1, 4),)
    """
    starts = [0, *accumulate(sizes)]
    found: list[Piece] = []
    spans: list[tuple[int, int]] = []
    parts: list[tuple[int, int, int]] = []
    room = length
    for k in chosen:
        at = 0
        while at < sizes[k]:
            end = min(sizes[k], at + room)
            parts.append((k, at, end))
            a, b = starts[k] + at, starts[k] + end
            if spans and spans[-1][1] == a:
                spans[-1] = (spans[-1][0], b)
            else:
                spans.append((a, b))
            room -= end - at
            at = end
            if room == 0:
                found.append(Piece(tuple(spans), tuple(parts)))
                spans, parts, room = [], [], length
    if parts:
        found.append(Piece(tuple(spans), tuple(parts)))
    return found


@dataclass(frozen=True)
class Plans:
    """The pieces, of a ``length``, of whichever of the tensors are updated together."""

    sizes: tuple[int, ...]
    length: int
    _kept: dict[tuple[int, ...], list[Piece]] = field(default_factory=dict, repr=False)

    def groups(self, counts: Sequence[int], taking_part: Sequence[bool]) -> list[Group]:
        """Of those that take part, by how many updates each has had: a rule knows one count."""
        found: dict[int, list[int]] = {}
        for k, (count, part) in enumerate(zip(counts, taking_part, strict=True)):
            if part:
                found.setdefault(count, []).append(k)
        return [(count, self._plan(tuple(chosen))) for count, chosen in found.items()]

    def _plan(self, chosen: tuple[int, ...]) -> list[Piece]:
        # Kept, as the same parameters tend to train together again.
        if chosen not in self._kept:
            if len(self._kept) >= PLANS_KEPT:
                self._kept.clear()
            self._kept[chosen] = pieces(self.sizes, chosen, self.length)
        return self._kept[chosen]


def in_blocks(*rows: Tensor) -> list[list[Tensor]]:
    """Rows [1, n] as whole blocks, [k, BLOCK] each, and what is left, [1, r] each.

    >>> [[tuple(t.shape) for t in part] for part in in_blocks(torch.zeros(1, 2 * BLOCK + 3))]
    [[(2, 16384)], [(1, 3)]]
    """
    n = rows[0].shape[1]
    whole = n - n % BLOCK
    parts = []
    if whole:
        parts.append([row[:, :whole].view(-1, BLOCK) for row in rows])
    if n > whole:
        parts.append([row[:, whole:] for row in rows])
    return parts


def summed(blocks: Mapping[str, Sequence[Tensor]]) -> dict[str, Tensor]:
    """For each name the sum over blocks, [1, 1], of [k, 1] each."""
    found = {}
    for name, parts in blocks.items():
        whole = torch.cat(list(parts))
        # The sum of one block is what it was in one piece, a negative zero too.
        found[name] = whole if len(whole) == 1 else whole.sum(0, keepdim=True)
    return found
