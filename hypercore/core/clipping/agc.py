"""Adaptive gradient clipping: each unit is clipped by its own values."""

from hypercore.spec.clippers import CLIPPERS, Clipper, ClipState, Found, Number, Seen

EPS = 1e-3


class AGC(Clipper):
    """Each unit's gradient is held to a share of the unit's own norm.

        g'_u = g_u · min(1, λ · max(‖w_u‖, ε) / ‖g_u‖),  ε = 1e-3

    A unit u of the weights is one row along a tensor's first dimension (what feeds one neuron or filter), and
    a bias as a whole, as in the authors' code. Two deviations: they leave the last layer alone, here every
    tensor in scope is clipped; and they know no hypergradients, for which each hyperparameter, as stored, is
    a unit. A zero gradient passes unchanged.
    """

    name = "agc"
    source = (
        "Brock, De, Smith and Simonyan, 2021, High-Performance Large-Scale Image Recognition Without "
        "Normalization"
    )
    number = Number("factor")
    options = ("scope",)
    reads_values = True

    def clip(self, seen: Seen, state: ClipState) -> Found:
        """One step."""
        return Found(
            tuple(
                (seen.number * values.clamp(min=EPS) / grads).clamp(max=1.0).where(grads != 0.0, 1.0)
                for grads, values in seen.units
            )
        )


CLIPPERS.add(AGC())
