"""No clip but the control that any must beat: every gradient shrunk alike."""

from hypercore.spec.clippers import CLIPPERS, Clipper, ClipState, Found, Number, Seen


class Scale(Clipper):
    """g'_t = s · g_t."""

    name = "scale"
    source = "docs/decisions.md"
    number = Number("factor")
    options = ("scope",)

    def clip(self, seen: Seen, state: ClipState) -> Found:
        """One step."""
        return Found(seen.number.expand_as(seen.norms))


CLIPPERS.add(Scale())
