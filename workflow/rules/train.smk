from hypercore.study.sweeps import DIGEST, NAME


# No input: the name alone says what is inside, so nothing else can make it old. The params only
# tell, in a dry run cell by cell, what will be trained.
rule train:
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
        cells=lambda wildcards: describe(
            PLAN, wildcards.sweep, wildcards.digest, dry_run=workflow.dryrun
        ),
    message:
        "{params.cells}"
    script:
        "../scripts/train.py"
