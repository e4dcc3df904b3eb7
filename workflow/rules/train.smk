# The name alone says what is inside, so nothing can make a file old: sweeps of frozen cells only wait
# for their parents' (`ancient`). The params only tell, in a dry run cell by
# cell, what will be trained; as they ask for the output Snakemake keeps no record of them to compare with.
rule train:
    input:
        ancient(
            lambda wildcards: [
                *BEGIN(),
                *(
                    f"results/{path}"
                    for path in PLAN.parents_of(wildcards.sweep, wildcards.digest)
                ),
            ]
        ),
    output:
        "results/sweeps/{sweep}.{digest}.parquet",
    log:
        "results/logs/train/{sweep}.{digest}.log",
    benchmark:
        "results/benchmarks/{sweep}.{digest}.tsv"
    wildcard_constraints:
        sweep=NAME,
        digest=DIGEST,
    conda:
        "../envs/hypercore.yaml"
    threads: PLAN.study.threads
    resources:
        gpu=1 if device_kind(PLAN.study.device) == "cuda" else 0,
    params:
        cells=lambda wildcards, output: JOBS.describe(
            wildcards.sweep,
            wildcards.digest,
            dry_run=RUN.is_dry,
            forced=RUN.forced,
        ),
    message:
        "{params.cells}"
    script:
        "../scripts/train.py"


# For the target `sweeps`, which makes no tables, what rule verify is for the others.
rule verify_sweeps:
    input:
        SWEEPS,
    output:
        TRAINED,
    log:
        f"results/logs/{PLAN.study.name}/verify_sweeps.log",
    localrule: True
    conda:
        "../envs/hypercore.yaml"
    script:
        "../scripts/verify_sweeps.py"
