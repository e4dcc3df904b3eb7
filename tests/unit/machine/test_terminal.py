"""Terminals and systems that lack something: signs are spelled, and a system without locks is told of."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hypercore.cli.main import COMMANDS
from hypercore.machine.terminal import make_readable

ROOT = Path(__file__).parents[3]
_ASCII = {"PYTHONIOENCODING": "ascii", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.mark.parametrize(
    ("encoding", "printed"),
    [("ascii", "alpha 1 +- 2 - x"), ("latin-1", "alpha 1 ± 2 - x"), ("utf-8", "α 1 ± 2 – x")],
)
def test_only_what_an_encoding_lacks_is_spelled(
    monkeypatch: pytest.MonkeyPatch, encoding: str, printed: str
) -> None:
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, io.TextIOWrapper(io.BytesIO(), encoding))
    make_readable()
    for stream in (sys.stdout, sys.stderr):
        stream.write("α 1 ± 2 – x")
        stream.flush()
        assert stream.buffer.getvalue().decode(encoding) == printed


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
        ["check", "--results", "results/control-mnist"],
        ["leftovers", STUDY],
    ],
    ids=" ".join,
)
def test_every_command_prints_on_an_ascii_terminal(arguments: list[str]) -> None:
    done = _python("-m", "hypercore", *arguments, env=_ASCII)
    assert "Traceback" not in done.stderr and done.stdout.isascii() and done.stderr.isascii()
    assert done.returncode == ("–" in arguments[-1])
    assert done.stdout or done.stderr
    if arguments == ["show", STUDY]:
        assert "alpha" in done.stdout and "+-" in done.stdout


def test_without_locks_a_study_says_where_it_runs_and_the_library_imports() -> None:
    hidden = "import sys; sys.modules['fcntl'] = None; "
    done = _python("-c", f"{hidden}from hypercore.cli.main import main; sys.exit(main(['plan']))")
    assert done.returncode == 1 and "Linux and macOS" in done.stderr and done.stderr.count("\n") == 1
    assert _python("-c", f"{hidden}import hypercore.optim").returncode == 0


def _python(*arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=os.environ | (env or {}),
        capture_output=True,
        text=True,
        check=False,
    )
