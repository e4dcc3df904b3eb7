# The mark's name holds a hash of the plan, and only the newest mark is kept: whatever else is lost,
# a changed plan is made again, and with it all that is made of it. It comes first of all: until then the
# dashboard knows nothing of a new study, and counts the cells of a changed one by its old plan.
rule plan:
    input:
        lambda wildcards: BEGIN(),
    output:
        plan=f"{STUDY}/plan.parquet",
        mark=f"{STUDY}/.plan/{PLAN.digest}",
    log:
        f"results/logs/{PLAN.study.name}/plan.log",
    priority: 1
    localrule: True
    conda:
        "../envs/hypercore.yaml"
    script:
        "../scripts/plan.py"


rule gather:
    input:
        plan=f"{STUDY}/plan.parquet",
        mark=f"{STUDY}/.plan/{PLAN.digest}",
        sweeps=SWEEPS,
        rounds=ROUNDS,
        refinements=REFINEMENTS,
    output:
        cells=f"{STUDY}/cells.parquet",
        curves=f"{STUDY}/curves.parquet",
        trajectories=f"{STUDY}/trajectories.parquet",
        gradients=f"{STUDY}/gradients.parquet",
    log:
        f"results/logs/{PLAN.study.name}/gather.log",
    localrule: True
    conda:
        "../envs/hypercore.yaml"
    script:
        "../scripts/gather.py"


rule compare:
    input:
        cells=f"{STUDY}/cells.parquet",
    output:
        f"{STUDY}/comparison.parquet",
    log:
        f"results/logs/{PLAN.study.name}/compare.log",
    localrule: True
    conda:
        "../envs/hypercore.yaml"
    script:
        "../scripts/compare.py"


# Fails if a cell did: its sweep's file then goes, so that the next run tries it again.
rule verify:
    input:
        cells=f"{STUDY}/cells.parquet",
        comparison=f"{STUDY}/comparison.parquet",
    output:
        touch(COMPLETE),
    log:
        f"results/logs/{PLAN.study.name}/verify.log",
    localrule: True
    conda:
        "../envs/hypercore.yaml"
    script:
        "../scripts/verify.py"
