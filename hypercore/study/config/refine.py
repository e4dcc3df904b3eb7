"""Rounds of refinement: how finely the edges of safe ranges are searched, and at what cost."""

from pydantic import Field

from hypercore.study.config.fields import Real, Strict, Whole


class RefineConfig(Strict):
    """A fixed number of further rounds, each bisecting α at the edges and adding seeds where none tells."""

    rounds: Whole = Field(default=0, ge=0, le=10, description="a whole number of rounds, 0 to 10")
    resolution_decades: Real = Field(
        default=0.1,
        gt=0,
        le=10,
        description="log10 of the α around an edge: bisect until it is no wider, above 0",
    )
    max_seeds: Whole = Field(
        default=10, ge=1, le=1000, description="most seeds that an undetermined α may come to, 1 to 1000"
    )
    budget: Whole = Field(
        default=200, ge=1, le=100_000, description="most cells that all rounds together may add, from 1"
    )
