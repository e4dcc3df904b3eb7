"""``backend: compiled``: results of its own, bit-equal in any company, and eager where nothing compiles."""

import errno
import warnings
from pathlib import Path

import pytest
import torch

from hypercore.jobs.stored import conditions
from hypercore.jobs.sweep import run_sweep
from hypercore.machine import compiler as backends
from hypercore.machine.compiler import compiler
from hypercore.machine.execution import execution
from hypercore.results.sweeps import read_sweep
from hypercore.spec.columns import CELLS, volatile
from hypercore.study import load
from hypercore.workflow.adapter import Run
from hypercore.workflow.begin import Begin
from hypercore.workflow.jobs import Jobs

STUDY = """
name: trial
datasets: digits
stacks: SGD / SGD
alphas: {alphas}
epochs: 2
batch_size: 512
seeds: 1
clipping: on
baselines: false
device: cpu
backend: {backend}
"""


def trained(folder: Path, alphas: str, backend: str) -> dict[str, dict[str, object]]:
    """Train a study of one sweep; its cells' rows by id, without what may differ between equal runs."""
    folder.mkdir()
    config = folder / "study.yaml"
    config.write_text(STUDY.format(alphas=alphas, backend=backend))
    [sweep] = load(config).sweeps
    out = folder / "results" / sweep.path
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="torch")  # torch's compiler uses what torch calls old
        run_sweep(config, sweep.name, sweep.digest, out, folder / "results")
    left_out = {*volatile(CELLS)} - {"backend"}
    rows = [record.cell for record in read_sweep(out)]
    return {str(row["cell_id"]): {k: v for k, v in row.items() if k not in left_out} for row in rows}


@pytest.mark.skipif(compiler() is None, reason="no C++ compiler on this machine; install g++")
def test_a_compiled_cell_is_bit_equal_alone_and_beside_others_and_not_the_eager_one(tmp_path: Path) -> None:
    threads = torch.get_num_threads()
    together = trained(tmp_path / "together", "[1e30, 0.01, 0.1]", "compiled")
    alone = trained(tmp_path / "alone", "0.1", "compiled")
    eager = trained(tmp_path / "eager", "0.1", "eager")
    torch.set_num_threads(threads)
    [(cell_id, row)] = alone.items()
    assert row["backend"] == "compiled" and row == together[cell_id]
    assert eager[cell_id]["backend"] == "eager"
    assert eager[cell_id]["test_loss"] == pytest.approx(row["test_loss"], rel=1e-3)


def test_the_backend_decides_where_results_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plans = {}
    for backend in ("eager", "compiled"):
        path = tmp_path / f"{backend}.yaml"
        path.write_text(STUDY.format(alphas="0.1", backend=backend))
        monkeypatch.setattr("hypercore.machine.compiler.compiler_problem", lambda _: None)
        plans[backend] = load(path)
        assert conditions(plans[backend].study).backend == backend
    assert plans["eager"].sweeps[0].digest != plans["compiled"].sweeps[0].digest


@pytest.mark.parametrize(
    ("cxx", "says"),
    [
        ("no-such-compiler", "no C++ compiler is here"),
        ("false", "false cannot build what compiled steps need: it ends with 1"),
    ],
)
def test_without_a_compiler_that_works_it_falls_back_to_eager_with_one_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], cxx: str, says: str
) -> None:
    monkeypatch.setenv("CXX", cxx)
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "study.yaml"
    path.write_text(STUDY.format(alphas="0.1", backend="compiled"))
    plan = load(path)
    assert conditions(plan.study).backend == "eager"
    assert Begin(Jobs(plan, 1), Run(workflow=None)).again() == []
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and says in said and "eager backend, about half as fast" in said


@pytest.mark.skipif(compiler() is None, reason="no C++ compiler on this machine; install g++")
def test_a_compiler_without_python_s_headers_is_told_from_one_that_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backends._failure.cache_clear()
    assert backends.compiler_problem("cpu") is None
    backends._failure.cache_clear()
    monkeypatch.setattr("sysconfig.get_path", lambda _: str(tmp_path))
    said = backends.compiler_problem("cpu")
    backends._failure.cache_clear()
    assert said is not None and said.endswith("install Python's headers, as python3-dev")
    assert "Python.h" in said and "/tmp" not in said and "\n" not in said


@pytest.mark.parametrize(
    ("name", "value"), [("ATEN_CPU_CAPABILITY", "default"), ("ONEDNN_MAX_CPU_ISA", "AVX2")]
)
def test_settings_that_choose_other_kernels_keep_their_results_apart(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    for known in ("ATEN_CPU_CAPABILITY", "ONEDNN_MAX_CPU_ISA"):
        monkeypatch.delenv(known, raising=False)
    plain = execution("cpu")
    monkeypatch.setenv(name, value)
    assert execution("cpu").device == f"{plain.device}, {name}={value}"
    monkeypatch.setenv(name, "")
    assert execution("cpu") == plain


def test_where_code_may_not_run_or_be_written_steps_are_eager(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert backends.compiler_problem("cpu") is None

    def refused(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")  # as a file system mounted noexec says

    with monkeypatch.context() as meddled:
        meddled.setattr("mmap.mmap", refused)
        backends._failure.cache_clear()
        said = backends.compiler_problem("cpu")
        assert said is not None and "may not run there (Operation not permitted)" in said and "TMPDIR" in said
        assert backends.backend_kind("compiled", "cpu") == "eager"
    (tmp_path / "file").touch()
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path / "file/cache"))
    backends._failure.cache_clear()
    said = backends.compiler_problem("cpu")
    backends._failure.cache_clear()
    assert said is not None and "cannot be written" in said and "\n" not in said
