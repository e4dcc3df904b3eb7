"""AutoClip: a threshold at a percentile of all norms so far, in fixed memory."""

from typing import TYPE_CHECKING

from hypercore.spec.clippers import CLIPPERS, Clipper, ClipState, Found, Number, Seen, held_to

if TYPE_CHECKING:
    from torch import Tensor

EDGES_AN_OCTAVE = 32
OCTAVES = 40
N_EDGES = 2 * OCTAVES * EDGES_AN_OCTAVE + 2


class AutoClip(Clipper):
    """θ_t is the p-th percentile of ‖g_1‖ … ‖g_t‖.

    The authors keep every norm of a run. Here the whole history is kept as a distribution function on a fixed
    grid: how many norms were at or below each of ``N_EDGES`` edges, 32 an octave from 2⁻⁴⁰ to 2⁴⁰, and
    infinity. So the state neither grows with the run nor forgets, and a step costs one comparison an edge.
    Three deviations follow:

    - θ is the smallest edge that p percent of the norms do not exceed: at most 2^(1/32) − 1 = 2.2% above the
      percentile (the smallest norm that p percent do not exceed; the paper interpolates between two norms).
      Rounding is upwards, so a norm that *is* the percentile passes unclipped, the first one always.
    - Norms below 2⁻⁴⁰ are never clipped; where more than 100 − p percent are above 2⁴⁰, none is.
    - Zero norms are not counted. A hypergradient of level ℓ is zero for its first ℓ steps by construction;
      counted, these zeros would hold θ at zero, and the hyperparameters still, for ℓ · 100/p steps.
    """

    name = "autoclip"
    source = "Seetharaman, Wichern, Pardo and Le Roux, 2020, arXiv:2007.14469"
    number = Number("percentile", upper=100.0)

    def start(self, zeros: "Tensor") -> ClipState:
        """No norm was at or below any edge, [L, K, N_EDGES]."""
        return (zeros.new_zeros((*zeros.shape, N_EDGES)),)

    def clip(self, seen: Seen, state: ClipState) -> Found:
        """One step."""
        history = observed(state[0], seen.norms)
        threshold = percentile(history, seen.number)
        return Found(held_to(threshold, seen.norms), (history,), threshold)


def edges(like: "Tensor") -> "Tensor":
    """The grid, ascending, [N_EDGES], in ``like``'s dtype and on its device."""
    import torch  # late: planning knows of AutoClip without it

    exponents = torch.arange(N_EDGES - 1, dtype=torch.float64, device=like.device) / EDGES_AN_OCTAVE - OCTAVES
    return torch.cat([torch.exp2(exponents), exponents.new_full((1,), torch.inf)]).to(like.dtype)


def observed(history: "Tensor", norms: "Tensor") -> "Tensor":
    """The counts [L, K, N_EDGES] with one more norm each, [L, K]; zeros and NaN are not counted."""
    norm = norms.unsqueeze(2)
    return history + ((norm <= edges(norms)) & (norm > 0.0)).to(history.dtype)


def percentile(history: "Tensor", percent: "Tensor") -> "Tensor":
    """The smallest edge that ``percent`` [L, 1], of the norms counted do not exceed, [L, K]."""
    # A product, not a quotient: both sides are whole numbers for a whole percentage, and exact.
    reached = 100.0 * history >= percent.unsqueeze(2) * history[:, :, -1:]
    return edges(history).where(reached, float("inf")).amin(2)


CLIPPERS.add(AutoClip())
