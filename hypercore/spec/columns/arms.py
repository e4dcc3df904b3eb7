"""Columns that compare arms: no clipping, a clipping, the plain optimizer."""

from dataclasses import replace

from hypercore.spec.clipping import OFF_NAME, ON_NAME
from hypercore.spec.columns.column import Column
from hypercore.spec.columns.plan import Role

# One stack on one problem.
_STACK = (
    Column("study", "string", "name of the study"),
    Column("label", "string", "the entry's label"),
    Column("dataset", "string", "data set"),
    Column("model", "string", "model"),
    Column("stack_shape", "string", "the stack without numbers"),
    Column("lowest", "string", "the optimizer that updates the weights"),
    Column("epochs", "int64", "passes over the training split"),
    Column("batch_size", "int64", "examples a step"),
    Column(
        "metric", "string", "what errors are, as of cells; null in tables of before: error (%)", added=True
    ),
)

# What an entry of a study is: one stack on one problem, over all of its α.
ENTRY = (
    *_STACK,
    Column("clipping", "string", "off, on (the presentation's), or the rule with its options"),
    Column(
        "judged_on",
        "string",
        "split whose errors decide what is safe and best: test, or validation(what is held out for it); null "
        "in tables of before: test",
        added=True,
    ),
)

# The three columns of the presentation's tables, each with the same figures.
ARMS = (Role.BASELINE.value, OFF_NAME, ON_NAME)

_ARM = (
    Column("n", "int64", "planned seeds"),
    Column("n_done", "int64", "seeds with a result, whatever it is"),
    Column("n_ok", "int64", "seeds that finished and did not diverge"),
    Column("mean", "float64", "mean test error over all done seeds, diverged ones imputed at chance"),
    Column("sd", "float64", "standard deviation over the same (n - 1); null for one seed"),
    Column(
        "low",
        "float64",
        "lower end of the mean's 95% t-interval, of errors in percent not below 0; null for one seed",
    ),
    Column("high", "float64", "upper end of the same, of errors in percent not above 100"),
    Column("ok_mean", "float64", "mean test error over the seeds that did not diverge"),
)

# One row an (entry, dataset, model, epochs, batch size, α, clipping that is not off).
COMPARISON = (
    *_STACK,
    Column("alpha", "float64", "initial α of the rightmost optimizer"),
    Column("clipping", "string", "the clipping that this row compares with off"),
    *(
        replace(column, name=f"{arm}_{column.name}", doc=f"{arm}: {column.doc}")
        for arm in ARMS
        for column in _ARM
    ),
    Column("reduction", "float64", "off mean minus on mean: what clipping gains"),
    Column("bold", "bool", "the presentation's rule, of errors in percent: clipping at least 1 point better"),
)

# One row an (entry, clipping that is not off, α), and one primary row over the published interval.
EFFECTS = (
    *ENTRY,
    Column("test", "string", "alpha: at one α; primary: averaged over the α of the published interval"),
    Column("alpha", "float64", "initial α of the rightmost optimizer; null for primary"),
    Column("alpha_low", "float64", "primary: lower edge of the interval, itself outside"),
    Column("alpha_high", "float64", "primary: upper edge of the interval, itself inside"),
    Column("interval_source", "string", "primary: slide and data set that the interval comes from"),
    Column("n_alphas", "int64", "α that the row averages over"),
    Column("n_pairs", "int64", "seeds with a result for both arms at every one of these α"),
    Column("reduction", "float64", "mean over pairs of off minus on, diverged runs at chance"),
    Column("sd", "float64", "standard deviation of the paired differences (n - 1)"),
    Column("low", "float64", "lower bound of its 95% t-interval"),
    Column("high", "float64", "upper bound of its 95% t-interval"),
    Column("p", "float64", "exact two-sided sign-flip p, unadjusted"),
    Column(
        "p_holm", "float64", "primary: p adjusted by Holm over the study's primary tests of this clipping"
    ),
    Column("n_too_small", "bool", "no result of so few pairs could reach p <= 0.05"),
    Column("bold", "bool", "the presentation's rule, of errors in percent: clipping at least 1 point better"),
    Column(
        "supported", "bool", "statistically: primary by Holm's p, at one α by its own; in clipping's favour"
    ),
)
