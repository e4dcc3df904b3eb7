"""A fixed threshold."""

from hypercore.spec.clippers import CLIPPERS, Clipper, ClipState, Found, Number, Seen, held_to


class Fixed(Clipper):
    """θ_t = c: ``torch.nn.utils.clip_grad_norm_`` without its 1e-6."""

    name = "fixed"
    source = "Pascanu, Mikolov and Bengio, 2013"
    number = Number("threshold")

    def clip(self, seen: Seen, state: ClipState) -> Found:
        """One step."""
        return Found(held_to(seen.number, seen.norms), threshold=seen.number)


CLIPPERS.add(Fixed())
