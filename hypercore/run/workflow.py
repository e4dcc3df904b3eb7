"""What the Snakefile asks and does beyond its rules: all of it here, so that tests call it directly."""

import sys
from collections.abc import Iterable
from pathlib import Path

from hypercore.run.estimate import makespan, read_rates
from hypercore.run.owner import take_over
from hypercore.run.preview import preview
from hypercore.run.progress import clock
from hypercore.study import Plan, device_kind

RESULTS = Path("results")
_MAGIC = b"PAR1"


def begin(plan: Plan) -> None:
    """Get a folder ready for a run: clear a dead run's lock, and set aside damaged files of the study.

    Of a run that still lives a line is said; snakemake itself then refuses to start a second one.
    """
    for owner in take_over(Path(".snakemake")):
        _say(f"Another run works in this folder: {owner}. Wait for it, or stop it.")
    study = RESULTS / plan.study.name
    files = [*(RESULTS / sweep.path for sweep in plan.sweeps), *study.glob("*.parquet")]
    for path in damaged(files):
        _say(f"{path} is damaged: it will be made again.")
        path.unlink(missing_ok=True)


def damaged(files: Iterable[Path]) -> list[Path]:
    """Files that are there but are empty or cut off, by a look at their ends."""
    return [path for path in files if path.exists() and not _whole(path)]


def _whole(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(4)
        file.seek(0, 2)
        if file.tell() < 2 * len(_MAGIC):
            return False
        file.seek(-4, 2)
        return head == _MAGIC == file.read(4)


def describe(plan: Plan, sweep: str, digest: str, *, dry_run: bool) -> str:
    """What the job of a sweep will train, for snakemake to print: every cell of it in a dry run."""
    found = preview(plan.sweep(sweep, digest), plan.study, RESULTS)
    return found.details() if dry_run else f"Train {found}"


def forecast(plan: Plan, cores: int) -> str:
    """One line: planned cells, cells to train, and how long that takes by earlier runs' rates.

    ``cores`` is how many jobs run side by side.
    """
    waiting = [sweep for sweep in plan.sweeps if not (RESULTS / sweep.path).exists()]
    previews = [preview(sweep, plan.study, RESULTS) for sweep in waiting]
    planned = sum(len(sweep.cells) for sweep in plan.sweeps)
    train = sum(len(found.to_train) for found in previews)
    text = f"Study {plan.study.name}: {planned} cells in {len(plan.sweeps)} sweeps, {train} to train"
    if not train:
        return f"{text}."
    seconds = makespan(previews, read_rates(RESULTS), device_kind(plan.study.device), cores)
    if seconds is None:
        return f"{text}; no rate is measured yet, so no estimate of the time."
    return f"{text}, about {clock(seconds)} on {cores} {'core' if cores == 1 else 'cores'}."


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
