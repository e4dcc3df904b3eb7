"""What a cell is and what training found out about it: the store's columns."""

from enum import StrEnum

from hypercore.spec.columns.column import Column
from hypercore.spec.normalisation import NONE


class Status(StrEnum):
    """What became of a planned cell. Whether a finished run *diverged* is for the analysis to judge."""

    FINISHED = "finished"
    NONFINITE = "nonfinite"
    FAILED = "failed"
    MISSING = "missing"
    # A frozen cell whose parent has nothing to freeze: it turned non-finite, or learned a value out of range.
    NOT_APPLICABLE = "not_applicable"


_LOSS = "nats of classes, mean square of numbers, or as the data set's own loss has it"

IDENTITY = (
    Column("cell_id", "string", "hash of the full resolved specification"),
    Column("dataset", "string", "data set by name; a re-encoded copy never carries the original's name"),
    Column("model", "string", "model by name"),
    Column(
        "stack",
        "string",
        "the stack in the paper's notation, every value written out; of a frozen cell the optimizer as its "
        "parent began: what it trained with itself is its trajectory at step 0",
    ),
    Column("stack_shape", "string", "the stack without numbers"),
    Column("lowest", "string", "the optimizer that updates the weights"),
    Column("height", "int64", "number of optimizers in the stack; 1 is a plain optimizer"),
    Column("alpha", "float64", "initial α of the rightmost optimizer, in the stack as written"),
    Column("clipping", "string", "off, on (the presentation's), or the rule with its options"),
    Column("clip_scope", "string", "levels that are clipped: weights, hyper, all"),
    Column("clip_norm", "string", "what one norm is taken over: tensor, level, global"),
    Column("clip_feedback", "string", "norm that the running mean continues from: clipped, raw"),
    Column("epochs", "int64", "passes over the training split"),
    Column("batch_size", "int64", "examples a step; the last batch of an epoch may be smaller"),
    Column("seed", "int64", "draws initial weights and data order, each from its own stream"),
    Column(
        "protocol",
        "string",
        "how runs are evaluated: presentation (the test split, after each epoch), validation(share or count "
        "held out), and how many evaluations an epoch if not one",
    ),
    Column(
        "normalisation",
        "string",
        "none: inputs as they are loaded, pixels in [0, 1]; or (means), (SDs) of the channels, by which "
        "pixels are normalised",
        before=NONE,
    ),
    Column(
        "augmentation",
        "string",
        "none, or what becomes of training images at random: flip, crop(pixels that pad each side)",
        before=NONE,
        added=True,
    ),
    Column("parent", "string", "cell id of the stack whose learned values a frozen cell starts with"),
)

FACTS = (
    Column("status", "string", "finished, nonfinite, failed, not_applicable (frozen cells) or missing"),
    Column("error", "string", "for failed and not_applicable: what went wrong"),
    Column(
        "first_nonfinite_step", "int64", "first step whose loss, weights or hyperparameters were not finite"
    ),
    Column("first_batch_loss", "float64", f"loss of the first batch, before any update ({_LOSS})"),
    Column("last_epoch_train_loss", "float64", f"mean training loss over the last epoch trained ({_LOSS})"),
    Column("test_loss", "float64", f"mean loss on the test split after the last epoch ({_LOSS})"),
    Column("test_error", "float64", "error on the test split after the last epoch; null if non-finite"),
    Column(
        "validation_loss",
        "float64",
        f"mean loss on the validation split after the last epoch ({_LOSS}); null where none is held out",
        added=True,
    ),
    Column("validation_error", "float64", "as test_error, of the validation split", added=True),
    Column("steps", "int64", "optimizer steps done; a non-finite run ends with its epoch"),
    Column("negative_alpha_steps", "int64", "steps at which a learned α of any level was negative"),
    Column("n_train", "int64", "examples in the training split, those held out not counted"),
    Column("n_test", "int64", "examples in the test split"),
    Column("n_validation", "int64", "examples held out of the training split; null: none", added=True),
    Column("n_classes", "int64", "classes; 0: targets are numbers"),
    Column(
        "metric",
        "string",
        "what all errors are, NAME (UNIT), less being better: error (%), the share of targets misclassified; "
        "RMSE; bits per token; or the data set's own. Null, in tables of before: error (%), or of numbers "
        "the RMSE in percent of the training mean's",
        added=True,
    ),
    Column(
        "constant_error",
        "float64",
        "error on the test split of a guess that does not look at inputs: for error (%) that split's "
        "commonest class, else what the training split's mean or shares give",
        added=True,
    ),
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

# One row a cell and evaluation: one at each epoch's end, and more within it where the protocol says so, with
# nulls for what is measured over whole epochs. Curves of a cell that turned non-finite end where it did.
CURVE_POINT = (
    Column("epoch", "int64", "epoch, from 1"),
    Column("step", "int64", "optimizer steps done"),
    Column("train_loss", "float64", f"mean training loss over the epoch ({_LOSS})"),
    Column("test_loss", "float64", f"mean loss on the test split ({_LOSS})"),
    Column("test_error", "float64", "the same as of cells"),
    Column("validation_loss", "float64", "the same on the validation split", added=True),
    Column("validation_error", "float64", "the same as of cells", added=True),
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
