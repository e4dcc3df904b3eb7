"""Columns that hold a study against what is published and claimed."""

from hypercore.spec.columns.arms import ENTRY
from hypercore.spec.columns.column import Column

# One row an (entry, published number): what we measure against what is printed.
RESIDUALS = (
    *ENTRY,
    Column("source", "string", "presentation or paper"),
    Column("table", "string", "1 to 5, or a to d"),
    Column("printed_stack", "string", "the optimizer as printed"),
    Column("arm", "string", "baseline, off or on; a plain or frozen optimizer of the paper's is off"),
    Column("alpha", "float64", "initial α of the rightmost optimizer"),
    Column("n", "int64", "seeds with a result"),
    Column("n_diverged", "int64", "of these, diverged"),
    Column("ours_pct", "float64", "our mean test error, diverged runs at chance"),
    Column("ours_sd_pct", "float64", "our standard deviation (n - 1)"),
    Column("published_pct", "float64", "the printed test error"),
    Column("published_sd_pct", "float64", "what is printed after ±; null: the source gives none"),
    Column("rounding_pct", "float64", "half a unit of the last printed digit"),
    Column("residual_pct", "float64", "ours minus published, in points"),
    Column("low_pct", "float64", "lower bound of its 95% interval, from our seeds alone"),
    Column("high_pct", "float64", "upper bound of its 95% interval"),
    Column(
        "z",
        "float64",
        "(our mean, errors as measured, - published) / root of both variances; without a published SD theirs "
        "is our SD²/3",
    ),
    Column(
        "fits_low_pct",
        "float64",
        "lower bound of the 95% prediction interval for a mean of three more of our runs, errors as "
        "measured, widened by the rounding",
    ),
    Column("fits_high_pct", "float64", "upper bound of the same"),
    Column("fits", "bool", "published lies within: it could be one more mean of three runs of ours"),
    Column(
        "fits_expected",
        "float64",
        "how often such an interval holds: share of our own threes, held out, that lie in the others' "
        "interval; 0.95 for fewer than five runs",
    ),
    Column("note", "string", "what is odd about the printed row, or not known of it"),
)

# One row a claim of claims.yaml, its verdict computed.
CLAIMS = (
    Column("study", "string", "name of the study that the verdict rests on"),
    Column("claim", "string", "the claim's key"),
    Column("statement", "string", "what is claimed"),
    Column("source", "string", "where"),
    Column("test", "string", "the function that judges it"),
    Column("parameters", "string", "JSON: what the function was given"),
    Column("verdict", "string", "reproduced, contradicted or undetermined"),
    Column("reason", "string", "one sentence with the figures that decide"),
    Column("n", "int64", "how many values the decision rests on: pairs, or runs"),
    Column("estimate", "float64", "the deciding figure"),
    Column("low", "float64", "lower bound of its interval"),
    Column("high", "float64", "upper bound of its interval"),
    Column("unit", "string", "unit of the three"),
    Column("cells", "string", "JSON: ids of the cells that the verdict rests on"),
)
