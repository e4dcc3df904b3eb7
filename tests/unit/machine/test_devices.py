"""Which GPUs there are, and that no two jobs train on one. The driver is made up; nothing else is."""

import multiprocessing
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from hypercore.machine import gpus as listing
from hypercore.machine.execution import execution
from hypercore.machine.gpus import Gpu, device_kind, gpus
from hypercore.machine.slots import DeviceError, claimed_device, slots, usable
from tests.unit.study.configs import MINIMAL, plan_of

Driver = Callable[..., None]


@pytest.fixture
def driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Driver:
    """Puts a driver's tool first in the path that lists GPUs of these models."""
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setenv("CUDA_DEVICE_ORDER", "")  # set by those who claim; put back after the test

    def install(*models: str, code: int = 0) -> None:
        tool = tmp_path / "bin/nvidia-smi"
        tool.parent.mkdir(exist_ok=True)
        lines = "\n".join(f"echo 'GPU-{index}, {model}'" for index, model in enumerate(models))
        tool.write_text(f"#!/bin/sh\n{lines}\nexit {code}\n")
        tool.chmod(0o755)
        monkeypatch.setenv("PATH", str(tool.parent), prepend=":")
        listing._listed.cache_clear()

    yield install
    listing._listed.cache_clear()


def test_the_driver_lists_gpus_and_the_environment_hides_some(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver("T4", "A100", "A100")
    assert gpus() == (Gpu("GPU-0", "T4"), Gpu("GPU-1", "A100"), Gpu("GPU-2", "A100"))
    for visible, expected in {
        "2,0": ["GPU-2", "GPU-0"],
        "GPU-1": ["GPU-1"],
        "1,9,0": ["GPU-1"],
        "": [],
    }.items():
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
        assert [gpu.uuid for gpu in gpus()] == expected
    assert device_kind("auto") == "cpu"
    assert slots("auto") == 0


def test_a_driver_that_does_not_answer_has_no_gpus(driver: Driver) -> None:
    driver("T4", code=9)
    assert gpus() == ()


def test_without_the_drivers_tool_its_files_are_read(tmp_path: Path) -> None:
    for name, model in (("0000:81:00.0", "A100"), ("0000:01:00.0", "T4")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "information").write_text(f"Model: \t\t {model}\nGPU UUID:\t GPU-{model}\n")
    assert listing._of_driver(tmp_path) == (Gpu("GPU-T4", "T4"), Gpu("GPU-A100", "A100"))


def test_a_gpu_is_used_where_there_is_one_and_zero_otherwise(driver: Driver, tmp_path: Path) -> None:
    driver()
    assert (device_kind("auto"), slots("auto"), slots("cpu")) == ("cpu", 0, 0)
    without = plan_of(tmp_path, MINIMAL)
    driver("T4", "T4")
    assert (device_kind("auto"), slots("auto"), slots("cpu"), slots("cuda:1")) == ("cuda", 2, 0, 1)
    assert plan_of(tmp_path, MINIMAL).digest != without.digest  # other results
    assert plan_of(tmp_path, MINIMAL + "device: cpu\n").digest == without.digest
    assert execution("cuda:1").device == "T4"


def test_a_gpu_of_another_model_is_left_alone(driver: Driver) -> None:
    driver("A100", "T4", "A100")
    assert usable("auto", gpus()) == usable("cuda", gpus()) == (0, 2)
    assert usable("cuda:1", gpus()) == (1,)


@pytest.mark.parametrize(
    ("models", "device", "allowed"),
    [((), "cuda", "auto, cpu$"), (("T4",), "cuda:1", "auto, cpu, cuda, cuda:0$")],
)
def test_a_device_that_is_not_there_is_one_line(
    driver: Driver, models: tuple[str, ...], device: str, allowed: str
) -> None:
    driver(*models)
    with pytest.raises(DeviceError, match=f"^device: given {device}; allowed on this machine: {allowed}"):
        slots(device)


def _job(device: str, folder: Path, log: Path) -> None:
    with claimed_device(device, folder) as held, log.open("a") as file:
        began = time.monotonic()
        time.sleep(0.3)
        file.write(f"{held} {began} {time.monotonic()}\n")


@pytest.mark.parametrize(("device", "used"), [("cuda", {"cuda:0", "cuda:2"}), ("cuda:1", {"cuda:1"})])
def test_no_two_jobs_train_on_one_gpu_and_all_of_them_are_used(
    driver: Driver, tmp_path: Path, device: str, used: set[str]
) -> None:
    driver("A100", "T4", "A100")
    context = multiprocessing.get_context("spawn")
    jobs = [
        context.Process(target=_job, args=(device, tmp_path / "claims", tmp_path / "log")) for _ in range(5)
    ]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join(120)
    lines = [line.split() for line in (tmp_path / "log").read_text().splitlines()]
    assert len(lines) == 5
    assert {line[0] for line in lines} <= used
    for name in used:
        times = sorted((float(began), float(ended)) for held, began, ended in lines if held == name)
        assert all(ended <= began for (_, ended), (began, _) in pairwise(times))


def test_a_job_takes_whichever_gpu_is_free_and_the_cpu_needs_no_claim(driver: Driver, tmp_path: Path) -> None:
    driver("A100", "A100")
    with claimed_device("auto", tmp_path) as first, claimed_device("auto", tmp_path) as second:
        assert {first, second} == {"cuda:0", "cuda:1"}
        with claimed_device("cpu", tmp_path) as third:
            assert third == "cpu"
