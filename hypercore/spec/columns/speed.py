"""Columns about how soon runs get somewhere: to a target error, and on how many tasks."""

from hypercore.spec.columns.arms import ENTRY
from hypercore.spec.columns.column import Column

# One row a (run with a result, target error): when it first was there. Baselines are runs, too.
TARGETS = (
    *ENTRY,
    Column("role", "string", "stack or baseline"),
    Column("alpha", "float64", "initial α of the rightmost optimizer"),
    Column("seed", "int64", "the run's seed"),
    Column("cell_id", "string", "the run's cell"),
    Column("target_error", "float64", "the error to be reached, on the split judged_on"),
    Column(
        "steps_to_target",
        "int64",
        "optimizer steps done at the first evaluation with an error of at most that; null: never reached",
    ),
    Column(
        "train_sec_to_target",
        "float64",
        "train_sec of the run in proportion to these steps; null: never reached",
        volatile=True,
    ),
)

# One row an (entry's label, clipping, epochs) that was run on every task: performance profile over tasks.
PROFILES = (
    Column("study", "string", "name of the study"),
    Column("label", "string", "the entry's label, or the plain optimizer"),
    Column("clipping", "string", "off, on (the presentation's), or the rule with its options"),
    Column("epochs", "int64", "passes over the training split that it was given"),
    Column("judged_on", "string", "split whose errors decide when a target is reached"),
    Column("n_tasks", "int64", "tasks: a data set, model, batch size and target each"),
    Column("n_reached", "int64", "of these, tasks whose target half of the runs reach at its best α"),
    Column("fastest_share", "float64", "share of tasks on which no other takes fewer steps"),
    Column("within_twice_share", "float64", "share of tasks on which it takes at most twice as many"),
    Column("score", "float64", "mean of that share over factors from 1 to 4; 1: fastest on every task"),
)
