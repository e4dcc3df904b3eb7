"""What lies in the results' folder, and how entries are named."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from dashboard import answers, cache, data, runs
from hypercore.analysis.frames.tables import write_frame
from hypercore.present.titles import brief_titles, problem_names, with_titles
from hypercore.results.disk import ResultFileError
from hypercore.results.parquet import write_table
from hypercore.results.schemas import schema
from hypercore.spec import columns as spec
from tests.unit.studies import MadeUp, write_study


def test_studies_are_folders_with_a_plan_or_cells(tmp_path: Path) -> None:
    assert data.studies(tmp_path / "absent") == []
    write_study(tmp_path)
    (tmp_path / "planned").mkdir()
    (tmp_path / "digits" / "plan.parquet").rename(tmp_path / "planned" / "plan.parquet")
    (tmp_path / "store" / "ab").mkdir(parents=True)
    assert data.studies(tmp_path) == ["digits", "planned"]


def test_a_folder_that_cannot_hold_studies_is_told_from_an_empty_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_study(tmp_path)
    study = tmp_path / "digits"
    assert data.misnamed(tmp_path) == data.misnamed(tmp_path / "absent") == ""
    assert str(tmp_path) in data.misnamed(study) and "one study" in data.misnamed(study)
    assert "is a file" in data.misnamed(study / "plan.parquet")
    monkeypatch.setattr(data.os, "access", lambda *_: False)
    assert "may not be read" in data.misnamed(tmp_path)
    assert data.studies(tmp_path) == []


def test_every_table_is_read_as_declared(results: Path) -> None:
    for table in ("plan", "cells", "curves", "trajectories", "comparison"):
        frame = data.read(results, "digits", table)
        assert list(frame.columns) == [column.name for column in spec.TABLES[table]]
    with pytest.raises(ResultFileError, match=r"claims\.parquet: there is no such file"):
        data.read(results, "digits", "claims")


def test_the_stamp_changes_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "x"
    assert data.stamp(path) is None
    path.write_text("1")
    first = data.stamp(path)
    path.write_text("22")
    assert data.stamp(path) != first


def test_titles_say_more_only_where_they_must() -> None:
    rows = pd.DataFrame(
        {
            "label": ["Adam / SGD", "Adam / SGD", "SGD / SGD"],
            "dataset": ["mnist"] * 3,
            "model": ["mlp"] * 3,
            "epochs": [1, 10, 30],
            "batch_size": [256] * 3,
        }
    )
    assert data.titles(rows).tolist() == [
        "Adam / SGD on mnist (mlp, 1 epoch, batch 256)",
        "Adam / SGD on mnist (mlp, 10 epochs, batch 256)",
        "SGD / SGD on mnist",
    ]
    assert data.of_entry(rows, "SGD / SGD on mnist").index.tolist() == [2]
    assert [name.partition("(")[2] for name in brief_titles(rows)[:2]] == ["1 epoch)", "10 epochs)"]


def test_titles_are_by_all_entries_of_the_study_where_a_table_lacks_some() -> None:
    key = {"label": "SGD / SGD", "dataset": "digits", "epochs": 5, "batch_size": 32}
    study = pd.DataFrame([{**key, "model": model} for model in ("mlp", "cnn", "cnn")])
    some = study.head(1)
    assert data.titles(some).tolist() == ["SGD / SGD on digits"]
    told = with_titles(some, study)
    assert data.titles(told).tolist() == data.titles(study).tolist()[:1] != data.titles(some).tolist()
    assert problem_names(told).tolist() == ["digits (mlp)"]
    assert with_titles(told, some) is told
    other = study.drop(columns="model")
    assert with_titles(other, study) is other


@pytest.fixture
def own_results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HYPERCORE_RESULTS", str(tmp_path / "mine/results"))
    return tmp_path / "mine/results"


@pytest.mark.parametrize("config", ["of mine/config.yaml", "../elsewhere.yaml"])
def test_the_command_names_the_config_that_the_plan_was_made_of(
    own_results: Path, tmp_path: Path, config: str
) -> None:
    others = tmp_path / "others"
    others.mkdir()
    assert data.command("own", others).endswith("path/to/the/config/of/own.yaml")
    facts = {"study": "own", "config": config}
    write_table(own_results / "own/plan.parquet", schema(spec.PLAN).empty_table(), "plan", facts)
    path = Path(os.path.normpath(own_results.parent / config))
    named = f"snakemake --cores all --configfile {shlex.quote(str(path))}"
    assert data.command("own", others) == named, "though it is not there"
    path.parent.mkdir(exist_ok=True)
    path.write_text("name: own\ndescription: Mine.\n")
    (others / "a.yaml").write_text("name: own\n")
    assert data.command("own", others) == named
    assert data.description(data.config("own", others)) == "Mine."
    path.write_text("name: another\n")
    assert data.command("own", others).endswith("/others/a.yaml")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("description: >\n  Two lines\n  of mine.\n", "Two lines of mine."),
        ("description: 'It''s: mine'", "It's: mine"),
        ("name: own", ""),
        ("description: [a, b]", ""),
        ("- no mapping", ""),
        ("description: 'open", ""),
    ],
)
def test_a_description_is_what_yaml_reads(tmp_path: Path, written: str, said: str) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(written)
    assert data.description(path) == said


def test_a_description_is_read_once_until_its_config_changes(
    own_results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = own_results.parent / "own.yaml"
    facts = {"study": "own", "config": "own.yaml"}
    write_table(own_results / "own/plan.parquet", schema(spec.PLAN).empty_table(), "plan", facts)
    path.write_text("name: own\ndescription: Mine.\n")
    assert cache.description("own") == "Mine."
    read = []
    with monkeypatch.context() as patched:
        for name in ("description", "config"):
            patched.setattr(data, name, lambda *_, name=name: read.append(name))
        assert cache.description("own") == "Mine." and not read
    path.write_text("name: own\ndescription: It is mine.\n")
    assert cache.description("own") == "It is mine."
    path.unlink()
    assert cache.description("own") == ""


@pytest.mark.usefixtures("own_results")
def test_the_command_names_the_studys_config(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("name: digits\n")
    (tmp_path / "other.yaml").write_text("# a comment\nname: mnist-reference # the name\n")
    assert data.command("digits", tmp_path) == "snakemake --cores all"
    assert data.command("mnist-reference", tmp_path).endswith(f"--configfile {tmp_path}/other.yaml")
    assert data.command("mnist", tmp_path).endswith("--configfile path/to/the/config/of/mnist.yaml")


def test_at_first_the_study_with_the_newest_result_is_shown(tmp_path: Path) -> None:
    older = {"created_utc": "2025-06-01T00:00:00+00:00"}
    for name, facts in (("a", older), ("b", {}), ("c", older)):
        folder = write_study(tmp_path, MadeUp(study=name, seeds=1))
        cells = data.read(tmp_path, name, "cells").assign(**facts)
        write_frame(folder / "cells.parquet", cells, "cells", spec.CELLS)
    assert data.newest(tmp_path, ["a", "b", "c"]) == "b"
    (tmp_path / "b" / "cells.parquet").write_bytes(b"PAR1")
    assert data.newest(tmp_path, ["a", "b", "c"]) == "a"
    assert data.newest(tmp_path, ["b"]) == "b"


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("alpha", -1.0, "holds -1.0 in row 3, allowed: a finite number above 0"),
        ("alpha", float("inf"), "holds inf in row 3"),
        ("label", None, "holds nothing in row 3, allowed: a value"),
        ("status", "<b>done</b>", "holds <b>done</b> in row 3, allowed: finished"),
        ("n_classes", -1, "holds -1 in row 3, allowed: 0 or more"),
        ("test_error", 101.0, "holds 101.0 in row 3, allowed: 0 to 100"),
    ],
)
def test_values_that_no_run_can_have_are_refused(
    tmp_path: Path, column: str, value: object, said: str
) -> None:
    folder = write_study(tmp_path, MadeUp(seeds=1))
    cells = data.read(tmp_path, "digits", "cells")
    cells.loc[2, column] = value
    write_frame(folder / "cells.parquet", cells, "cells", spec.CELLS)
    with pytest.raises(ResultFileError, match=re.escape(said)):
        data.read(tmp_path, "digits", "cells")


def test_an_error_of_numbers_may_be_worse_than_chance(tmp_path: Path) -> None:
    folder = write_study(tmp_path, MadeUp(seeds=1))
    cells = data.read(tmp_path, "digits", "cells").assign(n_classes=0)
    cells.loc[2, "test_error"] = 140.0
    write_frame(folder / "cells.parquet", cells, "cells", spec.CELLS)
    assert data.read(tmp_path, "digits", "cells").loc[2, "test_error"] == 140.0


def test_what_inside_shows_of_a_stack_is_worked_out_once(
    results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HYPERCORE_RESULTS", str(results))
    title = cache.titles("digits")[0]
    assert answers.ends("digits", title) is answers.ends("digits", title)
    entry = data.of_entry(cache.judged("digits"), title)
    assert cache.entry("digits", title).equals(entry)
    learned = data.read(results, "digits", "trajectories")
    assert answers.ends("digits", title).equals(runs.final_against_initial(learned, entry))


def test_a_home_in_the_results_folder_is_expanded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for given, found in {"~/r": tmp_path / "r", "~nobody-at-all/r": Path("~nobody-at-all/r")}.items():
        monkeypatch.setenv("HYPERCORE_RESULTS", given)
        assert data.results_root() == found


def test_started_elsewhere_the_checkouts_results_and_configs_are_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    checkout = Path(data.__file__).parents[1]
    monkeypatch.delenv("HYPERCORE_RESULTS", raising=False)
    monkeypatch.chdir(tmp_path)
    assert data.results_root() == checkout / "results"
    assert data.config("digits") == checkout / "config/config.yaml"
    (tmp_path / "results").mkdir()
    assert data.results_root() == Path("results")


def test_streamlit_reads_our_settings_wherever_it_is_started(tmp_path: Path) -> None:
    """Beside the script they are read from any folder: no statistics of usage are sent."""
    script = Path(data.__file__).with_name("app.py")
    ask = (
        "from streamlit import config; "
        f"config._main_script_path = {str(script)!r}; "
        "print(config.get_option('browser.gatherUsageStats'), config.get_option('theme.baseFontSize'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", ask], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "15"]
