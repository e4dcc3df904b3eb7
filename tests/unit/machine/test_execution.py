"""Execution keys: their texts are those of records of before, and read as what they were printed of."""

from dataclasses import replace
from itertools import product
from pathlib import Path

import pyarrow.parquet
import pytest

from hypercore.machine.execution import Execution, ExecutionKey, execution, settings
from hypercore.spec.cell import Cell, Code, digest
from hypercore.spec.clipping import ON
from hypercore.spec.notation import parse_stack

CELL = Cell("digits", "mlp", parse_stack("SGD / SGD"), ON, 5, 32, 0)
RESULTS = Path(__file__).parents[3] / "results"


def test_a_key_is_the_text_that_records_have() -> None:
    plain = Execution("cpu", "eager", "2.15.0+cpu").key(CELL)
    assert str(plain) == f"cpu, eager, torch 2.15.0+cpu, numerics {plain.numerics}"
    wide = Execution("NVIDIA H100", "compiled", "2.15.0", lanes=64, threads=2).key(CELL)
    assert str(wide).startswith("NVIDIA H100, compiled, 64 lanes, 2 threads, torch 2.15.0, numerics ")


def test_own_code_has_a_version_of_its_own_on_a_gpu() -> None:
    own = replace(CELL, code=Code(model="0a1b"))
    cpu, gpu, other = (
        Execution(device, "eager", "2.15.0") for device in ("cpu", "NVIDIA H100", "NVIDIA H200")
    )
    assert cpu.key(CELL).numerics == gpu.key(CELL).numerics
    assert cpu.key(own).numerics == digest(own.numerics(), length=8) != gpu.key(own).numerics
    assert gpu.key(own).differs_by_device(other.key(own))


@pytest.mark.parametrize(
    ("device", "backend", "lanes", "threads"),
    [
        *product(
            ("cpu", "AMD EPYC (avx2), MKL_CBWR=AVX2", "Odd, eager, torch 1 (no vector flags)"),
            ("eager", "compiled"),
            (None, 1),
            (1, 8),
        )
    ],
)
def test_a_text_reads_as_the_key_that_it_was_printed_of(
    device: str, backend: str, lanes: int | None, threads: int
) -> None:
    key = Execution(device, backend, "2.15.0", lanes, threads).key(CELL)
    assert ExecutionKey.of(str(key)) == key and key.execution.is_of_cpu


def test_keys_of_all_shipped_results_read() -> None:
    columns = [
        pyarrow.parquet.read_table(p, columns=["execution_key"]) for p in RESULTS.glob("*/cells.parquet")
    ]
    texts = {text for table in columns for text in table["execution_key"].unique().to_pylist()} - {None}
    assert texts and all(str(ExecutionKey.of(text)) == text for text in texts)
    assert ExecutionKey.of("made up") is None


def test_this_machine_is_told_from_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MKL_CBWR", "AVX2")
    assert settings("cpu") == ", MKL_CBWR=AVX2" and execution("cpu").is_of_cpu
    assert not Execution("NVIDIA H100", "eager", "2.15.0").is_of_cpu
    here, there = execution("cpu").key(CELL), Execution("NVIDIA H100", "eager", "0").key(CELL)
    assert here.differs_by_device(here) and not here.differs_by_device(there)


@pytest.mark.parametrize(
    ("name", "value", "eager", "compiled"),
    [
        ("ONEDNN_CPU_ISA_HINTS", "PREFER_YMM", True, True),
        ("GLIBC_TUNABLES", "glibc.malloc.check=3:glibc.cpu.hwcaps=-AVX2_Usable", True, True),
        ("GLIBC_TUNABLES", "glibc.malloc.check=3", False, False),
        ("TORCH_COMPILE_DISABLE", "1", False, True),
        ("TORCHINDUCTOR_CPP_ENABLE_UNSAFE_MATH_OPT_FLAG", "1", False, True),
        ("TORCHINDUCTOR_CACHE_DIR", "/tmp", False, False),
        ("TORCHINDUCTOR_COMPILE_THREADS", "1", False, False),
        ("OMP_PROC_BIND", "true", False, False),
    ],
)
def test_settings_that_change_bits_are_in_the_key(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, eager: bool, compiled: bool
) -> None:
    before = [execution("cpu", backend) for backend in ("eager", "compiled")]
    monkeypatch.setenv(name, value)
    after = [execution("cpu", backend) for backend in ("eager", "compiled")]
    assert [one != other for one, other in zip(before, after, strict=True)] == [eager, compiled]
    assert all(ExecutionKey.of(str(one.key(CELL))) == one.key(CELL) for one in after)
