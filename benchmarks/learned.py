"""What the paper's package learns on our seeds beside ours: ``python -m benchmarks.learned --help``.

Where the paper prints a learned value that no seed of ours comes near, this says which side is off: both
train the presentation's MLP on MNIST from the same initial weights through the same batches, in float32 and
side by side, for five epochs, which is all that stacks over Adam and RMSProp are trained for.
"""

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional

from benchmarks import measure
from benchmarks.contestants import module
from hypercore.analysis.published.rows import BATCH_SIZE
from hypercore.problems.datasets import Data
from hypercore.problems.images import model_of
from hypercore.problems.loading import load
from hypercore.problems.streams import data_order
from hypercore.spec.cell import Cell
from hypercore.spec.clipping import OFF
from hypercore.spec.columns import Column
from hypercore.spec.notation import parse_stack
from hypercore.spec.record import Row
from hypercore.train.lanes import lanes_of
from tests.unit.core.package_peer import natural, package, peer

STACKS = (
    "Adam^alpha / SGD(1e-5)",
    "SGD / Adam(0.1)",
    "Adam / Adam(0.001)",
    "RMSProp^alpha,gamma / RMSProp(1e-4)",
)
SEEDS, EPOCHS = 3, 5
# So many steps are compared one by one; later a bit of rounding may have grown.
CLOSE_STEPS = 100

LEARNED = (
    Column("stack", "string", "the stack in notation"),
    Column("seed", "int64", "of initial weights and order"),
    Column("steps", "int64", "steps that both trained"),
    Column("alpha", "float64", "α of the lowest optimizer after the last step, ours"),
    Column("package_alpha", "float64", "the same by the package"),
    Column("apart", "float64", f"largest |ours - package| / |package| of α over {CLOSE_STEPS} steps"),
    Column("apart_at_end", "float64", "the same after the last step"),
)


def batches(data: Data, seed: int, epochs: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Images and labels in the order of a cell."""
    for epoch in range(epochs):
        order = data_order(seed, epoch, len(data.train))
        for examples in torch.split(order, BATCH_SIZE):
            yield data.train.take(examples)


def side_by_side(data: Data, stack: str, seed: int, epochs: int) -> tuple[list[float], list[float]]:
    """α of the lowest optimizer after each step: ours and the package's."""
    model = model_of("mlp", data)
    cell = Cell(data.name, "mlp", parse_stack(stack), OFF, epochs, BATCH_SIZE, seed)
    lanes, levels = lanes_of([cell], model, torch.device("cpu"))
    carry = lanes.start(levels)
    network = module("mlp", data)
    initial = torch.split(levels[0][0, : model.parameters], model.sizes)
    with torch.no_grad():
        for parameter, values in zip(network.parameters(), initial, strict=True):
            parameter.copy_(values.view_as(parameter))
    theirs = package.ModuleWrapper(network, optimizer=peer(stack))
    theirs.initialize()
    ours, packages = [], []
    for images, labels in batches(data, seed, epochs):
        carry, hyper = lanes.step(carry, images[None], labels[None])
        ours.append(float(hyper[0][0, 0]))
        theirs.begin()
        loss = functional.nll_loss(theirs.forward(data.train.scaling.pixels(images)), labels)
        theirs.zero_grad()
        loss.backward()
        theirs.step()
        packages.append(float(natural(theirs.optimizer)[0].detach()))
    # A step returns what it began with.
    _, hyper, _ = lanes.settle(carry)
    return [*ours[1:], float(hyper[0][0, 0])], packages


def row(data: Data, stack: str, seed: int, epochs: int) -> Row:
    """A row of LEARNED."""
    ours, packages = side_by_side(data, stack, seed, epochs)
    close = zip(ours[:CLOSE_STEPS], packages, strict=False)
    return {
        "stack": stack,
        "seed": seed,
        "steps": len(ours),
        "alpha": ours[-1],
        "package_alpha": packages[-1],
        "apart": max(_apart(mine, other) for mine, other in close),
        "apart_at_end": _apart(ours[-1], packages[-1]),
    }


def _apart(mine: float, other: float) -> float:
    return abs(mine - other) / abs(other)


def main() -> None:
    """Train, print and write the table."""
    parser = measure.arguments_with_data(__doc__)
    options = parser.parse_args()
    torch.set_num_threads(1)
    data = load("digits" if options.quick else "mnist", options.data)
    rows = []
    for stack in STACKS:
        for seed in range(1 if options.quick else SEEDS):
            rows.append(row(data, stack, seed, 1 if options.quick else EPOCHS))
            print(rows[-1], flush=True)
    measure.save("learned", rows, LEARNED, options.results)
    measure.show("What the package learns on our seeds", rows)


if __name__ == "__main__":
    main()
