"""The live lines of running sweeps: what they show, how they are drawn, and that they end."""

import io
import logging
import multiprocessing
import time
from dataclasses import asdict, replace
from pathlib import Path

from hypercore.results.disk import write_json
from hypercore.results.sweep_status import SweepStatus
from hypercore.workflow import live
from hypercore.workflow.live import Live, frame, running

STATUS = SweepStatus("sgd", "digest", "study", cells=6, cached=2, done=3)


def leave(results: Path, status: SweepStatus) -> None:
    write_json(results / f"status/{status.sweep}.json", asdict(status))


def ended() -> int:
    process = multiprocessing.get_context("spawn").Process(target=int)
    process.start()
    process.join()
    assert process.pid is not None
    return process.pid


def test_only_sweeps_of_the_study_that_train_now_are_shown(tmp_path: Path) -> None:
    leave(tmp_path, STATUS)
    leave(tmp_path, replace(STATUS, sweep="elsewhere", host="another", pid=1))
    leave(tmp_path, replace(STATUS, sweep="done", state="done"))
    leave(tmp_path, replace(STATUS, sweep="other", study="other"))
    leave(tmp_path, replace(STATUS, sweep="dead", pid=ended()))
    (tmp_path / "status/torn.json").write_text("{")
    (tmp_path / "status/of-another-version.json").write_text('{"study": "study"}')
    assert [status.sweep for status in running(tmp_path, "study")] == ["elsewhere", "sgd"]


def test_a_line_tells_cells_rate_time_left_and_diverged_runs() -> None:
    status = replace(STATUS, lane_steps_per_sec=12345.6, eta_sec=65.0, diverged=2)
    assert str(status) == "sgd: 3/6 cells, 12,346 lane steps/s, 1 min 05 s left, 2 diverged"


def test_lines_are_cut_to_the_terminal_and_the_cursor_goes_back() -> None:
    assert frame([], 80, 24) == "\r\x1b[J\r"
    assert frame(["a", "b"], 80, 24) == "\r\x1b[Ja\nb\x1b[1A\r"
    assert frame(["x" * 30], 10, 24) == f"\r\x1b[J{'x' * 8}…\r"
    assert frame(list("abcdef"), 80, 4) == "\r\x1b[Ja\nb\n… and 4 more\x1b[2A\r"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_lines_are_drawn_make_room_for_messages_and_end(tmp_path: Path, monkeypatch: object) -> None:
    leave(tmp_path, STATUS)
    monkeypatch.setattr(live, "_EVERY_SEC", 0.01)  # type: ignore[attr-defined]
    screen = Terminal()
    lines = Live(tmp_path, "study", screen)
    logger = logging.getLogger("snakemake.logging")
    try:
        lines.begin()
        end = time.monotonic() + 60
        while "sgd: 3/6 cells" not in screen.getvalue():
            assert time.monotonic() < end
            time.sleep(0.01)
        lines.end()
        time.sleep(0.1)
        drawn = screen.getvalue()
        logger.warning("a message")
        assert screen.getvalue() == drawn + "\r\x1b[J"  # and nothing else: the thread has ended
    finally:
        for found in list(logger.filters):
            logger.removeFilter(found)


def test_nothing_is_drawn_where_there_is_no_terminal(tmp_path: Path) -> None:
    leave(tmp_path, STATUS)
    screen = io.StringIO()
    lines = Live(tmp_path, "study", screen)
    lines.begin()
    lines.end()
    assert screen.getvalue() == ""
