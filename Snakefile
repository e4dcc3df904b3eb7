# Which cells a study trains is decided here, before any job, by hypercore.study alone: a dry run
# imports no torch. What is done already is decided by names: a sweep's file carries a hash of its
# cells, so it is there or it is not (docs/workflow.md).
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.utils import min_version

from hypercore.workflow.adapter import (
    Run,
    give_code,
    quote_interpreter,
    say_refused_outputs,
)
from hypercore.workflow.begin import Begin, system_errors_in_a_line
from hypercore.results.provenance import other_code
from hypercore.machine.terminal import make_readable
from hypercore.cli.leftovers import remark
from hypercore.workflow.live import Live
from hypercore.workflow.names import in_a_report, named, refuse_taken_name
from hypercore.workflow.slurm import alive
from hypercore.workflow.jobs import RESULTS, Jobs, cost
from hypercore.study.plan.sweeps import DIGEST, NAME
from hypercore.study import LargeGridError, StudyError, choose, device_kind, load

min_version("9.27")
make_readable()  # snakemake's own log lines hold what jobs are called


report: "workflow/report/workflow.rst"


DEFAULT_STUDY = Path("config/config.yaml")
if not DEFAULT_STUDY.exists():
    DEFAULT_STUDY = Path(workflow.basedir) / DEFAULT_STUDY

RUN = Run(workflow)
if (other := other_code(Path(workflow.basedir))) is not None:
    raise WorkflowError(other)
if set("{}") & set(workflow.basedir):
    raise WorkflowError(
        f"{workflow.basedir}: Snakemake reads {{ and }} in its files' paths as wildcards; move this checkout"
    )
give_code(Path(workflow.basedir))
quote_interpreter()
say_refused_outputs()

try:
    OPTIONS = choose(
        RUN.config,
        RUN.config_files,
        DEFAULT_STUDY,
    )
    PLAN = load(OPTIONS.study, confirm_large=OPTIONS.confirm_large)
    if RUN.is_main:
        refuse_taken_name(OPTIONS.study, RESULTS)
except LargeGridError as error:
    raise WorkflowError(f"{error}\n{cost(error, RUN.cores)}") from None
except StudyError as error:
    raise WorkflowError(str(error)) from None

# With --jobs the jobs run elsewhere, and take what GPUs there are.
ELSEWHERE = RUN.nodes
JOBS = Jobs(PLAN, RUN.cores, ELSEWHERE)
BEGIN = Begin(JOBS, RUN)
LIVE = Live(RESULTS, PLAN.study.name)
# Slurm jobs that outlived an earlier run; a job asks for none, as it may be one of them.
ALIVE = alive(Path.cwd()) if RUN.is_main else {}
RUN.offer("gpu", JOBS.gpus)

# Jobs read the study by this path; nothing of it is merged into snakemake's own config. Reports are named by
# the others.
config.clear()
config["study"] = str(OPTIONS.study)
config["name"] = PLAN.study.name
config["file"] = in_a_report(named(OPTIONS.study))
config["about"] = in_a_report(PLAN.study.description)

STUDY = f"results/{PLAN.study.name}"
COMPLETE = f"{STUDY}/.plan/{PLAN.digest}.complete"
TRAINED = f"{STUDY}/.trained/{PLAN.digest}"
SWEEPS = [f"results/{sweep.path}" for sweep in PLAN.sweeps]
TABLES = [
    f"{STUDY}/{name}.parquet"
    for name in ("plan", "cells", "curves", "trajectories", "gradients", "comparison")
]


include: "workflow/rules/train.smk"
include: "workflow/rules/refine.smk"
include: "workflow/rules/tables.smk"
include: "workflow/rules/analysis.smk"


if ALIVE:

    include: "workflow/rules/slurm.smk"


rule all:
    default_target: True
    input:
        SWEEPS,
        TABLES,
        ANALYSIS,
        REPORT,
        COMPLETE,
    params:
        outlook=lambda wildcards: JOBS.forecast(RUN.forced),
    message:
        "{params.outlook}"


# Parts of the whole, by name: `snakemake sweeps` trains, `snakemake tables` also joins and compares.
rule sweeps:
    input:
        SWEEPS,
        TRAINED,


rule tables:
    input:
        SWEEPS,
        TABLES,
        COMPLETE,


onstart:
    with system_errors_in_a_line():
        if found := "\n".join(map(str, JOBS.problems(RUN.forced))):
            if not ELSEWHERE:
                raise WorkflowError(found)
            logger.warning(found)  # where jobs run it may be otherwise
        if not ELSEWHERE and (tried := JOBS.tried(RUN.forced)):
            raise WorkflowError("\n".join(tried))
        if RUN.forced:
            JOBS.force(RUN.targets)
        logger.info(JOBS.forecast(RUN.forced))
    LIVE.begin()


onsuccess:
    LIVE.end()
    if found := remark(RESULTS, OPTIONS.study):
        logger.info(found)


onerror:
    LIVE.end()
