"""Data sets without code: read, split and standardised, or refused in words."""

import json
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
import torch

from hypercore.problems.arrays import ArrayData, array_data
from hypercore.problems.datasets import DataError
from hypercore.problems.declared import task_of
from hypercore.problems.files import arrays, scikit_learn, table, text
from hypercore.problems.held_out import hold_out
from hypercore.problems.module_trial import module_problem
from hypercore.problems.networks import CharLSTM, GPTNano, ResNet20, mlp
from hypercore.spec.cell import Cell
from hypercore.spec.clipping import OFF
from hypercore.spec.notation import parse_stack
from hypercore.spec.protocol import Protocol
from hypercore.train.batch import train_batch


def rows(**more: list[object]) -> dict[str, list[Any]]:
    return {
        "x": [float(n) for n in range(10)],
        "count": list(range(10)),
        "kind": ["b", "a"] * 5,
        "y": [2.0 * n for n in range(10)],
        "part": ["train"] * 8 + ["test"] * 2,
        **more,
    }


def write(path: Path, columns: dict[str, list[Any]]) -> str:
    found = pa.table(columns)
    if path.suffix == ".parquet":
        pyarrow.parquet.write_table(found, path)
    else:
        pa.csv.write_csv(found, path)
    return str(path)


@pytest.mark.parametrize("name", ["rows.csv", "rows.parquet"])
def test_a_table_is_split_by_a_column_and_standardised_on_the_training_split(
    tmp_path: Path, name: str
) -> None:
    path = write(tmp_path / name, rows())
    (x, kind), (test_x, test_kind) = table(path, "kind", split="part", without="y")
    assert x.shape == (8, 2) and test_x.shape == (2, 2) and x.dtype == torch.float32
    np.testing.assert_allclose(x.mean(0), 0, atol=1e-6)
    np.testing.assert_allclose(x.std(0, correction=0), 1, rtol=1e-6)
    assert float(test_x[0, 0]) == pytest.approx((8 - 3.5) / np.std(range(8)))
    assert kind.tolist() == [1, 0] * 4 and test_kind.tolist() == [1, 0]
    (_, y), _, moments = table(path, "y", split="part", without="kind", numbers=True)
    assert y.is_floating_point() and float(y.mean()) == pytest.approx(0)
    assert (y * moments[1] + moments[0]).tolist() == pytest.approx(rows()["y"][:8])


def test_rows_are_drawn_alike_each_time(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.csv", rows())
    (x, _), (test_x, _) = table(path, "kind", without="y, part", test_share=0.3)
    assert len(x) == 7 and len(test_x) == 3
    assert torch.equal(x, table(path, "kind", without="y, part", test_share=0.3)[0][0])


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"target": "z"}, "has no column 'z'; allowed: x, count, kind, y, part"),
        ({"target": "y"}, "the column 'kind' holds no numbers (string); allowed: without: kind"),
        (
            {"target": "y", "split": "kind", "without": "part"},
            "the column 'kind' says a, b; allowed: train and test",
        ),
        ({"target": "part", "split": "part"}, "'part' is the target and the split; allowed: one of the two"),
        ({"target": "y", "without": "kind, part", "test_share": 0.0}, "a test_share of 0.0 of 10 examples"),
        ({"target": "y", "without": "x, count, kind, part"}, "no column but 'y'"),
    ],
)
def test_what_a_table_lacks_is_said(tmp_path: Path, given: dict[str, Any], words: str) -> None:
    path = write(tmp_path / "rows.csv", rows())
    with pytest.raises(DataError) as error:
        table(path, **given)
    assert words in str(error.value)


