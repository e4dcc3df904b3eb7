"""Every column of every table, declared once: name, type, unit, meaning.

:mod:`hypercore.results.schemas` turns these into Arrow schemas; ``docs/results.md`` is printed from
them. Units stand in the names (``_pct`` percent, ``_sec`` seconds).
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal

ColumnType = Literal["string", "int64", "float64", "bool"]


class Status(StrEnum):
    """What became of a planned cell. Whether a finished run *diverged* is for the analysis to judge."""

    FINISHED = "finished"
    NONFINITE = "nonfinite"
    FAILED = "failed"
    MISSING = "missing"


class Role(StrEnum):
    """Why a study trains a cell."""

    STACK = "stack"
    BASELINE = "baseline"


@dataclass(frozen=True)
class Column:
    """One column. ``volatile`` ones (times, provenance) differ between equal runs: comparisons leave them out."""

    name: str
    type: ColumnType
    doc: str
    volatile: bool = False


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
    Column("parent", "string", "cell id of the stack whose learned values a frozen cell starts with"),
)

FACTS = (
    Column("status", "string", "finished, nonfinite, failed or missing"),
    Column("error", "string", "for failed: the error's type and text"),
    Column("first_nonfinite_step", "int64", "first step whose loss, weights or hyperparameters were not finite"),
    Column("first_batch_loss", "float64", "loss of the first batch, before any update (nats)"),
    Column("last_epoch_train_loss", "float64", "mean training loss over the last epoch (nats)"),
    Column("test_loss", "float64", "mean loss on the test split after the last epoch (nats)"),
    Column("test_error_pct", "float64", "share of the test split that is misclassified; null if non-finite"),
    Column("steps", "int64", "optimizer steps done"),
    Column("negative_alpha_steps", "int64", "steps at which a learned α of any level was negative"),
    Column("n_train", "int64", "examples in the training split"),
    Column("n_test", "int64", "examples in the test split"),
    Column("n_classes", "int64", "classes"),
)

PROVENANCE = (
    Column("execution_key", "string", "device model, backend, torch and numerics versions: bits agree within one"),
    Column("device", "string", "device model", volatile=True),
    Column("backend", "string", "eager or compiled", volatile=True),
    Column("threads", "int64", "CPU threads of the training process", volatile=True),
    Column("lanes", "int64", "cells that trained in the same batch", volatile=True),
    Column("train_sec", "float64", "wall time of the whole batch's training, evaluation excluded", volatile=True),
    Column("eval_sec", "float64", "wall time of the whole batch's evaluations", volatile=True),
    Column("compile_sec", "float64", "wall time of compilation", volatile=True),
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

# What the store holds of one cell besides its curves and trajectories.
CELL = IDENTITY + FACTS + PROVENANCE

_CELL_ID = (IDENTITY[0],)

# One row a cell and epoch; curves of a cell that turned non-finite end where it did.
CURVE_POINT = (
    Column("epoch", "int64", "epoch, from 1"),
    Column("step", "int64", "optimizer steps done at its end"),
    Column("train_loss", "float64", "mean training loss over the epoch (nats)"),
    Column("test_loss", "float64", "mean loss on the test split at its end (nats)"),
    Column("test_error_pct", "float64", "share of the test split misclassified at its end"),
    Column("grad_norm_mean", "float64", "mean over steps of the weights' gradient norm before clipping"),
    Column("grad_norm_max", "float64", "largest weights' gradient norm before clipping"),
    Column("clipped_share", "float64", "share of (step, norm) pairs that were scaled down; 0 with clipping off"),
    Column("threshold_mean", "float64", "mean over steps of the weights' threshold θ; null with clipping off"),
)

# Learned hyperparameters over time, in natural units (α, not √α), at the start and along the run.
TRAJECTORY_POINT = (
    Column("step", "int64", "optimizer steps done"),
    Column("level", "int64", "1: the lowest optimizer's hyperparameters, 2: those of the one to its right, …"),
    Column("hyperparameter", "string", "alpha, mu, gamma, beta1, beta2"),
    Column("value", "float64", "its value"),
)

PLAN = (
    Column("study", "string", "name of the study"),
    Column("label", "string", "the entry's label: the stack as the config spells it"),
    Column("role", "string", "stack or baseline"),
    Column("baseline_id", "string", "cell id of this cell's baseline with the same seed"),
    Column("sweep", "string", "name of the sweep that trains it"),
    *IDENTITY,
)

# One row a planned (entry, cell): what was planned and, where it is there, what came of it.
CELLS = PLAN + FACTS + PROVENANCE
CURVES = _CELL_ID + CURVE_POINT
TRAJECTORIES = _CELL_ID + TRAJECTORY_POINT

# The three columns of the presentation's tables, each with the same figures.
ARMS = ("baseline", "off", "on")
_ARM = (
    Column("n", "int64", "planned seeds"),
    Column("n_done", "int64", "seeds with a result, whatever it is"),
    Column("n_ok", "int64", "seeds that finished and did not diverge"),
    Column("mean_pct", "float64", "mean test error over all done seeds, diverged ones imputed at chance"),
    Column("sd_pct", "float64", "standard deviation over the same (n - 1); null for one seed"),
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
    *(replace(column, name=f"{arm}_{column.name}", doc=f"{arm}: {column.doc}") for arm in ARMS for column in _ARM),
    Column("reduction_pct", "float64", "off mean minus on mean, in points: what clipping gains"),
    Column("bold", "bool", "the presentation's rule: clipping at least 1 point better"),
)


def volatile(columns: tuple[Column, ...]) -> tuple[str, ...]:
    """Names of the columns that may differ between equal runs."""
    return tuple(column.name for column in columns if column.volatile)


def names(columns: tuple[Column, ...]) -> tuple[str, ...]:
    """Names of the columns, in order."""
    return tuple(column.name for column in columns)
