"""The look before anything trains: every problem at once, a line each, and nothing where all is there."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hypercore.study import Plan
from hypercore.workflow import look as looking
from hypercore.workflow.look import look
from tests.unit.study.configs import plan_of
from tests.unit.train.test_datasets import write_folder, write_mnist

STUDY = """\
name: tiny
datasets: [{dataset}]
stacks: [{{stack: SGD / SGD, alphas: [0.1]}}]
seeds: 1
device: cpu
"""


def planned(folder: Path, dataset: str, more: str = "") -> Plan:
    return plan_of(folder, STUDY.format(dataset=dataset) + more)


def told(plan: Plan, results: Path) -> list[str]:
    cells = [cell for sweep in plan.sweeps for cell in sweep.cells]
    lines = [str(problem) for problem in look(plan, cells, results)]
    assert all(line.count("allowed:") == 1 for line in lines), lines
    return lines


def test_what_is_there_is_no_problem(tmp_path: Path) -> None:
    write_mnist(tmp_path / "data")
    write_folder(tmp_path / "pets", sizes=(8,))
    more = f"data_root: {tmp_path}/data\nimage_folders: {{pets: {tmp_path}/pets}}\n"
    assert told(planned(tmp_path, "digits, mnist, pets", more), tmp_path / "results") == []


def test_all_problems_are_told_at_once_a_line_each_with_file_and_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hypercore.machine.slots.gpus", tuple)
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(1, 1, 1_000_000))
    write_folder(tmp_path / "pets", sizes=(4,))
    more = f"data_root: {tmp_path}/data\nimage_folders: {{pets: {tmp_path}/pets, cats: {tmp_path}/pest}}\n"
    text = STUDY.format(dataset="mnist, pets, cats").replace("device: cpu", "device: cuda")
    lines = told(plan_of(tmp_path, text + more), tmp_path / "results")
    config = tmp_path / "study.yaml"
    expected = [
        f"{config}:5: device: given cuda; allowed: on this machine auto, cpu",
        f"{config}:7: image_folders.cats: given {tmp_path}/pest, which is not there; allowed: a folder of",
        f"{config}:6: data_root: given mnist, of which {tmp_path}/data/MNIST/raw/train-images-idx3-ubyte ",
        f"{config}:7: image_folders.pets: given images of 4×4 pixels, of which cnn leaves nothing",
        f"{config}:1: given 1 MB free where {tmp_path} lies; allowed: at least",
    ]
    assert len(lines) == len(expected)
    for start in expected:
        assert any(line.startswith(start) for line in lines), "\n".join([start, *lines])
    assert all("\n" not in line for line in lines)
    assert any(f"{tmp_path}/pets is there" in line for line in lines)  # pest was mistyped


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("wrods.txt", "is not there; allowed: a file, from .*; words.txt is there"),
        ("gone/words.txt", "is not there"),
        (".", "is a folder; allowed: a file"),
        ("empty.txt", "is empty"),
    ],
)
def test_the_file_of_a_data_set_without_code_is_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, what: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "words.txt").write_text("a few words")
    (tmp_path / "empty.txt").touch()
    text = (
        "name: tiny\ndatasets: {book: {load: text, arguments: {path: PATH, length: 2}}}\n"
        "model: char-lstm\nstacks: [{stack: SGD / SGD, alphas: [0.1]}]\nseeds: 1\nepochs: 1\ndevice: cpu\n"
    )
    assert told(plan_of(tmp_path, text.replace("PATH", "words.txt")), tmp_path / "results") == []
    (line,) = told(plan_of(tmp_path, text.replace("PATH", path)), tmp_path / "results")
    assert re.search(rf"study.yaml:2: datasets.book.arguments.path: given {path}, which {what}", line), line


def test_a_folder_of_too_few_images_to_hold_some_out_is_named(tmp_path: Path) -> None:
    write_folder(tmp_path / "pets", sizes=(8,))
    more = f"image_folders: {{pets: {tmp_path}/pets}}\nvalidation_split: 0.5\n"
    [line] = told(planned(tmp_path, "pets", more), tmp_path / "results")
    given = "3 of the 6 training examples of pets; allowed: data sets of at least 200"
    assert line.startswith(f"{tmp_path}/study.yaml:7: validation_split: given {given}")


def test_a_folder_of_images_too_small_to_crop_is_named(tmp_path: Path) -> None:
    write_folder(tmp_path / "pets", sizes=(8,))
    more = f"image_folders: {{pets: {tmp_path}/pets}}\naugmentation: {{pets: {{crop: 8}}}}\n"
    [line] = told(planned(tmp_path, "pets", more), tmp_path / "results")
    assert line.endswith(
        "augmentation.pets: given crop: 8 of pets, images of 8×8; allowed: crop: from 1 to 7"
    )


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "is empty"),
        (b"\0\0\x08\x03\0\0\0\x14", "is no IDX file"),
        (b"<html>", "is no IDX file"),
        (None, "has 15695 of"),
    ],
)
def test_damaged_raw_files_are_named(tmp_path: Path, content: bytes | None, what: str) -> None:
    write_mnist(tmp_path / "data")
    path = tmp_path / "data/MNIST/raw/train-images-idx3-ubyte"
    path.write_bytes(path.read_bytes()[:-1] if content is None else content)
    [line] = told(planned(tmp_path, "mnist", f"data_root: {tmp_path}/data\n"), tmp_path / "results")
    assert f"{path} {what}" in line and "download: true" in line
    more = f"data_root: {tmp_path}/data\ndownload: true\n"
    assert told(planned(tmp_path, "mnist", more), tmp_path / "results") == []  # it is fetched anew


def test_packed_files_are_to_be_unpacked(tmp_path: Path) -> None:
    write_mnist(tmp_path / "data")
    path = tmp_path / "data/MNIST/raw/t10k-labels-idx1-ubyte"
    path.rename(f"{path}.gz")
    [line] = told(planned(tmp_path, "mnist", f"data_root: {tmp_path}/data\n"), tmp_path / "results")
    assert "is missing (t10k-labels-idx1-ubyte.gz is there: unpack it)" in line


@pytest.mark.parametrize(
    "damage",
    [
        *("no class", "one class", "no images", "no part", "a part's link", "a class's link", "a link"),
        *("empty", "a text", "sizes"),
    ],
)
def test_images_that_cannot_be_used_are_named(tmp_path: Path, damage: str) -> None:
    write_folder(tmp_path / "pets", sizes=(8,))
    path = tmp_path / "pets/train/dog/0000.png"
    if damage == "no class":
        shutil.rmtree(path.parent)
    elif damage == "one class":
        for part in ("train", "test"):
            shutil.rmtree(tmp_path / "pets" / part / "dog")
    elif damage == "no images":
        for image in path.parent.iterdir():
            image.unlink()
    elif damage in ("no part", "a part's link"):
        shutil.rmtree(tmp_path / "pets/test")
        if damage != "no part":
            (tmp_path / "pets/test").symlink_to("gone")
    elif damage == "a link":
        path.unlink()
        path.symlink_to("gone")
    elif damage == "a class's link":
        for part in ("train", "test"):
            (tmp_path / "pets" / part / "bird").symlink_to("gone")
    elif damage == "sizes":
        Image.new("RGB", (9, 9)).save(path)
    else:
        path.write_text("" if damage == "empty" else "words")
    [line] = told(
        planned(tmp_path, "pets", f"image_folders: {{pets: {tmp_path}/pets}}\n"), tmp_path / "results"
    )
    words = {
        "no class": "which hold different classes: dog only in test/; allowed: the same ones",
        "no images": "train/dog, which holds no image; allowed: files that end in",
        "one class": "train, which holds cat alone; allowed: at least two classes",
        "no part": "test, which is not there; allowed: train/CLASS/* and test/CLASS/*",
        "a link": "0000.png, which is a link to gone, which is not there; allowed: whole images",
        "a class's link": "train/bird, which is a link to gone, which is not there; allowed: folders",
        "a part's link": "test, which is a link to gone, which is not there; allowed: train/CLASS",
        "empty": "is empty",
        "a text": "is no image",
        "sizes": "several sizes",
    }
    assert words[damage] in line and (damage not in ("empty", "a text", "sizes") or str(path) in line)


def test_where_nothing_trains_and_elsewhere_nothing_is_asked_of_the_device(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hypercore.machine.slots.gpus", tuple)
    plan = plan_of(tmp_path, STUDY.format(dataset="digits").replace("cpu", "cuda"))
    assert look(plan, [], tmp_path) == []
    cells = plan.sweeps[0].cells
    assert look(plan, cells, tmp_path, elsewhere=True) == [] and len(look(plan, cells, tmp_path)) == 1


def test_looking_imports_no_torch() -> None:
    ask = f"import sys; import {looking.__name__}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", ask], check=False).returncode == 0


TABLE = """\
name: tiny
datasets: {{rows: {{load: table, arguments: {{path: "{path}", target: {target}}}}}}}
models: {{net: {{build: mlp}}}}
stacks: [SGD]
seeds: 1
device: cpu
"""


@pytest.mark.parametrize(
    ("content", "target", "words"),
    [
        ("x,y\n1,2\n", "y", None),
        (None, "y", "arguments.path: given {path}, which is not there; allowed: a file, from"),
        ("", "y", "arguments.path: given {path}, which is empty"),
        ("x,quality\n1,2\n", "qualty", "arguments.target: given 'qualty', which is no column of {path}; "
         "allowed: x, quality; 'quality' is there"),
        ("x;y\n1,5;2\n", "y", "arguments.path: given {path}, whose first line has no ','; allowed: a table "
         'with it between columns, or separator: ";"'),
        ("x\ty\n1\t2\n", "y", 'separator: "\\t"'),
        ("x;y\n1;2\n", 'y, separator: ";"', None),
        ("x,y\n1,2\n", 'y, separator: ";"', 'separator: ","'),
        ("PK\0;\n\0,\0\n", "y", "given {path}, which is no table; allowed: a CSV, or a parquet file"),
    ],
)  # fmt: skip
def test_the_file_of_a_table_is_looked_into(
    tmp_path: Path, content: str | None, target: str, words: str | None
) -> None:
    path = tmp_path / "rows.csv"
    if content is not None:
        path.write_text(content)
    lines = told(plan_of(tmp_path, TABLE.format(path=path, target=target)), tmp_path / "results")
    expected = [] if words is None else [words.format(path=path)]
    assert len(lines) == len(expected)
    assert all("study.yaml:2: datasets.rows.arguments." in line for line in lines), lines
    assert all(text in line for text, line in zip(expected, lines, strict=True)), lines


def test_a_path_that_the_system_refuses_is_a_line(tmp_path: Path) -> None:
    (line,) = told(plan_of(tmp_path, TABLE.format(path="a" * 5000, target="y")), tmp_path / "results")
    assert "datasets.rows.arguments.path: given 'aaa" in line and "system says: File name too long" in line
    (tmp_path / "rows.csv").symlink_to("rows.csv")
    (line,) = told(
        plan_of(tmp_path, TABLE.format(path=tmp_path / "rows.csv", target="y")), tmp_path / "results"
    )
    assert "which is not there" in line and "is there" not in line


@pytest.mark.parametrize(
    ("named", "there", "hint"),
    [
        ("rows.csv", ["row.csv", "cols.csv"], "row.csv"),
        ("Rows", ["rows.csv"], "rows.csv"),
        ("rows.csv", ["cols.csv", "docs/"], None),  # endings agree by chance
        ("docks", ["docs/"], None),  # a folder is no file
        ("dat/rows.csv", ["data/", "rows.csv"], "data"),
        ("dat/deep/rows.csv", ["docs/", "rows.csv"], None),
    ],
)
def test_only_what_may_be_meant_is_hinted_at(
    tmp_path: Path, named: str, there: list[str], hint: str | None
) -> None:
    for name in there:
        (tmp_path / name).mkdir() if name.endswith("/") else (tmp_path / name).touch()
    (line,) = told(plan_of(tmp_path, TABLE.format(path=tmp_path / named, target="y")), tmp_path / "results")
    assert line.endswith(f"; {tmp_path / hint} is there" if hint else f"a file, from {Path.cwd()} on"), line


def test_a_link_to_nothing_is_said_to_be_one(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").symlink_to("gone.csv")
    (tmp_path / "data").symlink_to("away")
    more = f"image_folders: {{pets: {tmp_path}/data/pets}}\ndata_root: {tmp_path}/data\n"
    table = plan_of(tmp_path, TABLE.format(path=tmp_path / "rows.csv", target="y"))
    (line,) = told(table, tmp_path / "results")
    assert (
        f"given {tmp_path}/rows.csv, which is a link to gone.csv, which is not there; allowed: a file" in line
    )
    pets, mnist = told(planned(tmp_path, "pets, mnist", more), tmp_path / "results")
    below = f"lies below {tmp_path}/data, a link to away, which is not there"
    assert f"{tmp_path}/data/pets, which {below}; allowed: a folder of" in pets + mnist
    assert f"train-images-idx3-ubyte {below}; allowed: its files" in pets + mnist


ARRAYS = """\
name: tiny
datasets: {{rows: {{load: arrays, arguments: {{path: "{path}"}}}}}}
model: mlp
augmentation: {{rows: {{crop: {crop}}}}}
stacks: [SGD]
seeds: 1
device: cpu
"""


def test_the_shapes_of_arrays_are_looked_at_without_their_numbers(tmp_path: Path) -> None:
    names = ("train_inputs", "train_targets", "test_inputs", "test_targets")
    whole = {name: np.zeros((4, 1, 3, 3) if "inputs" in name else 4, np.float32) for name in names}
    path, safe = tmp_path / "rows.npz", tmp_path / "rows.safetensors"
    header = json.dumps(
        {n: {"dtype": "F32", "shape": a.shape, "data_offsets": [0, 0]} for n, a in whole.items()}
    )
    safe.write_bytes(len(header).to_bytes(8, "little") + header.encode())
    np.savez(path, **whole)

    def said(file: Path, crop: int) -> list[str]:
        return told(plan_of(tmp_path, ARRAYS.format(path=file, crop=crop)), tmp_path / "results")

    assert said(path, 2) == said(safe, 2) == []
    for file in (path, safe):
        (line,) = said(file, 3)
        assert (
            "study.yaml:4: augmentation.rows: given crop: 3 of rows, images of 3×3; allowed: crop: from 1"
            in line
        )
    np.savez(path, train_inputs=whole["train_inputs"])
    (line,) = said(path, 2)
    assert "study.yaml:2: datasets.rows.arguments.path: given " in line
    assert "no array 'train_targets'; it has train_inputs; allowed: train_inputs, train_targets" in line
    path.write_bytes(b"PK")
    assert said(path, 2) == []  # said by whoever loads it


@pytest.mark.parametrize("name", [".", "store", "status", "tiny"])
@pytest.mark.parametrize("kind", ["file", "link", "locked"])
def test_a_place_where_results_cannot_be_written_is_named_before_they_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, kind: str
) -> None:
    place = tmp_path / "results" / name
    place.parent.mkdir(exist_ok=True)
    if kind == "file":
        place.touch()
    elif kind == "link":
        place.symlink_to(tmp_path / "gone" / "away")
    else:
        place.mkdir(exist_ok=True)
        may = os.access
        monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != place and may(path, mode))
    lines = told(planned(tmp_path, "digits"), tmp_path / "results")
    what = "where nothing may be written" if kind == "locked" else "which is no folder"
    assert any(f"given {place}, {what}; allowed: a folder of results" in line for line in lines), lines
