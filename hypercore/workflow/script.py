"""What all workflow scripts share: short errors on the terminal, full ones in the log."""

import logging
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hypercore.machine.terminal import make_readable
from hypercore.results.disk import ResultFileError, of_system
from hypercore.results.provenance import other_code
from hypercore.spec.errors import UserError

_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


@contextmanager
def guarded(log: Path) -> Iterator[None]:
    """Run a script's body: ``log`` gets what hypercore logs, and any error; the exit code is then 1.

    Errors that a user can mend are one line on the terminal. Others are our own, or the machine's:
    their traceback stands in the log, which the terminal's line names.
    """
    make_readable()
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        handler = logging.FileHandler(log, mode="w", encoding="utf-8")
    except OSError as error:
        sys.stderr.write(f"{of_system(error)}\n")
        sys.exit(1)
    handler.setFormatter(logging.Formatter(_FORMAT))
    logger = logging.getLogger("hypercore")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        # By a conda environment that two checkouts share, too, nothing trains but this one's own code.
        script = Path(getattr(sys.modules["__main__"], "__file__", None) or "").absolute()
        if script.parent.name == "scripts" and (other := other_code(script.parents[2])) is not None:
            _fail(logger, other, other)
        yield
    except ResultFileError as error:
        words = str(error)
        # Sweeps' files and tables are made of the store. One of another version may have come without it.
        if error.damaged and error.path.exists():
            error.path.unlink()
            words = f"{words}. It is deleted now: run again, and it is made anew."
        _fail(logger, words, words)
    except UserError as error:
        _fail(logger, str(error), str(error))
    except KeyboardInterrupt:
        _fail(logger, "interrupted", "interrupted")
    except OSError as error:
        _fail(logger, f"{of_system(error)} (more in {log})", traceback.format_exc())
    except Exception as error:
        words = f"{type(error).__name__}: {error} (more in {log})"
        _fail(logger, words, traceback.format_exc())
    finally:
        logger.removeHandler(handler)
        handler.close()


def _fail(logger: logging.Logger, words: str, details: str) -> None:
    logger.error(details)
    sys.stderr.write(f"{words}\n")
    sys.exit(1)
