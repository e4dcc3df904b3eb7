"""What every script of the workflow shares: errors in words on the terminal, all of them in the log."""

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hypercore.results.files import ResultFileError
from hypercore.spec.optimizers import SpecError
from hypercore.study import StudyError


@contextmanager
def guarded(log: Path) -> Iterator[None]:
    """Run a script's body: an error goes to ``log``, its words to the terminal, and the exit code is 1.

    Errors that a user can mend are one line. Others are our own, or the machine's: their traceback
    stands in the log, which the terminal's line names.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text("")
    try:
        yield
    except (StudyError, SpecError, ResultFileError) as error:
        log.write_text(f"{error}\n")
        print(error, file=sys.stderr)
        sys.exit(1)
    except Exception as error:
        log.write_text(traceback.format_exc())
        print(f"{type(error).__name__}: {error} (more in {log})", file=sys.stderr)
        sys.exit(1)
