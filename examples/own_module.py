"""Train a module of your own with a stack: a small ResNet with batch norm, checkpointed every epoch.

    python examples/own_module.py                                        # stripes drawn on the spot
    python examples/own_module.py --data FOLDER                          # FOLDER/<class>/<image>
    python examples/own_module.py --stack "Adam(1e-5)"                   # the same bad α, nobody to mend it
    python examples/own_module.py --checkpoint run.pt --epochs 8         # goes on where run.pt stands

The α of the lowest optimizer is a hundred times too small on purpose: watch the stack find a better one.
"""

import argparse
import math
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset, TensorDataset, random_split

from hypercore.optim import Stack

PIXELS = 16
DIRECTIONS = 4


class Block(nn.Module):
    """Two convolutions with batch norm, and a way around them."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.inner = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Images [B, C, H, W] to as many of the same size."""
        return functional.relu(x + self.inner(x))


def resnet(n_classes: int, channels: int = 8) -> nn.Module:
    """A ResNet of two blocks for grey images."""
    return nn.Sequential(
        nn.Conv2d(1, channels, 3, padding=1),
        Block(channels),
        nn.MaxPool2d(2),
        Block(channels),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(channels, n_classes),
    )


def stripes(n: int) -> Dataset[tuple[Tensor, Tensor]]:
    """Noisy stripes of random width and place; the class is the direction in which they run."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.randint(DIRECTIONS, (n,), generator=generator)
    angle = (labels * math.pi / DIRECTIONS).view(-1, 1, 1)
    wavelength, shift = torch.rand(2, n, 1, 1, generator=generator)
    y, x = torch.meshgrid(torch.arange(PIXELS), torch.arange(PIXELS), indexing="ij")
    phase = (x * angle.cos() + y * angle.sin()) / (3 + 3 * wavelength) + shift
    images = (2 * math.pi * phase).sin() + torch.randn(n, PIXELS, PIXELS, generator=generator)
    return TensorDataset(images.unsqueeze(1), labels)


def image_folder(folder: Path) -> tuple[Dataset[tuple[Tensor, int]], int]:
    """Images in one subfolder a class, made grey and small, and the number of classes."""
    from torchvision import datasets, transforms

    steps = [transforms.Grayscale(), transforms.Resize((PIXELS, PIXELS)), transforms.ToTensor()]
    images = datasets.ImageFolder(str(folder), transforms.Compose(steps))
    return images, len(images.classes)


def error_pct(model: nn.Module, data: DataLoader[tuple[Tensor, Tensor]], device: torch.device) -> float:
    """Share of wrong classes in percent."""
    model.eval()
    wrong, n = 0, 0
    with torch.no_grad():
        for images, labels in data:
            wrong += int((model(images.to(device)).argmax(1) != labels.to(device)).sum())
            n += len(labels)
    return 100.0 * wrong / n


def main(arguments: Sequence[str] | None = None) -> float:
    """Train, print a line an epoch, and return the last test error in percent."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--stack", default="Adam(1e-5) / SGD(1e-5)")
    parser.add_argument("--clipping", default="off")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--examples", type=int, default=2000, help="how many images of stripes")
    parser.add_argument("--data", type=Path, help="a folder of images instead, one subfolder a class")
    parser.add_argument("--checkpoint", type=Path, help="saved after every epoch; read first if it exists")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args(arguments)

    device = torch.device(options.device)
    data, n_classes = image_folder(options.data) if options.data else (stripes(options.examples), DIRECTIONS)
    training, held_out = random_split(data, [0.8, 0.2], torch.Generator().manual_seed(0))
    test = DataLoader(held_out, batch_size=256)
    torch.manual_seed(0)
    model = resnet(n_classes).to(device)
    stack = Stack(model, options.stack, clipping=options.clipping)
    done = 0
    if options.checkpoint and options.checkpoint.exists():
        saved = torch.load(options.checkpoint, weights_only=True, map_location=device)
        model.load_state_dict(saved["model"])
        stack.load_state_dict(saved["stack"])
        done = saved["epochs"]

    for epoch in range(done, options.epochs):
        # A generator named by its epoch: a resumed run sees the same order.
        order = torch.Generator().manual_seed(epoch)
        model.train()
        for images, labels in DataLoader(training, batch_size=64, shuffle=True, generator=order):
            stack.zero_grad()
            functional.cross_entropy(model(images.to(device)), labels.to(device)).backward()
            stack.step()
        lowest = ", ".join(f"{name} {value:.3g}" for name, value in stack.hyperparameters[1].items())
        print(f"epoch {epoch + 1}: test error {error_pct(model, test, device):.1f}%, {lowest}")
        if options.checkpoint:
            saved = {"model": model.state_dict(), "stack": stack.state_dict(), "epochs": epoch + 1}
            half_written = options.checkpoint.with_suffix(".tmp")
            torch.save(saved, half_written)
            half_written.replace(options.checkpoint)
    return error_pct(model, test, device)


if __name__ == "__main__":
    main()
