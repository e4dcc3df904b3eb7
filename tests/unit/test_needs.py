"""Every package that a part of the product imports is among what is declared for that part."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
CONDA = yaml.safe_load((ROOT / "workflow/envs/hypercore.yaml").read_text())["dependencies"]
# A package by the name that it is imported by, where that is another.
NAMES = {"PIL": "pillow", "yaml": "pyyaml", "pydantic_core": "pydantic"}
ANALYSIS = ("hypercore/analysis", "hypercore/results", "hypercore/spec")
PARTS = {
    "base": ("hypercore/spec", "hypercore/core", "hypercore/optim", "hypercore/train"),
    "study": ("hypercore",),
    "dashboard": ("dashboard", *ANALYSIS),
}


def imported(folders: tuple[str, ...]) -> Iterator[tuple[str, Path]]:
    """The packages of others that modules below some folders import, anywhere, each with a module."""
    for path in sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            for name in {name.partition(".")[0] for name in names}:
                if name not in sys.stdlib_module_names and name not in ("hypercore", "dashboard"):
                    yield NAMES.get(name, name), path


def bare(needs: list[str]) -> set[str]:
    """Names of packages without versions."""
    return {re.split(r"[ <>=;]", need)[0].lower() for need in needs}


@pytest.mark.parametrize("part", PARTS)
def test_what_a_part_imports_is_declared_for_it(part: str) -> None:
    extra = [] if part == "base" else PROJECT["optional-dependencies"][part]
    declared = bare([*PROJECT["dependencies"], *extra])
    assert not [(name, path.name) for name, path in imported(PARTS[part]) if name not in declared]


def test_what_jobs_import_is_in_the_conda_environment() -> None:
    declared = {{"pytorch": "torch", "snakemake-minimal": "snakemake"}.get(n, n) for n in bare(CONDA)}
    assert not [(name, path.name) for name, path in imported(("hypercore",)) if name not in declared]


def test_one_range_of_snakemake_is_asked_for_everywhere() -> None:
    [pip] = [need for need in PROJECT["optional-dependencies"]["study"] if need.startswith("snakemake")]
    [conda] = [need for need in CONDA if need.startswith("snakemake")]
    assert pip.removeprefix("snakemake") == conda.removeprefix("snakemake-minimal ") == ">=9.27,<10"
    assert 'min_version("9.27")' in (ROOT / "Snakefile").read_text()


def test_a_wheel_carries_what_snakemake_and_streamlit_start_from() -> None:
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    carried = {*wheel["packages"], *wheel["force-include"]}
    assert carried == {"hypercore", "dashboard", "published", "Snakefile", "config", "workflow"}
    assert all((ROOT / name).exists() for name in carried)
    assert (ROOT / "hypercore/py.typed").exists(), "else a type checker takes all of it for Any"


def test_the_oldest_torch_that_is_tested_is_the_oldest_that_is_allowed() -> None:
    pins = dict(re.findall(r"^(torch\w*)==(\d+\.\d+)", (ROOT / "requirements-oldest.txt").read_text(), re.M))
    declared = dict(re.findall(r"(torch\w*)>=(\d+\.\d+)", " ".join(PROJECT["dependencies"])))
    assert pins == declared == {"torch": "2.11", "torchvision": "0.26"}