def test_missing_values_are_counted(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.parquet", rows(x=[None, 1.0] * 5))
    with pytest.raises(
        DataError, match="the column 'x' lacks 5 values; allowed: none missing, or without: x"
    ):
        table(path, "y", without="kind, part")
    with pytest.raises(DataError, match="cannot be read as a table"):
        table(str(tmp_path / "nothing.csv"), "y")


def test_decimals_are_numbers(tmp_path: Path) -> None:
    path, numbers = tmp_path / "rows.parquet", [0.25, 1.5, -3.0, 2.75] * 3
    decimals = pa.array([Decimal(str(number)) for number in numbers], pa.decimal128(12, 2))
    pyarrow.parquet.write_table(pa.table({"x": decimals, "y": [0, 1] * 6}), path)
    (exact, *_), _ = table(str(path), "y")
    pyarrow.parquet.write_table(pa.table({"x": numbers, "y": [0, 1] * 6}), path)
    assert torch.equal(exact, table(str(path), "y")[0][0])


def test_a_table_is_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes("größe,y\n1,0\n2,1\n".encode("latin-1"))
    with pytest.raises(DataError, match="has a column name that is no UTF-8 .*; allowed: UTF-8"):
        table(str(path), "y")


def test_a_text_that_is_missing_is_no_class(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("x,y\n" + "1,a\n2,b\n" * 5 + "3,\n4,NA\n")
    with pytest.raises(DataError, match="the column 'y' lacks 2 values; allowed: none missing$"):
        table(str(path), "y")


def test_a_table_of_semicolons_and_commas_is_read(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("x;y\n" + "".join(f"{n},5;{n},25\n" for n in range(10)))
    with pytest.raises(
        DataError, match=r"'x' holds no numbers \(string\); allowed: without: x, or decimal: \",\""
    ):
        table(str(path), "y", separator=";")
    (_, y), (_, test_y), (mean, sd) = table(str(path), "y", separator=";", decimal=",")
    assert sorted((torch.cat((y, test_y)) * sd + mean).tolist()) == pytest.approx(np.arange(10) + 0.25)


@pytest.mark.parametrize(
    ("kinds", "words"),
    [
        (
            ["b", "a"] * 4 + ["a", "c"],
            "the class 'c' of 'kind' is in the test split only; allowed: classes of the",
        ),
        ([4, 6] * 4 + [4, 5], "the class 5 of 'kind' is in the test split only; .*, or numbers: true$"),
    ],
)
def test_a_class_in_the_test_split_alone_is_named_as_the_table_has_it(
    tmp_path: Path, kinds: list[object], words: str
) -> None:
    path = write(tmp_path / "rows.csv", rows(kind=kinds))
    with pytest.raises(DataError, match=words):
        table(path, "kind", split="part")


def test_a_class_in_the_test_split_alone_is_refused() -> None:
    x = torch.zeros(2, 1)
    with pytest.raises(DataError, match="the class 2 is in the test split only"):
        array_data("mine", ((x, torch.tensor([0, 1])), (x, torch.tensor([1, 2]))))


def test_a_text_is_cut_into_sequences_that_tell_the_next_token(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text("abcdé" * 8, encoding="utf-8")
    (x, y), (test_x, _) = text(str(path), length=5, test_share=0.25)
    assert x.shape == (5, 5) and len(test_x) == 1
    assert x[0].tolist() == [0, 1, 2, 3, 4] and y[0].tolist() == [1, 2, 3, 4, 0]
    assert array_data("t", ((x, y), (test_x, test_x))).n_classes == 5
    assert int(text(str(path), length=5, unit="bytes", test_share=0.25)[0][0].max()) == 0xC3
    for given, words in (
        ({"length": 100}, "the training split has 36 characters; allowed: more than length 100"),
        ({"unit": "words"}, "unit 'words'; allowed: characters, bytes"),
    ):
        with pytest.raises(DataError, match=words):
            text(str(path), **given)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(DataError, match="is no UTF-8, at byte 0; allowed: UTF-8, or unit: bytes"):
        text(str(path))


def test_arrays_are_read_from_both_formats(tmp_path: Path) -> None:
    given = {
        "train_inputs": np.arange(6, dtype=np.float32).reshape(3, 2),
        "train_targets": np.array([0, 1, 2]),
        "test_inputs": np.ones((1, 2), dtype=np.float32),
        "test_targets": np.array([1]),
    }
    np.savez(tmp_path / "a.npz", **given)
    header, body = {"__metadata__": {}}, b""
    for name, array in given.items():
        kind = {"float32": "F32", "int64": "I64"}[array.dtype.name]
        span = [len(body), len(body) + array.nbytes]
        header[name] = {"dtype": kind, "shape": list(array.shape), "data_offsets": span}
        body += array.tobytes()
    words = json.dumps(header).encode()
    (tmp_path / "a.safetensors").write_bytes(len(words).to_bytes(8, "little") + words + body)
    one, other = (array_data("a", arrays(str(tmp_path / f"a.{end}"))) for end in ("npz", "safetensors"))
    assert one.sha256 == other.sha256 and one.n_classes == 3
    np.savez(tmp_path / "a.npz", train_inputs=given["train_inputs"])
    with pytest.raises(DataError, match="no array 'train_targets'; it has train_inputs; allowed: "):
        arrays(str(tmp_path / "a.npz"))


@pytest.mark.parametrize("damage", ["cut off", "altered", "array", "objects", "texts", "no zip"])
def test_what_is_no_file_of_arrays_is_said_by_its_name(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "a.npz"
    given = {
        name: np.arange(4.0) for name in ("train_inputs", "train_targets", "test_inputs", "test_targets")
    }
    if damage == "objects":
        given["test_inputs"] = np.array([{}, []], dtype=object)
    if damage == "texts":
        given["test_targets"] = np.array(["a", "b"])
    np.savez_compressed(path, **given)
    whole = path.read_bytes()
    if damage == "array":
        with path.open("wb") as file:
            np.save(file, np.arange(4.0))
    elif damage in ("cut off", "altered", "no zip"):
        content = {"cut off": whole[:-40], "altered": whole[:60] + b"?" * 20 + whole[80:], "no zip": b"PK?"}
        path.write_bytes(content[damage])
    with pytest.raises(
        DataError, match=r"a.npz(: test_targets holds <U1; allowed: numbers| is no npz or saf)"
    ):
        arrays(str(path))


def test_columns_that_no_mean_can_be_taken_of_are_named(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("x,y,x\n1,a,2\n3,b,4\n")
    with pytest.raises(DataError, match="rows.csv has several columns 'x'; allowed: each name once"):
        table(str(path), "y")
    for large in ("inf", "1e300"):
        path.write_text(f"x,y\n1,a\n{large},b\n3,a\n4,b\n")
        with pytest.raises(DataError, match="the column 'x' holds infinite numbers, or too large ones"):
            table(str(path), "y")
    path.write_text("x,y\n1,1.5\n2,-inf\n3,0.5\n4,2\n")
    with pytest.raises(DataError, match="the column 'y' holds infinite numbers"):
        table(str(path), "y")


@pytest.mark.parametrize(
    ("content", "without", "words"),
    [
        (b"x,y\n", "", "rows.csv holds no rows; allowed: at least one in each split"),
        (b"x,y\n1,a\n", "y", "the column 'y' is the target and left out; allowed: one of the two"),
        (b"x,\xe9\n1,a\n", "", "rows.csv has a column name that is no UTF-8"),
    ],
)
def test_tables_that_hold_none_are_refused(tmp_path: Path, content: bytes, without: str, words: str) -> None:
    (tmp_path / "rows.csv").write_bytes(content)
    with pytest.raises(DataError, match=words):
        table(str(tmp_path / "rows.csv"), "y", without=without)


@pytest.mark.parametrize(("inputs", "targets"), [(">f4", ">i8"), ("f2", "u2"), ("f8", "u4")])
def test_arrays_of_other_types_and_byte_orders_train_as_their_numbers(
    tmp_path: Path, inputs: str, targets: str
) -> None:
    x, y = np.arange(12.0).reshape(4, 3), np.array([0, 1, 0, 1])
    given = {"inputs": x.astype(inputs), "targets": y.astype(targets)}
    np.savez(tmp_path / "a.npz", **{f"{part}_{k}": v for part in ("train", "test") for k, v in given.items()})
    data = array_data("a", arrays(str(tmp_path / "a.npz")))
    assert data.train.tensors[0].dtype == torch.float32 and data.train.tensors[1].tolist() == y.tolist()
    np.testing.assert_array_equal(data.train.tensors[0].numpy(), x)


def test_names_in_place_of_classes_are_refused() -> None:
    split = torch.zeros(2, 1), torch.tensor([0, 10**9])
    with pytest.raises(DataError, match="a target is 1000000000; allowed: classes from 0 to 999,999"):
        array_data("a", (split, split))


def cell(stack: str = "Adam(0.01)", epochs: int = 3) -> Cell:
    return Cell("data", "net", parse_stack(stack), OFF, epochs, 16, 0)


def test_regression_s_chance_is_the_mean() -> None:
    x = torch.randn((200, 3), generator=torch.Generator().manual_seed(0))
    y = x @ torch.tensor([1.0, -2.0, 0.5]) + 5.0
    data = array_data("numbers", ((x[:160], y[:160]), (x[160:], y[160:])))
    assert data.n_classes == 0
    model = module_problem("net", lambda: mlp((3,), 1, hidden=8), data)
    [outcome] = train_batch([cell("Adam(0.05)", 12)], data, model=model)
    facts = outcome.facts
    spread = float((y[160:] - y[:160].mean()).square().mean().sqrt())
    assert facts["n_classes"] == 0
    assert facts["test_error"] == pytest.approx(float(facts["test_loss"]) ** 0.5, rel=1e-5)
    assert 0 < float(facts["test_error"]) < 0.4 * spread
    assert (facts["metric"], facts["constant_error"]) == ("RMSE", pytest.approx(spread, rel=1e-5))


def smooth(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.cross_entropy(outputs, targets, label_smoothing=0.1)


def test_a_loss_of_one_s_own_trains_and_the_error_stays_what_it_is() -> None:
    x = torch.randn((40, 3), generator=torch.Generator().manual_seed(0))
    split = x, (x[:, 0] > 0).long()
    data = array_data("signs", (split, split))
    plain, own = (
        module_problem("net", lambda: mlp((3,), 2, hidden=8), data, task_of(data, loss))
        for loss in (None, smooth)
    )
    weights, batch = own.initial(0).unsqueeze(0), data.train.take(torch.arange(40).unsqueeze(0))
    losses, _ = own.training_losses(weights, batch, (), ())
    assert float(losses) != float(plain.training_losses(weights, batch, (), ())[0])
    totals, others = (one.totals(weights, split, ()) for one in (own, plain))
    assert float(totals.loss) / 40 == pytest.approx(float(losses), rel=1e-6)
    assert torch.equal(totals.score, others.score)
    wrong = task_of(data, lambda outputs, _: outputs[:, 0])
    with pytest.raises(DataError, match="data set 'signs': its loss returned 4; allowed: a tensor of one"):
        module_problem("net", lambda: mlp((3,), 2), data, wrong)


def bundled(name: str) -> ArrayData:
    pytest.importorskip("sklearn")
    return array_data(name, scikit_learn(name))


def test_scikit_learn_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(
        DataError, match="'iris': scikit-learn cannot be imported .*; allowed: pip install scikit"
    ):
        scikit_learn("iris")


def test_scikit_learn_s_sets_by_name() -> None:
    assert bundled("iris").n_classes == 3 and bundled("diabetes").n_classes == 0
    with pytest.raises(DataError, match="allowed: breast_cancer, diabetes, digits, iris, wine"):
        scikit_learn("moons")


@pytest.mark.parametrize(
    ("build", "weights"),
    [
        (lambda: ResNet20((3, 8, 8), 10), 269_722),
        (lambda: CharLSTM(7, width=8), 7 * 8 + 2 * 4 * 8 * (8 + 1) + 9 * 7),
        (lambda: GPTNano((6,), 7, width=6, heads=2, layers=1), 7 * 6 + 6 * 6 + 12 * 6 * 6 + 13 * 6 + 12),
        (lambda: mlp((1, 4, 4), 10, hidden="5, 6"), 17 * 5 + 6 * 6 + 7 * 10),
    ],
    ids=["resnet20", "char-lstm", "gpt-nano", "mlp"],
)
def test_built_in_networks_train(build: Callable[[], torch.nn.Module], weights: int) -> None:
    generator = torch.Generator().manual_seed(0)
    module = build()
    if isinstance(module, CharLSTM | GPTNano):
        tokens = torch.randint(7, (16, 7), generator=generator)
        split = tokens[:, :-1], tokens[:, 1:]
    else:
        shape = (3, 8, 8) if isinstance(module, ResNet20) else (1, 4, 4)
        split = torch.rand((16, *shape), generator=generator), torch.arange(16) % 10
    data = array_data("made up", (split, split))
    model = module_problem("net", build, data)
    assert model.parameters == weights
    [outcome] = train_batch([cell("Adam(0.003) / SGD(1e-5)".replace("(0.003)", ""), 4)], data, model=model)
    assert float(outcome.facts["last_epoch_train_loss"]) < float(outcome.facts["first_batch_loss"])


def test_of_a_table_and_a_text_examples_are_held_out(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("x,y\n" + "".join(f"{i},{i / 7}\n" for i in range(400)))
    (tmp_path / "book.txt").write_text("a bc" * 1000)
    for data in (
        array_data("rows", table(str(path), "y")),
        array_data("book", text(str(tmp_path / "book.txt"), length=8)),
    ):
        held = hold_out(data, Protocol(100))
        assert held.validation is not None and len(held.validation) == 100
        assert len(held.train) == len(data.train) - 100
        assert isinstance(held, ArrayData) and held.standardised == data.standardised


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (pa.array(range(40), pa.timestamp("s")), r"timestamp\[ms\]"),
        (pa.array([[1, 2]] * 40), "list<element: int64>"),
        (pa.array([Decimal(1), Decimal(2)] * 20), r"decimal128\(1, 0\)"),
    ],
)
def test_a_target_that_is_neither_a_class_nor_a_number_is_refused(
    tmp_path: Path, values: pa.Array, kind: str
) -> None:
    path = tmp_path / "rows.parquet"
    pyarrow.parquet.write_table(pa.table({"x": [float(x) for x in range(40)], "y": values}), path)
    with pytest.raises(DataError, match=f"the target 'y' holds {kind}; allowed: numbers, texts, true and"):
        table(str(path), "y")


def test_texts_that_a_file_holds_as_categories_are_classes(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    classes = pa.array(["no", "yes"] * 20).dictionary_encode()
    pyarrow.parquet.write_table(pa.table({"x": [float(x) for x in range(40)], "y": classes}), path)
    train, _, *_ = table(str(path), "y")
    assert set(train[1].tolist()) == {0, 1}
