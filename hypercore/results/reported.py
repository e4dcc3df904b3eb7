"""Which files a study's report is made of, known without making any, so that a lost one is noticed."""

from collections.abc import Iterator
from pathlib import Path

from hypercore.results.disk import AGAIN, RUN, ResultFileError
from hypercore.spec.columns import ANALYSIS

FORMS = {"csv": "csv", "markdown": "md", "latex": "tex"}
PAGE = "report.html"
TABLES = "tables"


def report_files(study: Path) -> list[Path]:
    """The page and the tables of a study's report, from the study's folder."""
    names = [*ANALYSIS, "comparison"]
    return [study / PAGE, *(study / TABLES / f"{name}.{form}" for name in names for form in FORMS.values())]


def lost(study: Path) -> Iterator[ResultFileError]:
    """What is wrong with files of a study's report, by presence and size.

    One that is not there counts if the study was analysed here: parts of a report may have come alone.
    """
    here = (study / ".plan").is_dir() and all((study / f"{name}.parquet").exists() for name in ANALYSIS)
    for path in report_files(study):
        if path.is_dir():
            yield ResultFileError(path, f"it is a folder; move it away and {AGAIN}")
        elif not path.exists():
            if here:
                yield ResultFileError(path, f"there is no such file; make it by {RUN}")
        elif not path.stat().st_size:
            yield ResultFileError(path, f"it is empty; delete it and {AGAIN}")
