"""Rounds of refinement: how surely the edges of ranges of α are to be known, and at what cost."""

from pydantic import Field

from hypercore.study.config.fields import Real, Strict, Whole


class RefineConfig(Strict):
    """At most so many further rounds, each of α and seeds where an edge, or what an α is, is uncertain."""

    rounds: Whole = Field(default=0, ge=0, le=10, description="a whole number of rounds, 0 to 10")
    edge_decades: Real = Field(
        default=0.3,
        gt=0,
        le=10,
        description="decades: refine until the interval of each edge is no wider, above 0 up to 10",
    )
    resolution_decades: Real = Field(
        default=0.1,
        gt=0,
        le=10,
        description="decades: an α nearer than half of this to another gets seeds instead, above 0 up to 10",
    )
    max_seeds: Whole = Field(
        default=10, ge=1, le=1000, description="most seeds that an undetermined α may come to, 1 to 1000"
    )
    budget: Whole = Field(
        default=200, ge=1, le=100_000, description="most cells that all rounds together may add, from 1"
    )
