"""Terminals and systems that lack something: signs are spelled, and a system without locks is told of."""

import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hypercore.cli.main import COMMANDS, main
from hypercore.machine.terminal import make_readable

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("encoding", "printed"),
    [("ascii", "alpha 1 +- 2 - x"), ("latin-1", "alpha 1 ± 2 - x"), ("utf-8", "α 1 ± 2 – x")],
)
def test_only_what_an_encoding_lacks_is_spelled(
    monkeypatch: pytest.MonkeyPatch, encoding: str, printed: str
) -> None:
    read = terminal(monkeypatch, encoding)
    make_readable()
    for stream in (sys.stdout, sys.stderr):
        stream.write("α 1 ± 2 – x")
    assert read() == [printed] * 2


def terminal(monkeypatch: pytest.MonkeyPatch, encoding: str) -> Callable[[], list[str]]:
    """Let a terminal of this encoding be there; returns what reads its output and its errors."""
    streams = [io.TextIOWrapper(io.BytesIO(), encoding) for _ in range(2)]
    for name, stream in zip(("stdout", "stderr"), streams, strict=True):
        monkeypatch.setattr(sys, name, stream)

    def read() -> list[str]:
        for stream in streams:
            stream.flush()
        return [stream.buffer.getvalue().decode(encoding) for stream in streams]  # type: ignore[attr-defined]

    return read


def test_a_stream_that_was_closed_before_is_written_to_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    make_readable()
    sys.stdout.write("α")
    assert not sys.stdout.isatty()
    sys.stdout.close()


STUDY = "config/control-mnist.yaml"


@pytest.mark.parametrize(
    "arguments",
    [
        *([name, "--help"] for name in COMMANDS),
        ["--help"],
        ["plan", "--cells"],
        ["train", "config/smoke.yaml", "--sweep", "digits–mlp"],
        ["tables", "config/no–such.yaml"],
        ["report", "config/no–such.yaml"],
        ["show", STUDY],
        ["show", "config/no–such.yaml"],
        ["check", "--results", "results"],
        ["leftovers", STUDY],
    ],
    ids=" ".join,
)
def test_every_command_prints_on_an_ascii_terminal(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    read = terminal(monkeypatch, "ascii")
    try:
        code: object = main(arguments)
    except SystemExit as end:
        code = end.code
    told, complained = read()
    assert code == ("–" in arguments[-1]) and (told or complained)
    if arguments == ["show", STUDY]:
        assert "alpha" in told and "+-" in told


def test_without_locks_a_study_says_where_it_runs_and_the_library_imports() -> None:
    hidden = "import sys; sys.modules['fcntl'] = None; "
    done = _python("-c", f"{hidden}from hypercore.cli.main import main; sys.exit(main(['plan']))")
    assert done.returncode == 1 and "Linux and macOS" in done.stderr and done.stderr.count("\n") == 1
    assert _python("-c", f"{hidden}import hypercore.optim").returncode == 0


def _python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
