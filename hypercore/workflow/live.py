"""One live line for each running sweep, below whatever else the terminal shows."""

import shutil
import sys
import threading
from pathlib import Path
from typing import TextIO

from hypercore.results.sweep_status import SweepStatus, read_statuses
from hypercore.workflow.adapter import before_each_line

_EVERY_SEC = 1.0
_CLEAR = "\r\x1b[J"  # to the line's start; erase from there to the screen's end


def running(results: Path, study: str) -> list[SweepStatus]:
    """The sweeps of a study that train now, by their status files. Dead jobs are left out."""
    # What cannot be read is written again within a second.
    return [status for status in read_statuses(results, study)[0] if status.state == "running"]


def frame(lines: list[str], width: int, height: int) -> str:
    """The text that replaces the last frame by ``lines`` and leaves the cursor where the next frame starts.

    Lines are cut to the terminal's width. Lines beyond its height are counted.
    """
    if len(lines) >= height:
        lines = [*lines[: max(height - 2, 0)], f"… and {len(lines) - max(height - 2, 0)} more"]
    cut = [line if len(line) < width else f"{line[: max(width - 2, 0)]}…" for line in lines]
    up = f"\x1b[{len(cut) - 1}A" if len(cut) > 1 else ""
    return f"{_CLEAR}{chr(10).join(cut)}{up}\r"


class Live:
    """Redraws the lines of a study's running sweeps once a second, between :meth:`begin` and :meth:`end`.

    Only in a terminal: piped, jobs write plain lines themselves.
    """

    def __init__(self, results: Path, study: str, stream: TextIO | None = None) -> None:
        self._results, self._study, self._stream = results, study, stream or sys.stderr
        self._ended = threading.Event()
        self._writing = threading.Lock()

    def begin(self) -> None:
        """Draw from now on, and make room for whatever snakemake's own logger writes."""
        if self._stream.isatty():
            before_each_line(self._clear)
            threading.Thread(target=self._draw, name="live", daemon=True).start()

    def end(self) -> None:
        """Stop drawing."""
        self._ended.set()
        if self._stream.isatty():
            self._write(_CLEAR)

    def _draw(self) -> None:
        while not self._ended.wait(_EVERY_SEC):
            size = shutil.get_terminal_size()
            lines = [str(status) for status in running(self._results, self._study)]
            self._write(frame(lines, size.columns, size.lines))

    def _clear(self) -> None:
        self._write(_CLEAR)

    def _write(self, text: str) -> None:
        with self._writing:
            self._stream.write(text)
            self._stream.flush()
