"""Put the measured tables into docs/benchmarks.md: ``python -m benchmarks.report``.

They come from the parquet files under benchmarks/results/, each under a line with its machine.
"""

import re
from pathlib import Path

import pandas as pd

from benchmarks import gpu, gpu_steps, heights, library, measure, memory, modules, prices, speed
from benchmarks.measure import MACHINE
from hypercore.analysis.frames.tables import read_frame
from hypercore.present.table import text_table
from hypercore.spec.columns import Column

DOCS = Path(__file__).parents[1] / "docs" / "benchmarks.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"

TABLES: dict[str, tuple[str, tuple[Column, ...]]] = {
    "speed_goals": ("Speed, as ratios", speed.GOALS),
    "speed": ("Speed", speed.SPEED),
    "prices": ("Prices", prices.PRICES),
    "memory_growth": ("Memory over thousands of steps", memory.GROWTH),
    "library": ("The library in a loop of one's own", library.LIBRARY),
    "modules": ("Own modules", modules.MODULES),
    "modules_planning": ("Planning a study of own models", modules.PLANNING),
    "heights": ("Heights of stacks", heights.HEIGHTS),
    "gpu-compiled": ("The presentation's study on a GPU, compiled", gpu.GPU),
    "gpu-eager": ("The presentation's study on a GPU, eager", gpu.GPU),
    "gpu-agreement-compiled": ("A GPU beside a CPU", gpu.AGREEMENT),
    "gpu-widths-eager": ("Widths on a GPU", gpu_steps.WIDTHS),
    "gpu-kernels-compiled": ("Where a step's time goes on a GPU, compiled", gpu_steps.KERNELS),
    "gpu-kernels-eager": ("Where a step's time goes on a GPU, eager", gpu_steps.KERNELS),
    "gpu-prices-compiled": ("Prices on a GPU, compiled", gpu_steps.PRICES),
    "gpu-prices-eager": ("Prices on a GPU, eager", gpu_steps.PRICES),
}
_QUARTILES = re.compile(r"(.*)_q[13]")


def report(folder: Path) -> str:
    """Every table of a folder in Markdown; those that were never measured are left out."""
    parts = []
    for name, (title, columns) in TABLES.items():
        path = folder / f"{name}.parquet"
        if path.exists():
            frame = read_frame(path, name, (*columns, *MACHINE))
            parts.append(f"### {title}\n\n{machine_line(frame)}\n\n{text_table(readable(frame), 'markdown')}")
    return "\n".join(parts)


def machine_line(frame: pd.DataFrame) -> str:
    """Where and when a table was measured."""
    first = frame.iloc[0]
    return (
        f"{first['device']}, {first['cores']} cores, torch {first['torch_version']}, Python "
        f"{first['python_version']}, commit {first['git_commit'][:12]}, {first['date_utc'][:10]}."
    )


def readable(frame: pd.DataFrame) -> pd.DataFrame:
    """To 3 significant digits, quartiles beside their median, without the machine's columns."""
    shown = pd.DataFrame(index=frame.index)
    for name in frame.columns.difference([column.name for column in MACHINE], sort=False):
        if _QUARTILES.fullmatch(name):
            continue
        values = frame[name].map(_text)
        if f"{name}_q1" in frame:
            low, high = frame[f"{name}_q1"].map(_text), frame[f"{name}_q3"].map(_text)
            values = values + " (" + low + " to " + high + ")"
        shown[name] = values
    return shown


def _text(value: object) -> str:
    if pd.isna(value):
        return ""
    if isinstance(value, float):
        return f"{value:.3g}" if abs(value) < 999.5 else f"{value:,.0f}"
    return {"True": "yes", "False": "no"}.get(str(value), str(value))


def columns_in_words() -> str:
    """What each column says, as Markdown."""
    rows = [
        {"table": name, "column": column.name, "meaning": column.doc}
        for name, (_, columns) in TABLES.items()
        for column in columns
        if not _QUARTILES.fullmatch(column.name)
    ]
    return text_table(pd.DataFrame(rows), "markdown")


def filled(document: str, folder: Path) -> str:
    """The document with what stands between the marks written anew."""
    before, rest = document.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n\n{report(folder)}\n{END}{after}"


def main() -> None:
    """Rewrite the measured part of the document."""
    DOCS.write_text(filled(DOCS.read_text(), measure.RESULTS))


if __name__ == "__main__":
    main()
