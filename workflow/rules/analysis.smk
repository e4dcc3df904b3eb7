from hypercore.spec import columns

ANALYSIS = [f"{STUDY}/{name}.parquet" for name in columns.ANALYSIS]
REPORT = f"{STUDY}/report.html"


# The settings are no part of any cell, so a change of them trains nothing.
rule analyse:
    input:
        cells=f"{STUDY}/cells.parquet",
        curves=f"{STUDY}/curves.parquet",
        trajectories=f"{STUDY}/trajectories.parquet",
    output:
        ANALYSIS,
    log:
        f"results/logs/{PLAN.study.name}/analyse.log",
    localrule: True
    conda:
        "../envs/hypercore.yaml"
    params:
        settings=PLAN.study.analysis.model_dump_json(),
    script:
        "../scripts/analyse.py"


rule report:
    input:
        cells=f"{STUDY}/cells.parquet",
        comparison=f"{STUDY}/comparison.parquet",
        analysis=ANALYSIS,
    output:
        report=report(
            REPORT,
            caption="../report/study.rst",
            category="Report of the study",
            labels={"study": PLAN.study.name, "page": "advice, figures, claims"},
        ),
        tables=report(
            directory(f"{STUDY}/tables"),
            patterns=["{table}.csv"],
            caption="../report/tables.rst",
            category="Tables",
            labels={"study": PLAN.study.name, "table": "{table}"},
        ),
    log:
        f"results/logs/{PLAN.study.name}/report.log",
    localrule: True
    conda:
        "../envs/hypercore.yaml"
    params:
        about=PLAN.study.description,
    script:
        "../scripts/report.py"
