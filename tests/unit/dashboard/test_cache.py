"""What is kept: each function's own results, as long as the tables that they rest on stay."""

import os
from pathlib import Path

import pytest

from dashboard.kept import kept

Worked = list[tuple[str, str]]


@pytest.fixture
def worked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Worked:
    monkeypatch.setenv("HYPERCORE_RESULTS", str(tmp_path))
    for name in ("cells", "plan", "curves"):
        path = tmp_path / "digits" / f"{name}.parquet"
        path.parent.mkdir(exist_ok=True)
        path.write_text(name)
    return []


def changed(path: Path) -> None:
    later = path.stat().st_mtime_ns + 1_000_000_000
    os.utime(path, ns=(later, later))


def test_two_functions_and_arguments_are_kept_apart_until_their_tables_change(
    worked: Worked, tmp_path: Path
) -> None:
    @kept("cells", "plan")
    def first(study: str, title: str = "all") -> str:
        worked.append(("first", title))
        return f"first {study} {title}"

    @kept("{name}")
    def second(study: str, name: str) -> str:
        worked.append(("second", name))
        return f"second {study} {name}"

    for _ in range(2):
        assert first("digits") == first("digits", "all") == first("digits", title="all") == "first digits all"
        assert second("digits", "curves") == "second digits curves"
        assert second("digits", "cells") == "second digits cells"
    assert worked == [("first", "all"), ("second", "curves"), ("second", "cells")]
    changed(tmp_path / "digits/plan.parquet")
    first("digits"), second("digits", "curves"), second("digits", "cells")
    assert worked[3:] == [("first", "all"), ("second", "cells")], "cells are named by what is planned"
    changed(tmp_path / "digits/cells.parquet")
    first("digits"), second("digits", "curves"), second("digits", "cells")
    assert worked[5:] == [("first", "all"), ("second", "cells")]
    changed(tmp_path / "digits/curves.parquet")
    first("digits"), second("digits", "curves"), second("digits", "cells")
    assert worked[7:] == [("second", "curves")]
