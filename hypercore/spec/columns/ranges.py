"""Columns about ranges of α: which are safe, where runs begin to fail, what tuning comes to."""

from hypercore.spec.columns.arms import ENTRY
from hypercore.spec.columns.column import Column

# One row an (entry, clipping, α): how often runs fail, and by how much the others differ from the baseline.
SAFETY = (
    *ENTRY,
    Column("alpha", "float64", "initial α of the rightmost optimizer"),
    Column("n", "int64", "planned seeds"),
    Column("n_done", "int64", "of these, seeds with a result, whatever it is"),
    Column("n_diverged", "int64", "of these, seeds that diverged"),
    Column("n_failed", "int64", "of the done: diverged, or above the baseline's median plus the margin"),
    Column("margin", "float64", "by how much above the baseline's median a run fails"),
    Column("baseline_error", "float64", "median error of the unclipped baseline on the split judged_on"),
    Column("failure_low", "float64", "exact one-sided lower bound of the failure rate, at the confidence"),
    Column("failure_high", "float64", "exact one-sided upper bound: a larger rate is excluded"),
    Column("fitted_failure_high", "float64", "the same by the runs at all α together; 1 where one was run"),
    Column("excess", "float64", "mean over all done runs of error there minus baseline_error"),
    Column("rest", "float64", "the same over the runs that did not fail; null where all did"),
    Column("rest_low", "float64", "lower bound of its t-interval"),
    Column("rest_high", "float64", "upper bound of its t-interval"),
    Column("safety", "string", "safe, unsafe, undetermined, diverged or missing"),
)

# One row an (entry, clipping, side, share of runs that fail): the α at which that share fails.
EDGES = (
    *ENTRY,
    Column("side", "string", "upper: failures grow with α; lower: they grow as α gets smaller"),
    Column("failing_pct", "float64", "share of runs that fail at the edge: 10 or 50"),
    Column("margin", "float64", "by how much above the baseline's median a run fails"),
    Column("confidence", "float64", "of the interval"),
    Column("n_alphas", "int64", "α that the edge rests on"),
    Column("n_runs", "int64", "runs at these"),
    Column("n_failed", "int64", "of these, failed"),
    Column("alpha", "float64", "the edge, posterior median; null where it lies beyond the grid"),
    Column("alpha_low", "float64", "lower bound of its interval; null where the grid gives none"),
    Column("alpha_high", "float64", "upper bound of its interval; null where the grid gives none"),
    Column("grid_end", "float64", "the outermost α of the grid on this side"),
    Column("beyond", "string", "below or above: where the edge lies if not between the α; else null"),
)

# One row an (entry, two clippings, side, share of runs that fail): by how much one reaches further.
GAINS = (
    *ENTRY,
    Column("than", "string", "the clipping that the row's is compared with: off, or another"),
    Column("side", "string", "upper or lower"),
    Column("failing_pct", "float64", "share of runs that fail at the edge: 10 or 50"),
    Column("margin", "float64", "by how much above the baseline's median a run fails"),
    Column("confidence", "float64", "of the interval"),
    Column("gain_decades", "float64", "log10 of α gained at this edge, posterior median; null: off the grid"),
    Column("low_decades", "float64", "lower bound of its interval; null where the grid gives none"),
    Column("high_decades", "float64", "upper bound of its interval; null where the grid gives none"),
)

# One row an (entry, clipping): the longest run of safe α.
REGIONS = (
    *ENTRY,
    Column("epsilon", "float64", "error by which a safe α may be above its baseline"),
    Column("tolerated_failures", "float64", "share of runs that may fail at a safe α"),
    Column("confidence", "float64", "of the failure rate's bounds and of the others' interval"),
    Column("n_points", "int64", "α in the grid"),
    Column("n_safe", "int64", "of these, safe ones, in the region or not"),
    Column("alpha_low", "float64", "first safe α of the region; null where none is safe"),
    Column("alpha_high", "float64", "last safe α of the region"),
    Column("stop_low", "float64", "the α below the region, not safe; null where the grid begins"),
    Column("stop_high", "float64", "the α above the region, not safe; null where the grid ends"),
    Column("reason_low", "string", "what ends the region below: a safety, or grid"),
    Column("reason_high", "string", "what ends the region above: a safety, or grid"),
    Column("width_decades", "float64", "log10(last safe / first safe); 0 for one safe α or none"),
    Column(
        "width_max_decades", "float64", "log10(stop above / stop below); null where the grid cuts the region"
    ),
    Column("censored", "bool", "the grid cuts the region: the width is a lower bound"),
    Column("worst_n_done", "int64", "runs at the region's α whose runs exclude least", added=True),
    Column("worst_n_failed", "int64", "of these, failed", added=True),
    Column("worst_failure_high", "float64", "at each α of it a larger failure rate is excluded", added=True),
    Column("worst_fitted_high", "float64", "the same by the runs at all α together", added=True),
    Column("gain_decades", "float64", "its width minus the unclipped one's, on the grid; null for off"),
    Column(
        "gain_relation",
        "string",
        "how to read the gain: =, ≥ or ≤ where the grid cuts one region, ? if one at each edge",
    ),
)

# One row an (entry, clipping): the whole range of α in a few numbers.
SENSITIVITY = (
    *ENTRY,
    Column("n_alphas", "int64", "α with a result"),
    Column("n_runs", "int64", "runs with a result"),
    Column("sensitivity", "float64", "mean over log α of error minus the best α's"),
    Column("iqm", "float64", "interquartile mean of the error over all runs, diverged ones at chance"),
    Column("iqm_low", "float64", "its lower 95% bound, stratified bootstrap"),
    Column("iqm_high", "float64", "its upper 95% bound"),
    Column("best_alpha", "float64", "the α most often best on the other seeds, on the split judged_on"),
    Column("best_error", "float64", "mean test error at that α, over its seeds"),
    Column("best_low", "float64", "lower bound of its 95% t-interval"),
    Column("best_high", "float64", "upper bound of its 95% t-interval"),
    Column(
        "selection",
        "float64",
        "what choosing costs: mean error at the α chosen leave-one-seed-out minus best_error",
    ),
    Column(
        "optimism",
        "float64",
        "mean over seeds of the test error at the α that held-out errors choose minus the lowest one",
        added=True,
    ),
    Column("optimism_low", "float64", "lower bound of its 95% t-interval", added=True),
    Column("optimism_high", "float64", "upper bound of its 95% t-interval", added=True),
)

# One row an (entry, clipping, number of trials): what tuning α by k trials comes to, without training.
TUNING = (
    *ENTRY,
    Column("trials", "int64", "α tried at random from the grid, one run each"),
    Column("expected_best", "float64", "expected lowest error of so many trials, diverged at chance"),
    Column("benefit", "float64", "expected error of one trial minus it"),
)
