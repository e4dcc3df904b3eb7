# Instead of sending a second job for what a Slurm job of an earlier run trains, wait for that one.
rule attend:
    input:
        lambda wildcards: BEGIN(),
    output:
        "results/sweeps/{sweep}.{digest}.parquet",
    log:
        "results/logs/attend/{sweep}.{digest}.log",
    wildcard_constraints:
        sweep=NAME,
        digest="|".join(ALIVE),
    localrule: True
    conda:
        "../envs/hypercore.yaml"
    params:
        job=lambda wildcards, output: ALIVE[wildcards.digest],
    message:
        "{params.job} of an earlier run trains {wildcards.sweep}: waiting for it"
    script:
        "../scripts/attend.py"


use rule attend as attend_round with:
    output:
        f"{STUDY}/rounds/{{number}}.{{digest}}.parquet",
    log:
        f"results/logs/{PLAN.study.name}/attend.{{number}}.{{digest}}.log",
    wildcard_constraints:
        number=r"\d+",
        digest="|".join(ALIVE),
    message:
        "{params.job} of an earlier run trains round {wildcards.number}: waiting for it"


ruleorder: attend > train
ruleorder: attend_round > train_round
