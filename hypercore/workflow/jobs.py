"""Functions that the Snakefile calls, kept here so that tests can call them too."""

import sys
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from hypercore.jobs.retrain import mark
from hypercore.jobs.stored import Stored, engine, of_same_code
from hypercore.machine.slots import DeviceError, slots
from hypercore.results.rates import read_rates, startup_sec, total
from hypercore.results.sweep_status import clock
from hypercore.spec.protocol import large_batch
from hypercore.study import LargeGridError, Plan, Problem, Sweep
from hypercore.workflow.damaged import unusable
from hypercore.workflow.estimate import makespan
from hypercore.workflow.look import look
from hypercore.workflow.preview import Preview, Reason, preview
from hypercore.workflow.trying import brought, tried

RESULTS = Path("results")

_TABLE_RULES = len(("plan", "gather", "compare", "analyse", "report", "verify"))
# Shorter runs are not worth a change of the config.
WORTH_SPLITTING_SEC = 300.0


@dataclass(frozen=True)
class Jobs:
    """What the jobs of a plan will train, and for how long. The store is read once.

    ``cores`` are this machine's that snakemake may use; ``elsewhere`` is how many jobs may run at once on
    others, if they run there.
    """

    plan: Plan
    cores: int
    elsewhere: int | None = None
    _previews: dict[tuple[str, bool], Preview] = field(default_factory=dict)

    @cached_property
    def unusable(self) -> dict[Path, str]:
        """Unusable results, with what is wrong with each. They count as missing."""
        return unusable(self.plan, RESULTS)

    @cached_property
    def _stored(self) -> Stored:
        return Stored(RESULTS, self.plan.study)

    @property
    def gpus(self) -> int:
        """How many jobs may train at once on this machine's GPUs, one each; 0 on the CPU."""
        try:
            return slots(self.plan.study.device)
        except DeviceError:  # said by whoever wants to train here; a dry run may
            return 0

    @property
    def at_once(self) -> int:
        """How many jobs train side by side."""
        if self.elsewhere:
            return self.elsewhere
        side_by_side = max(1, self.cores // self.plan.study.threads)
        return min(side_by_side, self.gpus) if self.gpus else side_by_side

    def describe(self, sweep: str, digest: str, *, dry_run: bool, forced: bool = False) -> str:
        """What the job of a sweep will train, for snakemake to print: every cell of it in a dry run."""
        found = self._preview(self.plan.sweep(sweep, digest), forced)
        return found.details() if dry_run else f"Train {found}"

    def forecast(self, forced: bool = False) -> str:
        """One line: planned cells, cells to train, and how long that takes by earlier runs' rates.

        What rounds of refinement add depends on results, so the line names an upper bound.
        """
        plan, study = self.plan, self.plan.study
        previews = self._waiting(plan.sweeps, forced)
        planned = sum(len(sweep.cells) for sweep in plan.sweeps)
        train = sum(len(found.to_train) for found in previews)
        text = f"Study {study.name}: {planned} cells in {len(plan.sweeps)} sweeps, {train} to train"
        reasons = Counter(reason for found in previews for _, reason in found.reasons)
        if reasons[Reason.TABLED]:
            text += f", {reasons[Reason.TABLED]} to take out of tables that came without the store"
        if reasons[Reason.UNSEEN]:
            text += f", {reasons[Reason.UNSEEN]} {Reason.UNSEEN} (their results count if it is as it was)"
        if reasons[Reason.CHANGED] and study.reuse == "exact":
            text += self._elsewhere(previews)
        rounds = [path for path in plan.rounds.values() if forced or self._lacks(path)]
        if rounds:
            text += (
                f", and at most {study.refine.budget} more in {len(rounds)} rounds of refinement, until "
                f"edges are known to {study.refine.edge_decades:g} decades"
            )
        if not train:
            return f"{text}."
        rates = read_rates(RESULTS)
        time = makespan(previews, rates, engine(study), self.at_once)
        # Each rule that makes tables or the report takes about as long as a job does to start.
        time = time and time + _TABLE_RULES * startup_sec(rates)
        remarks = f"{self._crowded}{self._large_batches}{self._unused}{self._idle(previews, time)}"
        return f"{text}; {_about(time, self.at_once)}{remarks}"

    def _elsewhere(self, previews: Iterable[Preview]) -> str:
        """How many of the cells to train have results of other executions, and of which execution most."""
        changed = [cell for found in previews for cell, reason in found.reasons if reason is Reason.CHANGED]
        tables = self._stored.tables.found
        keys = Counter(
            one.execution_key
            for cell in changed
            for one in tables.get(cell.id, ())[:1]
            if of_same_code(cell, one.numerics)
        )
        if not keys:
            return ""
        most, _ = keys.most_common(1)[0]
        return (
            f" ({keys.total()} of them are in tables of another execution, as of {most}: the key reuse: any "
            "takes those)"
        )

    def problems(self, forced: bool = False, sweeps: Collection[Sweep] | None = None) -> list[Problem]:
        """What would keep the cells to train, of some sweeps or all, from it."""
        previews = self._waiting(self.plan.sweeps if sweeps is None else sweeps, forced)
        cells = [cell for found in previews for cell in found.to_train]
        unseen = [cell for found in previews for cell in found.unseen]
        return look(self.plan, cells, RESULTS, unseen=unseen, elsewhere=bool(self.elsewhere))

    def tried(self, forced: bool = False) -> list[str]:
        """What is wrong with the data and networks that the study brings, where jobs will load them."""
        previews = self._waiting(self.plan.sweeps, forced)
        cells = [cell for found in previews for cell in (*found.to_train, *found.unseen)]
        return tried(self.plan, brought(self.plan, cells))

    def restore(self) -> None:
        """Copy results that only tables hold into the store: of planned cells, and of the study itself."""
        stored = self._stored
        waiting = self._waiting(self.plan.sweeps, forced=False)
        reasons = {cell: reason for found in waiting for cell, reason in found.reasons}
        cells = [cell for cell, reason in reasons.items() if reason is not Reason.CACHED]
        lacking = stored.untaken(cells, {cell.id for cell in cells if reasons[cell] is Reason.TABLED})
        if count := sum(map(len, lacking.values())):
            studies = ", ".join(study.name for study in lacking)
            sys.stderr.write(f"Taking {count} results out of the tables of {studies} into the store.\n")
            stored.tables.restore(lacking, stored.store)
            self._previews.clear()  # what was in tables is in the store now

    @property
    def _crowded(self) -> str:
        threads = self.plan.study.threads
        if self.elsewhere or threads <= self.cores:
            return ""
        return f" A job has {threads} threads, as the study says, though --cores is {self.cores}."

    @property
    def _large_batches(self) -> str:
        """Of data sets whose size is known before anyone loads them; a job says it of others in its log."""
        cells = {(cell.dataset, cell.batch_size) for sweep in self.plan.sweeps for cell in sweep.cells}
        protocol, said = self.plan.study.protocol, []
        for dataset, batch_size in sorted(cells):
            spec = self.plan.study.dataset(dataset)
            n = None if spec is None else spec.n_train
            if n and (line := large_batch(dataset, n - protocol.held_out(n), batch_size)) is not None:
                said.append(f" {line}.")
        return "".join(said)

    @property
    def _unused(self) -> str:
        idle = self.plan.study.idle
        return f" No stack trains {', '.join(idle)} of the config." if idle else ""

    def _idle(self, previews: Collection[Preview], time: float | None) -> str:
        jobs = [len(found.to_train) for found in previews if found.to_train]
        short = time is not None and time < WORTH_SPLITTING_SEC
        if short or len(jobs) >= self.at_once or max(jobs) == 1:
            return ""
        return f" {self.at_once} could run, there are {len(jobs)}: the key cells_per_job splits large sweeps."

    def _lacks(self, path: str) -> bool:
        return not (RESULTS / path).exists() or RESULTS / path in self.unusable

    def _waiting(self, sweeps: Iterable[Sweep], forced: bool) -> list[Preview]:
        """What the jobs of these sweeps that are still to run will train."""
        return [self._preview(sweep, forced) for sweep in sweeps if forced or self._lacks(sweep.path)]

    def _preview(self, sweep: Sweep, forced: bool) -> Preview:
        key = sweep.digest, forced
        if key not in self._previews:
            self._previews[key] = preview(sweep, self._stored, forced=forced)
        return self._previews[key]

    def force(self, targets: Collection[str] = ()) -> None:
        """Let no record of ``targets``, or of the whole plan, count that is there now: ``-F``, ``-R train``.

        Files made of them go at once, so that a plain run finishes what a kill interrupts; the records
        stay in the store until they are replaced.
        """
        files = {str(RESULTS / sweep.path): (sweep.name, sweep.digest) for sweep in self.plan.sweeps}
        for name, path in self.plan.rounds.items():
            digest = Path(path).stem.partition(".")[2]
            files[str(RESULTS / path)] = f"{self.plan.study.name}-{name}", digest
        # A target that is no such file, such as a rule, wants all of them.
        chosen = targets if targets and files.keys() >= set(targets) else files
        for file in chosen:
            mark(RESULTS, *files[file])
            Path(file).unlink(missing_ok=True)


def cost(error: LargeGridError, cores: int) -> str:
    """How long a grid that needs confirmation would take, in a line."""
    at_once = max(1, cores // error.study.threads)
    time = total(error.kinds, read_rates(RESULTS), engine(error.study))
    return f"To train all of it: {_about(None if time is None else time / at_once, at_once)}"


def _about(time: float | None, at_once: int) -> str:
    if time is None:
        return "no rate is measured yet, so no estimate of the time."
    return f"about {clock(time)}, {at_once} {'job' if at_once == 1 else 'jobs'} at a time."
