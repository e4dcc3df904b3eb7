import contextlib
import os
import pty
import re
import subprocess
from pathlib import Path

from tests.workflow.conftest import Finished
from tests.workflow.runner import TINY, Workplace, command, environment


def test_one_command_makes_every_result_and_a_second_finds_nothing_to_do(
    finished: Finished, trained: Workplace
) -> None:
    said, workplace = finished.said, trained
    # Into a pipe go plain lines, which no terminal needs to redraw.
    assert re.search(r"^\S+: 4/4 cells, .*lane steps/s, \d+ diverged$", said, re.MULTILINE), said
    assert "\x1b" not in said
    rows = workplace.cells()
    assert len(rows) == 4
    assert {row["status"] for row in rows} <= {"finished", "nonfinite"}
    results = workplace.folder / "results"
    for name in ("plan", "cells", "curves", "trajectories", "comparison"):
        assert (results / f"tiny/{name}.parquet").stat().st_size > 0
    [sweep] = (results / "sweeps").glob("*.parquet")
    assert (results / f"logs/train/{sweep.stem}.log").read_text()
    assert (results / f"benchmarks/{sweep.stem}.tsv").read_text().startswith("s\t")
    before = workplace.files()
    assert "Nothing to be done" in workplace.run()
    assert workplace.files() == before
    workplace.run("--report", "report.html")
    page = (workplace.folder / "report.html").read_text()
    for expected in (
        "<strong>tiny</strong> (study.yaml).",  # the description of the whole
        "whether clipping gradients widens that range",
        '"Report of the study": {',
        '"page": "advice, figures, claims"',
        "stability regions and claims of",  # captions
        "The table <em>gains</em> of <em>tiny</em>, unrounded, made from the parquet file",
        *(f'"table": "{name}"' for name in ("comparison", "regions", "claims")),
    ):
        assert expected in page, expected


def test_in_a_terminal_a_running_sweep_has_one_live_line(workplace: Workplace) -> None:
    # Long enough for several lines on a fast machine: one is drawn each second.
    workplace.write(TINY.replace("epochs: 1", "epochs: 100").replace("seeds: 1", "seeds: 2"))
    terminal, inside = pty.openpty()
    run = subprocess.Popen(
        command("--", "sweeps"), cwd=workplace.folder, env=environment(), stdout=inside, stderr=inside
    )
    os.close(inside)
    shown = b""
    with contextlib.suppress(OSError):  # the terminal's end, once the run has ended
        while part := os.read(terminal, 65536):
            shown += part
    os.close(terminal)
    text = shown.decode()
    assert run.wait(timeout=60) == 0, text
    line = r"\r\x1b\[Jdigits-mlp-sgd_sgd-e100-b32: \d/8 cells, [\d,]+ lane steps/s, [^\r]* left"
    assert len(re.findall(line, text)) > 1, text


def test_a_dry_run_of_the_default_study_imports_no_torch_and_touches_nothing(tmp_path: Path) -> None:
    poison = tmp_path / "poison"
    for package in ("torch", "torchvision"):
        (poison / package).mkdir(parents=True)
        (poison / package / "__init__.py").write_text(f"raise RuntimeError('{package} was imported')")
    workplace = Workplace(tmp_path / "empty")
    workplace.folder.mkdir()
    said = workplace.run("-n", study=None, env={"PYTHONPATH": str(poison)})
    assert "was imported" not in said
    assert re.search(r"^train +8$", said, re.MULTILINE), said
    assert not (workplace.folder / "results").exists()


def test_a_poisoned_torch_is_noticed_by_training(workplace: Workplace, tmp_path: Path) -> None:
    # Without this the test above would pass with a poison that harms nobody.
    (tmp_path / "poison/torch").mkdir(parents=True)
    (tmp_path / "poison/torch/__init__.py").write_text("raise RuntimeError('torch was imported')")
    said = workplace.run(env={"PYTHONPATH": str(tmp_path / "poison")}, code=1)
    assert "torch was imported" in said


def test_a_configfile_selects_the_study_and_nothing_is_merged(workplace: Workplace) -> None:
    workplace.write(TINY.replace("name: tiny", "name: other"), "other.yaml")
    said = workplace.run("-n", "--configfile", "other.yaml", study=None)
    assert "results/other/plan.parquet" in said
    assert "results/tiny" not in said


def test_a_large_grid_runs_once_it_is_confirmed(workplace: Workplace) -> None:
    workplace.write(TINY + "max_cells: 3\n")  # refused: test_bad_configs.py
    assert "4 to train" in workplace.run(
        "-n", "--config", "study=study.yaml", "confirm_large=true", study=None
    )


def test_unknown_options_end_in_words(workplace: Workplace) -> None:
    said = workplace.run("-n", "--config", "stduy=study.yaml", study=None, code=1)
    assert "--config: given the unknown key 'stduy'; allowed: the keys study, confirm_large" in said
    assert "Traceback" not in said


def test_a_study_is_planned_before_it_trains(workplace: Workplace, tmp_path: Path) -> None:
    # Training that fails at once is in the log as any other is.
    (tmp_path / "poison/torch").mkdir(parents=True)
    (tmp_path / "poison/torch/__init__.py").write_text("raise RuntimeError('torch was imported')")
    stacks = ("Adam / SGD", "RMSProp / SGD", "AdaGrad / SGD", "SGD / SGD / SGD")
    listed = "".join(f"  - {{stack: {stack}, alphas: [0.001]}}\n" for stack in stacks)
    workplace.write(TINY.replace("clipping:", f"{listed}clipping:"))
    said = workplace.run(env={"PYTHONPATH": str(tmp_path / "poison")}, code=1)
    begun = re.findall(r"^localrule (plan):|^Job \d+: (Train)", said, re.MULTILINE)
    assert begun == [("plan", ""), *[("", "Train")] * 5], said
