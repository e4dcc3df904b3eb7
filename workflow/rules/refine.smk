# A round of refinement: first which cells to add, from all that is trained so far, then their training.
# Names hold a hash of what comes before, so a round is there or it is not, like a sweep. Sweeps that were
# made again, by force or from the store, make the rounds again; the store has what they need.
ROUNDS = [f"results/{path}" for path in PLAN.rounds.values()]
REFINEMENTS = [path.removesuffix(".parquet") + ".plan.parquet" for path in ROUNDS]


rule refine:
    input:
        plan=ancient(f"{STUDY}/plan.parquet"),
        sweeps=SWEEPS,
        rounds=lambda wildcards: ROUNDS[: int(wildcards.number) - 1],
        refinements=lambda wildcards: REFINEMENTS[: int(wildcards.number) - 1],
    output:
        f"{STUDY}/rounds/{{number}}.{{digest}}.plan.parquet",
    log:
        f"results/logs/{PLAN.study.name}/refine.{{number}}.{{digest}}.log",
    wildcard_constraints:
        number=r"\d+",
        digest=DIGEST,
    localrule: True
    conda:
        "../envs/hypercore.yaml"
    params:
        settings=PLAN.study.refine.model_dump_json(exclude={"rounds"}),
        analysis=PLAN.study.analysis.model_dump_json(),
    script:
        "../scripts/refine.py"


rule train_round:
    input:
        f"{STUDY}/rounds/{{number}}.{{digest}}.plan.parquet",
    output:
        f"{STUDY}/rounds/{{number}}.{{digest}}.parquet",
    log:
        f"results/logs/{PLAN.study.name}/round.{{number}}.{{digest}}.log",
    wildcard_constraints:
        number=r"\d+",
        digest=DIGEST,
    conda:
        "../envs/hypercore.yaml"
    threads: PLAN.study.threads
    resources:
        gpu=1 if device_kind(PLAN.study.device) == "cuda" else 0,
    script:
        "../scripts/train_round.py"
