"""The command line: ``hypercore COMMAND``, or ``python -m hypercore COMMAND``.

Each command is a module of this room with a ``main`` that takes its arguments; only the one asked for is
imported, so that help is there at once. Errors that the user can mend end here, each in a line.
"""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module, metadata
from pathlib import Path

from hypercore.machine.terminal import make_readable
from hypercore.results.disk import of_system
from hypercore.results.provenance import other_code
from hypercore.spec.errors import UserError

_INTERRUPTED = 130  # as shells have it

COMMANDS = {
    "plan": "say what a study will train, and how long that takes",
    "train": "train sweeps of a study, without the workflow",
    "tables": "join what is trained into a study's tables",
    "report": "analyse a study's tables and write its report; trains nothing",
    "show": "print a study's comparison table",
    "check": "name, or remove, result files that are damaged",
    "leftovers": "name, or remove, files of sweeps that no config lists",
}
_EXAMPLES = """
examples:
  hypercore plan config/config.yaml       what would be trained, sweep by sweep
  hypercore train config/config.yaml      train it all here, one sweep after the other
  hypercore tables config/config.yaml     then the tables,
  hypercore report config/config.yaml     the analysis and report.html
  hypercore show config/config.yaml       the comparison on the terminal

`snakemake --cores 2 --config study=config/config.yaml` does all of that, in parallel, where it is missing.
`hypercore COMMAND --help` tells more of each.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    make_readable()
    width = max(map(len, COMMANDS))
    listed = "\n".join(f"  {name:{width}}  {what}" for name, what in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="hypercore",
        description=f"Studies of optimizers that tune themselves.\n\ncommands:\n{listed}",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="hypercore [--version] COMMAND ...",
    )
    parser.add_argument("--version", action="version", version=f"hypercore {metadata.version('hypercore')}")
    parser.add_argument("command", choices=COMMANDS, metavar="COMMAND", help=argparse.SUPPRESS)
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if (other := other_code(Path())) is not None:
        sys.stderr.write(f"{other}\n")
        return 1
    try:
        code: int = import_module(f"hypercore.cli.{given.command}").main(given.arguments)
    except UserError as error:
        from hypercore.workflow.names import said  # what a command needs not, it need not wait for

        sys.stderr.write(f"{said(error)}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("interrupted; what was trained is kept, and the same command goes on\n")
        return _INTERRUPTED
    except BrokenPipeError:  # who read what it prints has gone
        return 1
    except OSError as error:
        sys.stderr.write(f"{of_system(error)}\n")
        return 1
    return code
