"""The presentation's rule: the running mean of norms, the first step included."""

from typing import TYPE_CHECKING

from hypercore.spec.clippers import CLIPPERS, Clipper, ClipState, Found, Scope, Seen, held_to

if TYPE_CHECKING:
    from torch import Tensor


class RunningMean(Clipper):
    """A gradient is held to θ_t, the mean of its norms so far (t counts optimizer steps from 1).

        θ_1 = ‖g_1‖;  θ_t = (θ'_{t−1} (t − 1) + ‖g_t‖) / t
        θ'_t = (θ'_{t−1} (t − 1) + ‖g'_t‖) / t          (feedback ``raw``: θ'_t = θ_t)

    At constant norm n from step ℓ + 1 on (a hypergradient of level ℓ is zero before), θ' tends to
    n/(ℓ + 1): the clip is then a permanent damper.
    """

    name = "running_mean"
    source = "the presentation's own code (docs/decisions.md)"
    options = ("scope", "norm", "feedback")
    scope = Scope.HYPER
    prints_scope = True  # which gradients it clips matters more than all else

    def start(self, zeros: "Tensor") -> ClipState:
        """θ' and t − 1."""
        return zeros, zeros.new_zeros(())

    def clip(self, seen: Seen, state: ClipState) -> Found:
        """One step."""
        before, steps = state
        t = steps + 1.0
        threshold = (before * steps + seen.norms) / t
        factors = held_to(threshold, seen.norms)
        fed_back = (before * steps + seen.norms * factors) / t
        return Found(factors, (threshold.where(seen.raw, fed_back), t), threshold)


CLIPPERS.add(RunningMean())
