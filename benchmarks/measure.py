"""What every benchmark shares: facts of the machine, medians and spread, declared tables."""

import argparse
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from hypercore.analysis.frames.tables import write_frame
from hypercore.machine.execution import cpu_model
from hypercore.present.table import text_table
from hypercore.results import provenance
from hypercore.spec.columns import Column
from hypercore.spec.record import Row

RESULTS = Path(__file__).parent / "results"

MACHINE = (
    Column("device", "string", "processor with its widest vector instructions, or GPU"),
    Column("cores", "int64", "processor cores that the benchmark may use"),
    Column("torch_version", "string", "version of torch"),
    Column("python_version", "string", "version of Python"),
    Column("git_commit", "string", "commit of hypercore; + where files were changed since"),
    Column("date_utc", "string", "when the benchmark ended (ISO 8601, UTC)"),
)


@dataclass(frozen=True)
class Spread:
    """Median and quartiles of what the rounds of one benchmark gave."""

    median: float
    low: float
    high: float
    rounds: int

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Over at least one round.

        >>> Spread.of([1.0, 2.0, 3.0, 4.0, 10.0])
        Spread(median=3.0, low=2.0, high=4.0, rounds=5)
        """
        low, median, high = (float(value) for value in np.percentile(values, (25, 50, 75)))
        return cls(median, low, high, len(values))

    def row(self, name: str) -> Row:
        """As the columns that :func:`spread_columns` declares."""
        return {name: self.median, f"{name}_q1": self.low, f"{name}_q3": self.high}


def spread_columns(name: str, doc: str) -> tuple[Column, ...]:
    """A median over rounds and its quartiles."""
    return (
        Column(name, "float64", f"{doc}; median over rounds"),
        Column(f"{name}_q1", "float64", f"{doc}; first quartile over rounds"),
        Column(f"{name}_q3", "float64", f"{doc}; third quartile over rounds"),
    )


def cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def machine(device: str = "cpu") -> Row:
    """The columns of :data:`MACHINE`, now."""
    facts = provenance.collect()
    return {
        "device": cpu_model() if device == "cpu" else torch.cuda.get_device_name(device),
        "cores": cores(),
        "torch_version": torch.__version__,
        "python_version": platform.python_version(),
        "git_commit": facts.git_commit,
        "date_utc": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def save(
    name: str, rows: Sequence[Row], columns: tuple[Column, ...], folder: Path = RESULTS, device: str = "cpu"
) -> pd.DataFrame:
    """Write ``folder``/``name``.parquet, the machine's facts in every row; returns it as a frame."""
    facts = machine(device)
    frame = pd.DataFrame([{**row, **facts} for row in rows])
    write_frame(folder / f"{name}.parquet", frame, name, (*columns, *MACHINE))
    return frame


def show(title: str, rows: Sequence[Mapping[str, object]]) -> None:
    """Print a table in Markdown."""
    print(f"\n{title}\n\n{text_table(pd.DataFrame(rows), 'markdown')}", flush=True)


def arguments(doc: str | None) -> argparse.ArgumentParser:
    """The options that all benchmarks take."""
    parser = argparse.ArgumentParser(description=doc)
    parser.add_argument(
        "--quick", action="store_true", help="tiny sizes: shows that it runs, measures nothing"
    )
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the parquet files")
    return parser


def arguments_with_data(doc: str | None) -> argparse.ArgumentParser:
    """The same, and where data sets lie."""
    parser = arguments(doc)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("HYPERCORE_DATA", "data")))
    return parser
