"""Every result file is read, and exactly the damaged ones are named, and removed only on request."""

import os
from pathlib import Path

import pytest

from hypercore.cli.check import check, main, result_files
from hypercore.results.disk import RUN, write_bytes
from hypercore.results.parquet import write_table
from hypercore.results.records import NAME
from hypercore.results.reported import report_files
from hypercore.results.schemas import RECORDS, schema
from hypercore.spec import columns as spec
from hypercore.spec.errors import UserError

ID = "ab" * 10
FILES = {
    f"store/ab/{ID}/cpu, eager.parquet": (NAME, RECORDS),
    "sweeps/digits.0123.parquet": (NAME, RECORDS),
    "tiny/plan.parquet": ("plan", schema(spec.PLAN)),
    "tiny/regions.parquet": ("regions", schema(spec.REGIONS)),
    "tiny/rounds/1.0123.plan.parquet": ("refinement", schema(spec.REFINEMENT)),
    "tiny/rounds/1.0123.parquet": (NAME, RECORDS),
}


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """A file of each kind, a row each, and some that are none of ours."""
    for name, (table, columns) in FILES.items():
        row = {"cell_id": ID} if "cell_id" in columns.names else {}
        write_table(tmp_path / name, columns.empty_table().from_pylist([row], schema=columns), table)
    (tmp_path / "tiny/notes.parquet").write_text("a user's own")
    (tmp_path / f"store/ab/{ID}/.half.parquet").touch()
    return tmp_path


def damage(path: Path, how: str) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes({"emptied": b"", "cut": bytes(data[:-9]), "flipped": bytes(data)}[how])


def test_sound_files_are_counted(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert {str(path.relative_to(results)) for path, _, _ in result_files(results)} == set(FILES)
    assert main(["--results", str(results)]) == 0
    assert capsys.readouterr().out == "Result files: 6, damaged: 0\n"


@pytest.mark.parametrize("how", ["emptied", "cut", "flipped"])
@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_alone_is_named_and_removed_on_request(
    results: Path, name: str, how: str, capsys: pytest.CaptureFixture[str]
) -> None:
    damage(results / name, how)
    assert main(["--results", str(results)]) == 1
    named, summary = capsys.readouterr().out.splitlines()
    assert named.startswith(f"{results / name}: it")
    assert summary == "Result files: 6, damaged: 1"
    assert main(["--results", str(results), "--remove"]) == 0
    assert not (results / name).exists()
    assert check(results) == (5, [])
    assert (results / "tiny/notes.parquet").exists()


def test_lost_files_of_a_report_are_named(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study = results / "tiny"
    page, *tables = report_files(study)
    for path in (page, *tables):
        write_bytes(path, b"something")
    assert check(results) == (6 + 1 + len(tables), [])
    page.write_bytes(b"")
    tables[0].unlink()
    assert [error.path for error in check(results)[1]] == [page]  # what came alone need not be complete
    (study / ".plan").mkdir()
    for name in spec.ANALYSIS:
        columns = schema(spec.ANALYSIS[name])
        write_table(study / f"{name}.parquet", columns.empty_table(), name)
    assert main(["--results", str(results), "--remove"]) == 0
    assert capsys.readouterr().out.splitlines()[:2] == [
        f"{page}: it is empty; delete it and make it again by {RUN}",
        f"{tables[0]}: there is no such file; make it by {RUN}",
    ]
    assert not page.exists()
    page.mkdir()
    assert f"{page}: it is a folder; move it away and make it" in str(check(results)[1][0])


@pytest.mark.parametrize("deeper", ["tiny", "store", "store/ab", "tiny/rounds"])
def test_a_folder_below_or_beside_results_is_told_from_one_without_damage(
    results: Path, deeper: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UserError, match=f"given .*{deeper}, which holds no results; .*, as {results}$"):
        main(["--results", str(results / deeper)])
    (results / "elsewhere").mkdir()
    monkeypatch.chdir(results / "elsewhere")
    assert main([]) == 0
    assert (
        f"Result files: 0, damaged: 0; {results}/elsewhere/results holds no results\n"
        == capsys.readouterr().out
    )


def test_a_record_under_another_cells_name_is_named(results: Path) -> None:
    record = results / f"store/ab/{ID}/cpu, eager.parquet"
    other = results / f"store/cd/{'cd' * 10}/cpu, eager.parquet"
    other.parent.mkdir(parents=True)
    other.write_bytes(record.read_bytes())
    [error] = check(results)[1]
    assert error.path == other


def test_what_a_killed_writer_left_is_named_and_removed_once_it_is_old(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = results / "store/ab/.a.parquet.7.ab.tmp", results / "tiny/.b.parquet.8.cd.tmp"
    for path in (old, new):
        path.touch()
    os.utime(old, (0, 0))
    assert main(["--results", str(results)]) == 0
    assert f"{old}: a file that a killed run did not finish" in capsys.readouterr().out
    assert old.exists()
    main(["--results", str(results), "--remove"])
    assert not old.exists() and new.exists()
