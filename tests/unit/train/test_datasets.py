"""Data sets as they lie on a disk: torchvision's layouts, image folders, and what is said when they don't."""

import shutil
import struct
import zlib
from pathlib import Path
from urllib.error import URLError

import numpy
import pytest
import torch
from PIL import Image

from hypercore.problems.datasets import DataError
from hypercore.problems.loading import load
from hypercore.spec.image_folder import walk
from hypercore.spec.problems import DATASETS
from hypercore.study.config.folders import fingerprint

# Data sets whose files lie elsewhere, and those that bring them along or make them up.
MISSING = [name for name, known in DATASETS.items() if known.layout is not None]
THERE = sorted(set(DATASETS) - set(MISSING))


def write_mnist(root: Path, folder: str = "MNIST", n: int = 20) -> tuple[numpy.ndarray, numpy.ndarray]:
    """A small data set in MNIST's own IDX layout; returns the training images and labels."""
    generator = numpy.random.default_rng(0)
    kept = None
    raw = root / folder / "raw"
    raw.mkdir(parents=True)
    for part, count in (("train", n), ("t10k", n // 2)):
        images = generator.integers(0, 256, (count, 28, 28), dtype=numpy.uint8)
        labels = generator.integers(0, 10, count, dtype=numpy.uint8)
        (raw / f"{part}-images-idx3-ubyte").write_bytes(
            struct.pack(">IIII", 2051, count, 28, 28) + images.tobytes()
        )
        (raw / f"{part}-labels-idx1-ubyte").write_bytes(struct.pack(">II", 2049, count) + labels.tobytes())
        kept = kept or (images, labels)
    assert kept is not None
    return kept


@pytest.mark.parametrize(
    ("name", "folder"), [("mnist", "MNIST"), ("fashion-mnist", "FashionMNIST"), ("kmnist", "KMNIST")]
)
def test_mnist_and_its_kin_are_read_where_torchvision_puts_them(
    tmp_path: Path, name: str, folder: str
) -> None:
    images, labels = write_mnist(tmp_path, folder)
    data = load(name, tmp_path)
    assert data.image_shape == (1, 28, 28) and data.n_classes == 10
    assert len(data.train) == 20 and len(data.test) == 10
    assert data.train.images.dtype == torch.uint8
    numpy.testing.assert_array_equal(data.train.images[:, 0].numpy(), images)
    numpy.testing.assert_array_equal(data.train.pixels()[:, 0].numpy(), images.astype(numpy.float32) / 255)
    assert data.train.labels.tolist() == labels.tolist()


def test_files_that_old_versions_of_torchvision_processed_are_left_alone(tmp_path: Path) -> None:
    """A plan looks at the raw ones, and so must a job."""
    images, _ = write_mnist(tmp_path)
    (tmp_path / "MNIST/processed").mkdir()
    other = torch.zeros(3, 28, 28, dtype=torch.uint8), torch.zeros(3, dtype=torch.int64)
    for part in ("training", "test"):
        torch.save(other, tmp_path / f"MNIST/processed/{part}.pt")
    assert load("mnist", tmp_path).train.images[:, 0].equal(torch.from_numpy(images))


@pytest.mark.parametrize("name", MISSING)
def test_a_missing_data_set_says_which_where_and_how(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError) as caught:
        load(name, tmp_path)
    message = str(caught.value)
    assert name in message and str(tmp_path) in message
    assert "data_root" in message and "HYPERCORE_DATA" in message and "download: true" in message
    assert "\n" not in message


@pytest.mark.parametrize("name", THERE)
def test_a_data_set_that_is_there_is_what_its_entry_says(name: str) -> None:
    """A study is planned by its entry."""
    data, known = load(name, Path("/nowhere")), DATASETS[name]
    assert (len(data.train), data.image_shape, data.n_classes) == (
        known.n_train,
        known.image_shape,
        known.n_classes,
    )
    labels = torch.cat([data.train.labels, data.test.labels])
    assert labels.unique().tolist() == list(range(known.n_classes))
    pixels = data.train.pixels()
    assert 0.0 <= float(pixels.min()) < float(pixels.max()) <= 1.0, "full_scale"
    assert load(name, Path("/nowhere")).sha256 == data.sha256, "the same each time"


def write_folder(
    root: Path, sizes: tuple[int, ...] = (6,), classes: tuple[str, ...] = ("cat", "dog")
) -> None:
    for part in ("train", "test"):
        for index, name in enumerate(classes):
            (root / part / name).mkdir(parents=True)
            for number, size in enumerate(sizes * 3):
                colour = (40 * index, 10 * number, 255)
                Image.new("RGB", (size, size), colour).save(root / part / name / f"{number:04d}.png")


def test_an_image_folder_is_read_under_its_owners_name(tmp_path: Path) -> None:
    write_folder(tmp_path)
    data = load("pets-png", Path("/nowhere"), folders={"pets-png": tmp_path})
    assert data.name == "pets-png" and data.n_classes == 2
    assert data.image_shape == (3, 6, 6)
    assert data.train.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert data.train.images[4, :, 0, 0].tolist() == [40, 10, 255]


def test_an_image_folder_without_its_parts_says_so(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="/train, which is not there; allowed: train/CLASS"):
        load("pets", Path("/nowhere"), folders={"pets": tmp_path})


@pytest.mark.parametrize("kind", ["a link to nothing", "no image"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, kind: str) -> None:
    write_folder(tmp_path)
    bad = tmp_path / "train" / "dog" / "9999.png"
    if kind == "no image":
        bad.write_text("not a picture")
    else:
        bad.symlink_to(tmp_path / "gone.png")
    assert fingerprint(tmp_path) != fingerprint(tmp_path / "test")  # a plan looks at the folder, too
    with pytest.raises(DataError, match="data set 'pets': .*9999.png"):
        load("pets", Path("/nowhere"), folders={"pets": tmp_path})


@pytest.mark.parametrize(
    "hidden",
    ["train/.ipynb_checkpoints", "train/cat/.ipynb_checkpoints", "test/__MACOSX", "train/dog/@eaDir"],
)
def test_what_is_hidden_or_left_by_tools_is_none_of_it(tmp_path: Path, hidden: str) -> None:
    write_folder(tmp_path)
    before, sign = load("pets", Path("/nowhere"), folders={"pets": tmp_path}), fingerprint(tmp_path)
    (tmp_path / hidden).mkdir()
    Image.new("RGB", (6, 6)).save(tmp_path / hidden / "0000-checkpoint.png")
    Image.new("RGB", (6, 6)).save(tmp_path / "train/cat/._0000.png")
    after = load("pets", Path("/nowhere"), folders={"pets": tmp_path})
    assert (after.n_classes, after.sha256) == (2, before.sha256)
    assert fingerprint(tmp_path) == sign


def test_a_level_too_much_is_said_with_what_to_move(tmp_path: Path) -> None:
    write_folder(tmp_path / "pets")
    for part in ("train", "test"):
        (tmp_path / part).mkdir()
        (tmp_path / "pets" / part).rename(tmp_path / part / "images")
    with pytest.raises(
        DataError, match="holds images alone; allowed: at least two classes; move cat, dog one level up"
    ):
        load("pets", Path("/nowhere"), folders={"pets": tmp_path})


def test_classes_that_differ_are_named_with_their_parts(tmp_path: Path) -> None:
    write_folder(tmp_path)
    (tmp_path / "test/dog").rename(tmp_path / "test/Dog")
    with pytest.raises(DataError, match="different classes: Dog only in test/, dog only in train/"):
        load("pets", Path("/nowhere"), folders={"pets": tmp_path})


def test_a_class_without_an_image_is_named(tmp_path: Path) -> None:
    write_folder(tmp_path)
    for path in (tmp_path / "test/dog").iterdir():
        path.rename(path.with_suffix(".txt"))
    with pytest.raises(DataError, match="test/dog, which holds no image; allowed: files that end in .jpg"):
        load("pets", Path("/nowhere"), folders={"pets": tmp_path})


@pytest.mark.parametrize("mode", ["I;16", "I", "F"])
def test_more_than_8_bits_a_pixel_are_refused(tmp_path: Path, mode: str) -> None:
    """Converted to RGB they would be white, whatever they show."""
    write_folder(tmp_path)
    suffix = "png" if mode == "I;16" else "tif"
    Image.new(mode, (6, 6), 40_000).save(tmp_path / f"train/dog/9999.{suffix}")
    with pytest.raises(DataError, match=r"9999\.\w+ has more than 8 bits a pixel \(mode "):
        load("pets", Path("/nowhere"), folders={"pets": tmp_path})


def test_colours_of_16_bits_are_refused(tmp_path: Path) -> None:
    """Read as RGB they lose their lower eight bits."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        whole = kind + content
        return struct.pack(">I", len(content)) + whole + struct.pack(">I", zlib.crc32(whole))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 6, 6, 16, 2, 0, 0, 0))
    rows = chunk(b"IDAT", zlib.compress((b"\0" + bytes(6 * 6)) * 6))
    write_folder(tmp_path)
    image = b"\x89PNG\r\n\x1a\n" + head + rows + chunk(b"IEND", b"")
    (tmp_path / "train/dog/9999.png").write_bytes(image)
    with pytest.raises(DataError, match=r"9999.png has more than 8 bits a pixel"):
        load("pets", Path("/nowhere"), folders={"pets": tmp_path})


@pytest.mark.parametrize("mode", ["L", "1", "P", "LA", "RGBA", "CMYK"])
def test_modes_of_8_bits_are_read(tmp_path: Path, mode: str) -> None:
    write_folder(tmp_path)
    Image.new("RGB", (6, 6), (200, 200, 200)).convert(mode).save(tmp_path / "train/dog/9999.tif")
    assert len(load("pets", Path("/nowhere"), folders={"pets": tmp_path}).train) == 7


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_images_that_are_transparent_in_places_are_refused(tmp_path: Path, mode: str) -> None:
    write_folder(tmp_path)
    path = tmp_path / "train/dog/9999.png"
    seen = Image.new("RGBA", (6, 6), (0, 0, 0, 0))
    seen.putpixel((1, 1), (0, 0, 0, 255))  # without its alpha it is black all over
    if mode == "P":
        Image.new("P", (6, 6), 0).save(path, transparency=0)
    else:
        seen.convert(mode).save(path)
    with pytest.raises(DataError, match="train/dog/9999.png is transparent in places"):
        load("pets", Path("/nowhere"), folders={"pets": tmp_path})


def test_images_that_are_not_read_are_named_instead_of_left_out(tmp_path: Path) -> None:
    write_folder(tmp_path)
    Image.new("RGB", (6, 6)).save(tmp_path / "train/dog/9999.GIF")
    with pytest.raises(DataError, match=r"train/dog/9999.GIF, an image that is not read; allowed: files"):
        load("pets", Path("/nowhere"), folders={"pets": tmp_path})


@pytest.mark.parametrize(("link", "target"), [("test/dog", "../train/dog"), ("train/dog", "cat")])
def test_one_folder_as_two_classes_or_parts_is_refused(tmp_path: Path, link: str, target: str) -> None:
    write_folder(tmp_path)
    shutil.rmtree(tmp_path / link)
    (tmp_path / link).symlink_to(target)
    with pytest.raises(DataError, match=f"{link} and .*, one folder|.* and .*{link}, one folder"):
        load("pets", Path("/nowhere"), folders={"pets": tmp_path})


def test_a_cut_off_jpeg_is_named(tmp_path: Path) -> None:
    write_folder(tmp_path)
    path = tmp_path / "test/cat/9999.jpg"
    Image.effect_noise((6, 6), 90).convert("RGB").save(path)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(DataError, match="data set 'pets': cannot read .*test/cat/9999.jpg"):
        load("pets", Path("/nowhere"), folders={"pets": tmp_path})


@pytest.mark.timeout(60)
@pytest.mark.parametrize("target", ["..", ".", "../..", "/", "../dog/back"])
def test_links_that_lead_back_are_refused_by_name_and_end(tmp_path: Path, target: str) -> None:
    write_folder(tmp_path)
    for name in ("again", "up"):
        (tmp_path / "train/cat" / name).symlink_to(target)
    (tmp_path / "train/dog/back").symlink_to("../cat")
    before = fingerprint(tmp_path)
    with pytest.raises(DataError, match="data set 'pets': .*train/cat/again, which leads to ") as raised:
        load("pets", Path("/nowhere"), folders={"pets": tmp_path})
    assert "\n" not in str(raised.value)
    (tmp_path / "train/cat/again").unlink()
    assert fingerprint(tmp_path) != before


@pytest.mark.timeout(60)
def test_folders_that_all_link_to_each_other_are_entered_once(tmp_path: Path) -> None:
    for k in range(12):
        (tmp_path / f"{k}").mkdir()
        (tmp_path / f"{k}/one.png").touch()
        for other in range(12):
            (tmp_path / f"{k}/to{other}").symlink_to(f"../{other}")
    assert sum(len(names) for _, names, _ in walk(str(tmp_path))) == 12


def test_a_link_to_images_elsewhere_is_followed(tmp_path: Path) -> None:
    write_folder(tmp_path)
    (tmp_path / "train/cat").rename(tmp_path / "elsewhere")
    (tmp_path / "train/cat").symlink_to(tmp_path / "elsewhere")
    assert (
        load("pets", Path("/nowhere"), folders={"pets": tmp_path}).train.labels.tolist() == [0] * 3 + [1] * 3
    )


def test_images_of_several_sizes_are_refused(tmp_path: Path) -> None:
    write_folder(tmp_path, sizes=(6, 8))
    with pytest.raises(DataError, match="several sizes"):
        load("pets", Path("/nowhere"), folders={"pets": tmp_path})


def test_the_fingerprint_follows_the_bytes(tmp_path: Path) -> None:
    write_mnist(tmp_path / "a")
    write_mnist(tmp_path / "b", n=22)
    fingerprints = [load("mnist", tmp_path / part).sha256 for part in ("a", "a", "b")]
    assert fingerprints[0] == fingerprints[1] != fingerprints[2]


def test_digits_are_split_once_and_for_all() -> None:
    data = load("digits", Path("/nowhere"))
    assert data.image_shape == (1, 8, 8)
    assert (len(data.train), len(data.test)) == (1437, 360)
    assert set(data.test.labels.bincount().tolist()) <= {35, 36, 37}  # stratified
    assert float(data.train.pixels().max()) == 1.0
    assert data.sha256 == "548fe26f3cd3d6d49f8755c9ce2f1b45af90bcb23654d720818942358647cf67"


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(DataError, match=f"unknown data set 'nope'; allowed: {', '.join(DATASETS)}"):
        load("nope", Path("/nowhere"))


def test_a_failed_download_keeps_its_cause_and_does_not_advise_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise URLError("no route to host")

    monkeypatch.setattr("torchvision.datasets.mnist.download_and_extract_archive", refused)
    with pytest.raises(DataError, match="'mnist': the download failed: .*no route to host") as caught:
        load("mnist", tmp_path, download=True)
    assert "download: true" not in str(caught.value) and "\n" not in str(caught.value)


def test_a_cifar_that_is_not_the_published_one_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    for name in (*(f"data_batch_{n}" for n in range(1, 6)), "test_batch", "batches.meta"):
        (folder / name).write_bytes(b"cut off")
    with pytest.raises(DataError, match="data_batch_1 is not the published file"):
        load("cifar10", tmp_path)
