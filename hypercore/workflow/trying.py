"""The data and networks that a study brings, tried by a process of its own before any job runs them."""

import importlib.util
import shlex
import subprocess
import sys
from collections.abc import Collection

from hypercore.spec.cell import Cell
from hypercore.study import Plan


def brought(plan: Plan, cells: Collection[Cell]) -> list[str]:
    """One cell of each kind that differs in what the study brings: its own data, and networks of its code."""
    found: dict[object, str] = {}
    for cell in cells:
        model = plan.study.model_call(cell.model)
        is_own_model = model is not None and model.entry.numerics is None
        if is_own_model or plan.study.dataset_call(cell.dataset) is not None:
            found.setdefault((cell.dataset, cell.model, cell.batch_size), cell.id)
    return list(found.values())


def tried(plan: Plan, ids: Collection[str]) -> list[str]:
    """What keeps these cells from training, a line each; nothing where it cannot be known here.

    A process that ends otherwise leaves it to the jobs, which say what happened.
    """
    if not ids or importlib.util.find_spec("torch") is None:
        return []
    (python,) = shlex.split(sys.executable)  # quoted for Snakemake
    command = [python, "-P", "-m", "hypercore.jobs.tried", str(plan.path), *ids]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, encoding="utf-8", check=False
    )
    return [] if done.returncode else done.stdout.splitlines()
