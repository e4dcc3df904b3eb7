"""AutoClip's threshold: a percentile of all norms so far (Seetharaman et al. 2020), in fixed memory.

The rule keeps every norm of a run and clips at θ_t = the p-th percentile of ‖g_1‖ … ‖g_t‖. Here the whole
history is kept as a distribution function on a fixed grid: how many norms were at or below each of
``N_EDGES`` edges, 32 an octave from 2⁻⁴⁰ to 2⁴⁰, and infinity. So the state neither grows with the run nor
forgets, and a step costs one comparison an edge. Three deviations follow:

- θ is the smallest edge that p percent of the norms do not exceed: at most 2^(1/32) − 1 = 2.2% above the
  percentile (the smallest norm that p percent do not exceed; the paper interpolates between two norms).
  Rounding is upwards, so a norm that *is* the percentile passes unclipped, the first one always.
- Norms below 2⁻⁴⁰ are never clipped; where more than 100 − p percent are above 2⁴⁰, none is.
- Zero norms are not counted. A hypergradient of level ℓ is zero for its first ℓ steps by construction;
  counted, these zeros would hold θ at zero, and the hyperparameters still, for ℓ · 100/p steps.
"""

import torch
from torch import Tensor

EDGES_AN_OCTAVE = 32
OCTAVES = 40
N_EDGES = 2 * OCTAVES * EDGES_AN_OCTAVE + 2


def edges(like: Tensor) -> Tensor:
    """The grid, ascending, [N_EDGES], in ``like``'s dtype and on its device."""
    exponents = torch.arange(N_EDGES - 1, dtype=torch.float64, device=like.device) / EDGES_AN_OCTAVE - OCTAVES
    return torch.cat([torch.exp2(exponents), exponents.new_full((1,), torch.inf)]).to(like.dtype)


def observed(history: Tensor, norms: Tensor) -> Tensor:
    """The counts [L, K, N_EDGES] with one more norm each, [L, K]; zeros and NaN are not counted."""
    norm = norms.unsqueeze(2)
    return history + ((norm <= edges(norms)) & (norm > 0.0)).to(history.dtype)


def percentile(history: Tensor, percent: Tensor) -> Tensor:
    """The smallest edge that ``percent`` [L, 1], of the norms counted do not exceed, [L, K]."""
    # A product, not a quotient: both sides are whole numbers for a whole percentage, and exact.
    reached = 100.0 * history >= percent.unsqueeze(2) * history[:, :, -1:]
    return torch.where(reached, edges(history), torch.inf).amin(2)
