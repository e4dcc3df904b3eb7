"""Every column of every table, declared once: name, type, unit, meaning.

:mod:`hypercore.results.schemas` turns these into Arrow schemas; ``docs/results.md`` is printed from
them. Units stand in the names (``_pct`` percent, ``_sec`` seconds).
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal

from hypercore.spec.normalisation import NONE

ColumnType = Literal["string", "int64", "float64", "bool"]


class Status(StrEnum):
    """What became of a planned cell. Whether a finished run *diverged* is for the analysis to judge."""

    FINISHED = "finished"
    NONFINITE = "nonfinite"
    FAILED = "failed"
    MISSING = "missing"
    # A frozen cell whose parent has nothing to freeze: it turned non-finite, or learned a value out of range.
    NOT_APPLICABLE = "not_applicable"


class Role(StrEnum):
    """Why a study trains a cell."""

    STACK = "stack"
    BASELINE = "baseline"
    FROZEN = "frozen"


@dataclass(frozen=True)
class Column:
    """One column. Equal runs differ in ``volatile`` ones (times, provenance): comparisons leave them out.

    ``before`` is what a file of before the column was there stands for.
    """

    name: str
    type: ColumnType
    doc: str
    volatile: bool = False
    before: str | None = None


IDENTITY = (
    Column("cell_id", "string", "hash of the full resolved specification"),
    Column("dataset", "string", "data set by name; a re-encoded copy never carries the original's name"),
    Column("model", "string", "model by name"),
    Column("stack", "string", "the stack in the paper's notation, every value written out"),
    Column("stack_shape", "string", "the stack without numbers"),
    Column("lowest", "string", "the optimizer that updates the weights"),
    Column("height", "int64", "number of optimizers in the stack; 1 is a plain optimizer"),
    Column("alpha", "float64", "initial α of the rightmost optimizer"),
    Column("clipping", "string", "off, on (the presentation's), or the rule with its options"),
    Column("clip_scope", "string", "levels that are clipped: weights, hyper, all"),
    Column("clip_norm", "string", "what one norm is taken over: tensor, level, global"),
    Column("clip_feedback", "string", "norm that the running mean continues from: clipped, raw"),
    Column("epochs", "int64", "passes over the training split"),
    Column("batch_size", "int64", "examples a step; the last batch of an epoch may be smaller"),
    Column("seed", "int64", "draws initial weights and data order, each from its own stream"),
    Column("protocol", "string", "name of the training and evaluation protocol"),
    Column(
        "normalisation",
        "string",
        "none: pixels in [0, 1]; or (means), (SDs) of the channels, by which they are normalised",
        before=NONE,
    ),
    Column("parent", "string", "cell id of the stack whose learned values a frozen cell starts with"),
)

FACTS = (
    Column("status", "string", "finished, nonfinite, failed, not_applicable (frozen cells) or missing"),
    Column("error", "string", "for failed and not_applicable: what went wrong"),
    Column(
        "first_nonfinite_step", "int64", "first step whose loss, weights or hyperparameters were not finite"
    ),
    Column("first_batch_loss", "float64", "loss of the first batch, before any update (nats)"),
    Column("last_epoch_train_loss", "float64", "mean training loss over the last epoch trained (nats)"),
    Column("test_loss", "float64", "mean loss on the test split after the last epoch (nats)"),
    Column(
        "test_error_pct",
        "float64",
        "share of test targets that are misclassified; of numbers, the root mean squared error "
        "in percent of that of the training mean; null if non-finite",
    ),
    Column("steps", "int64", "optimizer steps done; a non-finite run ends with its epoch"),
    Column("negative_alpha_steps", "int64", "steps at which a learned α of any level was negative"),
    Column("n_train", "int64", "examples in the training split"),
    Column("n_test", "int64", "examples in the test split"),
    Column("n_classes", "int64", "classes; 0: targets are numbers"),
)

PROVENANCE = (
    Column(
        "execution_key", "string", "device model, backend, torch and numerics versions: bits agree within one"
    ),
    Column("device", "string", "device model", volatile=True),
    Column("backend", "string", "eager or compiled", volatile=True),
    Column("threads", "int64", "CPU threads of the training process", volatile=True),
    Column("lanes", "int64", "cells that began in the same batch", volatile=True),
    Column(
        "train_sec",
        "float64",
        "wall time of training, evaluation excluded: of each epoch the share of one of its lanes",
        volatile=True,
    ),
    Column("eval_sec", "float64", "wall time of evaluations and of making rows, shared alike", volatile=True),
    Column("compile_sec", "float64", "wall time of compilation for the whole batch", volatile=True),
    Column("startup_sec", "float64", "wall time of imports and of loading the data", volatile=True),
    Column("dataset_sha256", "string", "fingerprint of the data as trained on", volatile=True),
    Column("numerics", "string", "JSON: numerics version of each component used", volatile=True),
    Column("torch_version", "string", "version of torch", volatile=True),
    Column("python_version", "string", "version of Python", volatile=True),
    Column("platform", "string", "operating system and processor family", volatile=True),
    Column("hypercore_version", "string", "version of hypercore", volatile=True),
    Column("git_commit", "string", "commit of the code; ends in + where files were changed", volatile=True),
    Column("created_utc", "string", "when the cell ended, ISO 8601, UTC", volatile=True),
)

# What the store holds of one cell besides its curves, trajectories and gradients.
CELL = IDENTITY + FACTS + PROVENANCE

_CELL_ID = (IDENTITY[0],)

# One row a cell and epoch; curves of a cell that turned non-finite end where it did.
CURVE_POINT = (
    Column("epoch", "int64", "epoch, from 1"),
    Column("step", "int64", "optimizer steps done at its end"),
    Column("train_loss", "float64", "mean training loss over the epoch (nats)"),
    Column("test_loss", "float64", "mean loss on the test split at its end (nats)"),
    Column("test_error_pct", "float64", "the same as of cells, at its end"),
    Column("grad_norm_mean", "float64", "mean over steps of the weights' gradient norm before clipping"),
    Column("grad_norm_max", "float64", "largest weights' gradient norm before clipping"),
    Column(
        "clipped_share", "float64", "share of (step, norm) pairs that were scaled down; 0 with clipping off"
    ),
    Column(
        "threshold_mean",
        "float64",
        "mean over steps of the weights' threshold θ; null where they are not clipped",
    ),
)

# Learned hyperparameters over time, in natural units (α, not √α), at the start and along the run.
TRAJECTORY_POINT = (
    Column("step", "int64", "optimizer steps done"),
    Column(
        "level", "int64", "1: the lowest optimizer's hyperparameters, 2: those of the one to its right, …"
    ),
    Column("hyperparameter", "string", "alpha, mu, gamma, beta1, beta2"),
    Column("value", "float64", "its value"),
)

# The gradient of each level over time: means over the steps of a logging interval, up to its last step.
GRADIENT_POINT = (
    Column("step", "int64", "optimizer steps done at the interval's end"),
    Column("level", "int64", "0: the weights, 1: the lowest optimizer's hyperparameters, …"),
    Column(
        "grad_norm", "float64", "norm before clipping: 2-norm over the level's tensors of their mean norms"
    ),
    Column("threshold", "float64", "mean threshold θ of the level's tensors; null where nothing is clipped"),
    Column("clipped_share", "float64", "share of (step, tensor) pairs that were scaled down"),
)

PLAN = (
    Column("study", "string", "name of the study"),
    Column("label", "string", "the entry's label: the stack as the config spells it"),
    Column("role", "string", "stack, baseline, or frozen: the lowest optimizer at what a stack learned"),
    Column("baseline_id", "string", "cell id of this cell's baseline with the same seed"),
    Column("sweep", "string", "name of the sweep that trains it"),
    Column("round", "int64", "round of refinement that added it, from 1; null where the config lists it"),
    *IDENTITY,
)

# One row a cell that a round of refinement adds to the plan.
REFINEMENT = (
    *PLAN,
    Column("reason", "string", "why the round adds it"),
)

# One row a planned (entry, cell): what was planned and, where it is there, what came of it.
CELLS = PLAN + FACTS + PROVENANCE
CURVES = _CELL_ID + CURVE_POINT
TRAJECTORIES = _CELL_ID + TRAJECTORY_POINT
GRADIENTS = _CELL_ID + GRADIENT_POINT

# The three columns of the presentation's tables, each with the same figures.
ARMS = ("baseline", "off", "on")
_ARM = (
    Column("n", "int64", "planned seeds"),
    Column("n_done", "int64", "seeds with a result, whatever it is"),
    Column("n_ok", "int64", "seeds that finished and did not diverge"),
    Column("mean_pct", "float64", "mean test error over all done seeds, diverged ones imputed at chance"),
    Column("sd_pct", "float64", "standard deviation over the same (n - 1); null for one seed"),
    Column("low_pct", "float64", "lower end of the mean's 95% t-interval, not below 0; null for one seed"),
    Column("high_pct", "float64", "upper end of the same, not above 100"),
    Column("ok_mean_pct", "float64", "mean test error over the seeds that did not diverge"),
)

# One row an (entry, dataset, model, epochs, batch size, α, clipping that is not off).
COMPARISON = (
    Column("study", "string", "name of the study"),
    Column("label", "string", "the entry's label"),
    Column("dataset", "string", "data set"),
    Column("model", "string", "model"),
    Column("stack_shape", "string", "the stack without numbers"),
    Column("lowest", "string", "the optimizer that updates the weights"),
    Column("epochs", "int64", "passes over the training split"),
    Column("batch_size", "int64", "examples a step"),
    Column("alpha", "float64", "initial α of the rightmost optimizer"),
    Column("clipping", "string", "the clipping that this row compares with off"),
    *(
        replace(column, name=f"{arm}_{column.name}", doc=f"{arm}: {column.doc}")
        for arm in ARMS
        for column in _ARM
    ),
    Column("reduction_pct", "float64", "off mean minus on mean, in points: what clipping gains"),
    Column("bold", "bool", "the presentation's rule: clipping at least 1 point better"),
)

# What an entry of a study is: one stack on one problem, over all of its α.
_ENTRY = (
    Column("study", "string", "name of the study"),
    Column("label", "string", "the entry's label"),
    Column("dataset", "string", "data set"),
    Column("model", "string", "model"),
    Column("stack_shape", "string", "the stack without numbers"),
    Column("lowest", "string", "the optimizer that updates the weights"),
    Column("epochs", "int64", "passes over the training split"),
    Column("batch_size", "int64", "examples a step"),
    Column("clipping", "string", "off, on (the presentation's), or the rule with its options"),
)

# One row an (entry, clipping that is not off, α), and one primary row over the published interval.
EFFECTS = (
    *_ENTRY,
    Column("test", "string", "alpha: at one α; primary: averaged over the α of the published interval"),
    Column("alpha", "float64", "initial α of the rightmost optimizer; null for primary"),
    Column("alpha_low", "float64", "primary: lower edge of the interval, itself outside"),
    Column("alpha_high", "float64", "primary: upper edge of the interval, itself inside"),
    Column("interval_source", "string", "primary: slide and data set that the interval comes from"),
    Column("n_alphas", "int64", "α that the row averages over"),
    Column("n_pairs", "int64", "seeds with a result for both arms at every one of these α"),
    Column("reduction_pct", "float64", "mean over pairs of off minus on, diverged runs at chance, in points"),
    Column("sd_pct", "float64", "standard deviation of the paired differences (n - 1)"),
    Column("low_pct", "float64", "lower bound of its 95% t-interval"),
    Column("high_pct", "float64", "upper bound of its 95% t-interval"),
    Column("p", "float64", "exact two-sided sign-flip p, unadjusted"),
    Column(
        "p_holm", "float64", "primary: p adjusted by Holm over the study's primary tests of this clipping"
    ),
    Column("n_too_small", "bool", "no result of so few pairs could reach p <= 0.05"),
    Column("bold", "bool", "the presentation's rule: clipping at least 1 point better"),
    Column(
        "supported", "bool", "statistically: primary by Holm's p, at one α by its own; in clipping's favour"
    ),
)

# One row an (entry, clipping, α): how often runs fail, and by how much the others differ from the baseline.
SAFETY = (
    *_ENTRY,
    Column("alpha", "float64", "initial α of the rightmost optimizer"),
    Column("n", "int64", "planned seeds"),
    Column("n_done", "int64", "of these, seeds with a result, whatever it is"),
    Column("n_diverged", "int64", "of these, seeds that diverged"),
    Column("n_failed", "int64", "of the done: diverged, or above the baseline's median plus the margin"),
    Column("margin_pct", "float64", "points above the baseline's median from which a run fails"),
    Column("baseline_pct", "float64", "median test error of the unclipped baseline's runs"),
    Column("failure_low", "float64", "exact one-sided lower bound of the failure rate, at the confidence"),
    Column("failure_high", "float64", "exact one-sided upper bound: a larger rate is excluded"),
    Column("excess_pct", "float64", "mean over all done runs of error minus baseline_pct, in points"),
    Column("rest_pct", "float64", "the same over the runs that did not fail; null where all did"),
    Column("rest_low_pct", "float64", "lower bound of its t-interval"),
    Column("rest_high_pct", "float64", "upper bound of its t-interval"),
    Column("safety", "string", "safe, unsafe, undetermined, diverged or missing"),
)

# One row an (entry, clipping, side, share of runs that fail): the α at which that share fails.
EDGES = (
    *_ENTRY,
    Column("side", "string", "upper: failures grow with α; lower: they grow as α gets smaller"),
    Column("failing_pct", "float64", "share of runs that fail at the edge: 10 or 50"),
    Column("margin_pct", "float64", "points above the baseline's median from which a run fails"),
    Column("n_alphas", "int64", "α that the edge rests on"),
    Column("n_runs", "int64", "runs at these"),
    Column("n_failed", "int64", "of these, failed"),
    Column("alpha", "float64", "the edge, posterior median; null where it lies beyond the grid"),
    Column("alpha_low", "float64", "lower bound of its 95% interval; null where the grid gives none"),
    Column("alpha_high", "float64", "upper bound of its 95% interval; null where the grid gives none"),
    Column("grid_end", "float64", "the outermost α of the grid on this side"),
    Column("beyond", "string", "below or above: where the edge lies if not between the α; else null"),
)

# One row an (entry, two clippings, side, share of runs that fail): by how much one reaches further.
GAINS = (
    *_ENTRY,
    Column("than", "string", "the clipping that the row's is compared with: off, or another"),
    Column("side", "string", "upper or lower"),
    Column("failing_pct", "float64", "share of runs that fail at the edge: 10 or 50"),
    Column("margin_pct", "float64", "points above the baseline's median from which a run fails"),
    Column("gain_decades", "float64", "log10 of α gained at this edge, posterior median; null: off the grid"),
    Column("low_decades", "float64", "lower bound of its 95% interval; null where the grid gives none"),
    Column("high_decades", "float64", "upper bound of its 95% interval; null where the grid gives none"),
)

# One row an (entry, clipping): the longest run of safe α.
REGIONS = (
    *_ENTRY,
    Column("epsilon_pct", "float64", "points of error that a safe α may be above its baseline"),
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
    Column("gain_decades", "float64", "its width minus the unclipped one's, on the grid; null for off"),
    Column(
        "gain_relation",
        "string",
        "how to read the gain: =, ≥ or ≤ where the grid cuts one region, ? if one at each edge",
    ),
)

# One row an (entry, clipping): the whole range of α in a few numbers.
SENSITIVITY = (
    *_ENTRY,
    Column("n_alphas", "int64", "α with a result"),
    Column("n_runs", "int64", "runs with a result"),
    Column("sensitivity_pct", "float64", "mean over log α of error minus the best α's, in points"),
    Column("iqm_pct", "float64", "interquartile mean of the error over all runs, diverged ones at chance"),
    Column("iqm_low_pct", "float64", "its lower 95% bound, stratified bootstrap"),
    Column("iqm_high_pct", "float64", "its upper 95% bound"),
    Column("best_alpha", "float64", "the α most often best on the other seeds"),
    Column("best_pct", "float64", "mean error at that α, over its seeds"),
    Column("best_low_pct", "float64", "lower bound of its 95% t-interval"),
    Column("best_high_pct", "float64", "upper bound of its 95% t-interval"),
    Column(
        "selection_pct",
        "float64",
        "what choosing costs: mean error at the α chosen leave-one-seed-out minus best_pct, in points",
    ),
)

# One row an (entry, clipping, number of trials): what tuning α by k trials comes to, without training.
TUNING = (
    *_ENTRY,
    Column("trials", "int64", "α tried at random from the grid, one run each"),
    Column("expected_best_pct", "float64", "expected lowest error of so many trials, diverged at chance"),
    Column("benefit_pct", "float64", "expected error of one trial minus it, in points"),
)

# One row an (entry, published number): what we measure against what is printed.
RESIDUALS = (
    *_ENTRY,
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

# What is made of a study's cells besides the comparison, by the names of the files.
ANALYSIS: dict[str, tuple[Column, ...]] = {
    "effects": EFFECTS,
    "safety": SAFETY,
    "regions": REGIONS,
    "edges": EDGES,
    "gains": GAINS,
    "sensitivity": SENSITIVITY,
    "tuning": TUNING,
    "residuals": RESIDUALS,
    "claims": CLAIMS,
}

# Every table of a study, by the names of the files in its folder.
TABLES: dict[str, tuple[Column, ...]] = {
    "plan": PLAN,
    "cells": CELLS,
    "curves": CURVES,
    "trajectories": TRAJECTORIES,
    "gradients": GRADIENTS,
    "comparison": COMPARISON,
    **ANALYSIS,
}


def volatile(columns: tuple[Column, ...]) -> tuple[str, ...]:
    """Names of the columns that may differ between equal runs."""
    return tuple(column.name for column in columns if column.volatile)


def names(columns: tuple[Column, ...]) -> tuple[str, ...]:
    """Names of the columns, in order."""
    return tuple(column.name for column in columns)
