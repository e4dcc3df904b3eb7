"""The example does what its docstring says."""

from pathlib import Path

import pytest
import torch
from torchvision.transforms.functional import to_pil_image

from examples.own_module import main, stripes

SMALL = ["--examples", "400", "--epochs", "2", "--device", "cpu"]


def test_the_stack_mends_the_alpha_that_alone_fails() -> None:
    size = ["--examples", "800", "--epochs", "4", "--device", "cpu"]
    assert main(size) + 20 < main([*size, "--stack", "Adam(1e-5)"])


def test_a_run_goes_on_where_its_checkpoint_stands(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main([*SMALL, "--clipping", "on"])
    whole = capsys.readouterr().out.splitlines()
    saving = [*SMALL, "--clipping", "on", "--checkpoint", str(tmp_path / "run.pt")]
    main([*saving, "--epochs", "1"])
    main(saving)
    assert capsys.readouterr().out.splitlines() == whole and len(whole) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["run.pt"]


def test_it_reads_a_folder_of_images(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = stripes(40)
    for index in range(40):
        image, label = data[index]
        folder = tmp_path / f"direction-{int(label)}"
        folder.mkdir(exist_ok=True)
        to_pil_image(torch.sigmoid(image)).save(folder / f"{index}.png")
    main(["--data", str(tmp_path), "--epochs", "1", "--device", "cpu"])
    assert capsys.readouterr().out.startswith("epoch 1: test error ")
