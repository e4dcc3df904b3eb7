"""Records with arbitrary values, made by hypothesis."""

from hypothesis import strategies as st

from hypercore.spec import columns as spec
from hypercore.spec.record import Record, Row

_VALUES: dict[str, st.SearchStrategy] = {
    "string": st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    "int64": st.integers(-(2**63), 2**63 - 1),
    "float64": st.floats(allow_nan=False),
    "bool": st.booleans(),
}


def rows(columns: tuple[spec.Column, ...]) -> st.SearchStrategy[Row]:
    return st.fixed_dictionaries({c.name: st.none() | _VALUES[c.type] for c in columns})


IDS = st.text("0123456789abcdef", min_size=20, max_size=20)


@st.composite
def records(draw: st.DrawFn, cell_id: str | None = None) -> Record:
    keys = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)
    cell = {**draw(rows(spec.CELL)), "cell_id": cell_id or draw(IDS), "execution_key": draw(keys)}
    return Record(
        cell=cell,
        curves=tuple(draw(st.lists(rows(spec.CURVE_POINT), max_size=3))),
        trajectories=tuple(draw(st.lists(rows(spec.TRAJECTORY_POINT), max_size=3))),
        gradients=tuple(draw(st.lists(rows(spec.GRADIENT_POINT), max_size=3))),
    )
