"""What a step costs on a GPU, by width, level, clipping and kind of kernel: parts of ``benchmarks.gpu``."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import torch

from benchmarks.contestants import Engine
from benchmarks.measure import Spread, spread_columns
from benchmarks.teams import Runner
from hypercore.problems.datasets import Data
from hypercore.problems.images import build
from hypercore.spec.clipping import ON
from hypercore.spec.columns import Column
from hypercore.spec.record import Row
from hypercore.train.out_of_memory import is_out_of_memory

BATCH_SIZE = 256
LEVELS = ("{}", "{} / SGD(1e-5)", "{} / SGD(1e-5) / SGD(1e-5)")

_STEP = (
    Column("model", "string", "network"),
    Column("stack_shape", "string", "stack without numbers"),
    Column("clipping", "string", "clipping of all lanes"),
    Column("backend", "string", "eager or compiled; on a GPU both are replayed as CUDA graphs"),
    Column("lanes", "int64", "cells side by side"),
)
WIDTHS = (
    *_STEP,
    Column("step_ms", "float64", "milliseconds of a step of all lanes; the fastest of the rounds"),
    Column("lane_steps_per_sec", "float64", "lanes over step_ms"),
    Column("memory_ms", "float64", "the least that memory allows: each array read and written once, copied"),
    Column("matrix_ms", "float64", "the least that the matrix products take, at the rate of a large one"),
    Column("of_floor", "float64", "step_ms over the larger of the two"),
    Column("peak_gib", "float64", "GiB of GPU memory at the highest"),
)
PRICES = (
    *_STEP,
    Column("price_of", "string", "what a step has more than the one before: a level, clipping"),
    *spread_columns("step_ms", "milliseconds of a step of all lanes"),
    *spread_columns("price_pct", "per cent more time"),
)
KERNELS = (
    *_STEP,
    Column("kind", "string", "what kernels do"),
    Column("launches", "int64", "kernels in a step"),
    Column("kernel_ms", "float64", "milliseconds of a step in them"),
    Column("share", "float64", "of all kernels' time"),
)

# By what kernels' names hold, first match first.
KINDS = {
    "matrix products": ("gemm", "cutlass", "gemv"),
    "convolutions": ("conv", "fft", "flip_filter", "cudnn", "winograd", "wgrad", "dgrad", "xmma"),
    "reductions": ("reduce_kernel", "triton_red", "triton_per"),
    "choice of examples": ("index", "gather"),
    "copies": ("CatArray", "Memcpy", "copy_kernel", "Memset"),
}


def widths(data: Data, lanes: Sequence[int], compiled: bool, seconds: float) -> Iterator[Row]:
    """Rows of WIDTHS, as they are measured; ends at the first width that the memory does not hold."""
    copy_rate, product_rate = ceilings(data.train.labels.device)
    for width in lanes:
        engine = Engine("Adam / SGD(1e-5)", "mlp", BATCH_SIZE, width, compiled, ON)
        try:
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()
            sec = min(step_sec(engine, data, seconds, 3))
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            return
        weights = build(engine.model, data.image_shape, data.n_classes).parameters
        features = data.train.images[0].numel()
        # Weights, gradient and both moments, and each example out of the split and into the step.
        floats = width * (2 * 4 * weights + 2 * BATCH_SIZE * features)
        memory, matrix = 4 * floats / copy_rate, 6 * width * BATCH_SIZE * weights / product_rate
        yield {
            **_step(engine),
            "step_ms": 1e3 * sec,
            "lane_steps_per_sec": width / sec,
            "memory_ms": 1e3 * memory,
            "matrix_ms": 1e3 * matrix,
            "of_floor": sec / max(memory, matrix),
            "peak_gib": torch.cuda.max_memory_allocated() / 2**30,
        }


def ceilings(device: torch.device) -> tuple[float, float]:
    """Bytes a second, read and written, of a large copy, and operations a second of a large product."""
    one = torch.empty(1 << 27, device=device)
    two = torch.empty_like(one)
    left, right = torch.randn((2, 4096, 4096), device=device).unbind()

    def rate(work: Callable[[], object], amount: float) -> float:
        work()
        torch.cuda.synchronize(device)
        start = time.perf_counter()
        for _ in range(10):
            work()
        torch.cuda.synchronize(device)
        return 10 * amount / (time.perf_counter() - start)

    copied = rate(lambda: two.copy_(one), 8.0 * one.numel())
    return copied, rate(lambda: left @ right, 2.0 * 4096**3)


def prices(data: Data, lanes: int, compiled: bool, seconds: float, rounds: int) -> Iterator[Row]:
    """Rows of PRICES: each level beside the one below it, in turns; and clipping beside none."""
    for lowest in ("SGD", "Adam"):
        stacks = [level.format(f"{lowest}(0.01)" if lowest == "SGD" else lowest) for level in LEVELS]
        steps = [Engine(stack, "mlp", BATCH_SIZE, lanes, compiled) for stack in stacks]
        clipped = Engine(stacks[1], "mlp", BATCH_SIZE, lanes, compiled, ON)
        runners = [engine.start(data) for engine in (*steps, clipped)]
        turns = [[_sec(runner, seconds, lanes) for runner in runners] for _ in range(rounds)]
        compared = [("", 0, None), *(("a level", b, a) for a, b in pairwise(range(3))), ("clipping", 3, 1)]
        for what, dear, cheap in compared:
            engine = (*steps, clipped)[dear]
            yield {
                **_step(engine),
                "price_of": what,
                **Spread.of([1e3 * turn[dear] for turn in turns]).row("step_ms"),
                **Spread.of(
                    [0.0 if cheap is None else 100.0 * (turn[dear] / turn[cheap] - 1.0) for turn in turns]
                ).row("price_pct"),
            }


def kernels(data: Data, engine: Engine) -> Iterator[Row]:
    """Rows of KERNELS: where the time of one step goes."""
    from torch.profiler import ProfilerActivity, profile

    run = engine.begin(data)
    run.train_epoch()
    assert run.captured is not None
    examples = torch.zeros((engine.lanes, BATCH_SIZE), dtype=torch.int64, device=data.train.labels.device)
    with profile(activities=[ProfilerActivity.CUDA]) as found:
        run.captured(run.carry, examples)
        torch.cuda.synchronize()
    spent: dict[str, list[float]] = defaultdict(lambda: [0, 0.0])
    for event in found.key_averages():
        name = event.key
        kind = next((k for k, words in KINDS.items() if any(w in name for w in words)), "elementwise")
        spent[kind][0] += event.count
        spent[kind][1] += event.self_device_time_total / 1e3
    total = sum(ms for _, ms in spent.values())
    for kind, (count, ms) in sorted(spent.items(), key=lambda item: -item[1][1]):
        yield {**_step(engine), "kind": kind, "launches": count, "kernel_ms": ms, "share": ms / total}


def step_sec(engine: Engine, data: Data, seconds: float, rounds: int) -> list[float]:
    """Seconds of a step of all lanes, one a round."""
    runner = engine.start(data)
    return [_sec(runner, seconds, engine.lanes) for _ in range(rounds)]


def _sec(runner: Runner, seconds: float, lanes: int) -> float:
    lane_steps, spent = runner(seconds)
    return spent * lanes / lane_steps


def _step(engine: Engine) -> Row:
    return {
        "model": engine.model,
        "stack_shape": engine.shape,
        "clipping": str(engine.clipping),
        "backend": engine.backend,
        "lanes": engine.lanes,
    }
