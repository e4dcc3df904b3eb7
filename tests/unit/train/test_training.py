"""A whole run against a plain PyTorch loop, and the facts that it reports."""

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import torch
from torch import nn
from torchvision.transforms import Normalize

from hypercore.problems.datasets import Data, Split
from hypercore.problems.images import build
from hypercore.problems.loading import load
from hypercore.problems.streams import data_order
from hypercore.spec.cell import Cell
from hypercore.spec.clipping import OFF, Clipping, Scope
from hypercore.spec.columns import CURVE_POINT, FACTS, GRADIENT_POINT, TRAJECTORY_POINT, names
from hypercore.spec.normalisation import Normalisation
from hypercore.spec.notation import parse_stack
from hypercore.spec.problems import MODELS
from hypercore.train.batch import BatchRun, train_batch
from hypercore.train.lanes import lanes_of
from hypercore.train.outcomes import Outcome
from tests.unit.train.conftest import random_data

ALL_LEVELS = Clipping(scope=Scope.ALL)


def cell(notation: str, model: str = "mlp", **changes: object) -> Cell:
    return replace(Cell("digits", model, parse_stack(notation), OFF, 3, 32, 0), **changes)  # type: ignore[arg-type]


def convolutions(model: str, channels: int) -> nn.Sequential:
    """What a model's name says of its convolutions, spelled out once more; nothing for the MLP."""
    if model == "mlp":
        return nn.Sequential()
    activation, padding, pooling = model.split("-")[1:] or ("relu", "valid", "none")
    layers: list[nn.Module] = []
    for inputs, pools in ((channels, ("each",)), (16, ("each", "final"))):
        layers += [
            nn.Conv2d(inputs, 16, 3, padding=padding),
            {"relu": nn.ReLU, "tanh": nn.Tanh}[activation](),
        ]
        layers += [nn.MaxPool2d(2)] if pooling in pools else []
    return nn.Sequential(*layers)


def presentations(model: str, shape: tuple[int, int, int], n_classes: int) -> nn.Module:
    """The presentation's MLP, behind convolutions or not."""
    before = convolutions(model, shape[0])
    features = before(torch.zeros(1, *shape)).numel()
    mlp = nn.Linear(features, 128), nn.Tanh(), nn.Linear(128, n_classes), nn.Tanh(), nn.LogSoftmax(1)
    return nn.Sequential(*before, nn.Flatten(), *mlp)


# Each model as anyone would write it, of a shape of images (channels, height, width) and a number of classes.
PEERS: dict[str, Callable[[tuple[int, int, int], int], nn.Module]] = {
    **{name: partial(presentations, name) for name in MODELS if name.split("-")[0] in ("mlp", "cnn")},
}


def module_of(model: str, data: Data, seed: int) -> nn.Module:
    """The same network as an nn.Module, with our initial weights."""
    ours = build(model, data.image_shape, data.n_classes)
    parts = torch.split_with_sizes(ours.initial(seed)[: ours.parameters], ours.sizes)
    module = PEERS[model](data.image_shape, data.n_classes)
    with torch.no_grad():
        for parameter, part in zip(module.parameters(), parts, strict=True):
            parameter.copy_(part.view_as(parameter))
    return module


def plain_loop(model: str, data: Data, given: Cell) -> tuple[nn.Module, float, float]:
    """Train as anyone would; returns the module, the first batch's and the last epoch's loss."""
    module = module_of(model, data, given.seed)
    optimizer = torch.optim.SGD(module.parameters(), lr=given.stack.alpha)
    first, total = math.nan, 0.0
    for epoch in range(given.epochs):
        total = 0.0
        for examples in data_order(given.seed, epoch, len(data.train)).split(given.batch_size):
            loss = nn.functional.nll_loss(module(data.train.images[examples]), data.train.labels[examples])
            first = float(loss.detach()) if math.isnan(first) else first
            total += float(loss.detach()) * len(examples)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return module, first, total / len(data.train)


@pytest.mark.parametrize("model", PEERS)
def test_a_plain_optimizer_equals_a_plain_loop(model: str) -> None:
    """The last partial batch included: 70 examples make two batches of 32 and one of 6."""
    data = random_data(1, 8) if model == "mlp" else random_data(3, 10)
    given = cell("SGD(0.1)", model, seed=3)
    module, first, last = plain_loop(model, data, given)
    run = BatchRun.begin([given], data)
    while not run.done:
        run.train_epoch()
    weights = run.lanes.settle(run.carry)[0][0][0]
    expected = torch.cat([p.detach().flatten() for p in module.parameters()])
    torch.testing.assert_close(weights[: len(expected)], expected, rtol=1e-4, atol=1e-6)
    assert not bool(weights[len(expected) :].any())
    [outcome] = run.outcomes()
    with torch.no_grad():
        log_p = module(data.test.images)
    assert outcome.facts["steps"] == 9
    assert outcome.facts["first_batch_loss"] == pytest.approx(first, rel=1e-5)
    assert outcome.facts["last_epoch_train_loss"] == pytest.approx(last, rel=1e-4)
    assert outcome.facts["test_loss"] == pytest.approx(
        float(nn.functional.nll_loss(log_p, data.test.labels)), rel=1e-4
    )
    wrong = float((log_p.argmax(1) != data.test.labels).float().mean() * 100)
    assert outcome.facts["test_error"] == pytest.approx(wrong)


@pytest.mark.parametrize("compiled", [False, True])
def test_counts_train_to_the_bits_of_their_pixels(compiled: bool) -> None:
    """Whether images lie in memory as bytes or as numbers in [0, 1] is nothing that a result shows."""
    counts = load("digits", Path("/nowhere"))
    pixels = replace(
        counts,
        train=Split(counts.train.pixels(), counts.train.labels),
        test=Split(counts.test.pixels(), counts.test.labels),
    )
    given = cell("SGD(0.1) / SGD(0.1)", seed=3)
    runs = [BatchRun.begin([given], data, compiled) for data in (counts, pixels)]
    for run in runs:
        run.train_epoch()
    assert runs[0].data.train.images.dtype == torch.uint8
    assert (
        runs[0].lanes.settle(runs[0].carry)[0][0].tolist()
        == runs[1].lanes.settle(runs[1].carry)[0][0].tolist()
    )
    assert runs[0].records[0].curves == runs[1].records[0].curves


@pytest.mark.parametrize("compiled", [False, True])
def test_counts_are_normalised_on_their_way_as_they_would_be_beforehand(compiled: bool) -> None:
    """(x - mean) / SD of pixels in float32, as torchvision's Normalize has it; in evaluation, too."""
    counts = load("digits", Path("/nowhere"))
    normalise = Normalize([0.3], [0.4])
    before = replace(
        counts,
        train=Split(normalise(counts.train.pixels()), counts.train.labels),
        test=Split(normalise(counts.test.pixels()), counts.test.labels),
    )
    on_the_way = counts.normalised(Normalisation((0.3,), (0.4,)))
    given = cell("Adam / SGD(1e-4)", seed=3)
    runs = [BatchRun.begin([given], data, compiled) for data in (on_the_way, before)]
    for run in runs:
        run.train_epoch()
    assert runs[0].data.train.images.dtype == torch.uint8
    found, expected = (run.records[0].curves[0] for run in runs)
    if compiled:  # the two steps are fused otherwise, which rounds otherwise
        assert found["train_loss"] == pytest.approx(expected["train_loss"], rel=1e-4)
    else:
        assert found == expected
    plain = BatchRun.begin([given], counts, compiled)
    plain.train_epoch()
    assert plain.records[0].curves[0]["train_loss"] != pytest.approx(expected["train_loss"], rel=1e-3)
    on_a_device = on_the_way.train.to(torch.device("meta"))
    assert on_a_device.images.dtype == torch.float32


@pytest.mark.parametrize(
    ("kind", "shape"), [(nn.Linear(64, 128), (128, 64)), (nn.Conv2d(3, 16, 3), (16, 3, 3, 3))]
)
def test_initial_weights_follow_torchs_default(kind: nn.Module, shape: tuple[int, ...]) -> None:
    """Same distribution: the bound is torch's, and both fill it (uniform: SD = bound/√3)."""
    data = random_data(1, 8) if len(shape) == 2 else random_data(3, 10)
    model = build("mlp" if len(shape) == 2 else "cnn", data.image_shape, 10)
    ours = model.initial(0)[: model.sizes[0]]
    theirs = kind.weight.detach().flatten()
    bound = 1 / math.sqrt(math.prod(shape[1:]))
    assert ours.numel() == theirs.numel()
    for drawn in (ours, theirs):
        assert float(drawn.abs().max()) <= bound
        assert float(drawn.std()) == pytest.approx(bound / math.sqrt(3), rel=0.1)


def test_seeds_draw_weights_and_order_from_streams_of_their_own() -> None:
    first, second = (
        lanes_of([cell("SGD", seed=seed)], build("mlp", (1, 8, 8), 10), torch.device("cpu"))
        for seed in (0, 1)
    )
    assert not torch.equal(first[1][0], second[1][0])
    orders = [data_order(seed, epoch, 50) for seed in (0, 1) for epoch in (0, 1)]
    assert all(sorted(order.tolist()) == list(range(50)) for order in orders)
    assert len({tuple(order.tolist()) for order in orders}) == 4


def train(notation: str, data: Data, **changes: object) -> Outcome:
    [outcome] = train_batch([cell(notation, **changes)], data)
    return outcome


def test_the_reported_rows_have_the_declared_columns(flat_data: Data) -> None:
    outcome = train("Adam / SGD(1e-3)", flat_data, clipping=ALL_LEVELS)
    assert tuple(outcome.facts) == names(FACTS)
    assert len(outcome.curves) == 3
    assert all(tuple(point) == names(CURVE_POINT) for point in outcome.curves)
    assert all(tuple(point) == names(TRAJECTORY_POINT) for point in outcome.trajectories)
    assert all(tuple(point) == names(GRADIENT_POINT) for point in outcome.gradients)
    start = {p["hyperparameter"]: p["value"] for p in outcome.trajectories if p["step"] == 0}
    assert start == {
        "alpha": pytest.approx(0.001),
        "beta1": pytest.approx(0.9),
        "beta2": pytest.approx(0.999),
    }
    assert outcome.trajectories[-1]["step"] == outcome.facts["steps"] == 9


def test_clipping_is_reported(flat_data: Data) -> None:
    on, off = (train("SGD(0.5) / SGD(0.1)", flat_data, clipping=rule) for rule in (ALL_LEVELS, OFF))
    assert all(0.0 < float(str(point["clipped_share"])) <= 1.0 for point in on.curves)
    assert all(point["clipped_share"] == 0.0 and point["threshold_mean"] is None for point in off.curves)
    assert all(float(str(point["threshold_mean"])) > 0.0 for point in on.curves)
    assert on.facts["first_batch_loss"] == off.facts["first_batch_loss"]


def test_each_level_s_gradient_is_reported_by_interval(flat_data: Data) -> None:
    """Nine steps, an interval each: against the norms of a loop over the same pure functions."""
    given = cell("SGD(0.5) / SGD(0.1)", clipping=ALL_LEVELS)
    [outcome] = train_batch([given], flat_data)
    lanes, levels = lanes_of([given], build("mlp", (1, 8, 8), 10), torch.device("cpu"))
    carry = lanes.start(levels)
    split, expected = flat_data.train, []
    for epoch in range(3):
        for examples in data_order(0, epoch, 70).split(32):
            batch = examples.unsqueeze(0)
            before = carry
            carry, _ = lanes.step(carry, split.images[batch], split.labels[batch])
            sums = carry.log.gradients - before.log.gradients
            expected.append([float(sums[0, 0, :4].norm()), float(sums[0, 0, 4].abs())])
    norms = [[p["grad_norm"] for p in outcome.gradients if p["level"] == level] for level in (0, 1)]
    assert norms == [pytest.approx(column, rel=1e-3, abs=1e-6) for column in zip(*expected, strict=True)]
    assert [p["step"] for p in outcome.gradients if p["level"] == 1] == list(range(1, 10))
    first = next(p for p in outcome.gradients if p["level"] == 1)
    assert first == {"step": 1, "level": 1, "grad_norm": 0.0, "threshold": 0.0, "clipped_share": 0.0}
    assert any(p["clipped_share"] == 1.0 for p in outcome.gradients if p["level"] == 1)
    assert all(p["threshold"] is None for p in train("SGD(0.5) / SGD(0.1)", flat_data).gradients)


def test_a_run_that_blows_up_says_where(flat_data: Data) -> None:
    """(tanh x + 1)/2 saturates at 1 under an absurd α: m̂ = 0/0 from the step after."""
    outcome = train("Adam / SGD(1e20)", flat_data)
    assert outcome.facts["status"] == "nonfinite"
    assert outcome.facts["test_error"] is None and outcome.facts["test_loss"] is None
    first = outcome.facts["first_nonfinite_step"]
    assert isinstance(first, int) and 2 <= first <= 4
    assert outcome.facts["steps"] == (3 if first <= 3 else 6), "it ends with its epoch"
    assert len(outcome.curves) == (0 if first <= 3 else 1)
    assert all(math.isfinite(float(str(point["value"]))) for point in outcome.trajectories)


def test_steps_with_a_negative_alpha_are_counted(flat_data: Data) -> None:
    """A learned α that starts next to zero under a large step turns negative sooner or later."""
    assert int(str(train("SGD(1e-6) / SGD(10)", flat_data, epochs=20).facts["negative_alpha_steps"])) > 0
    assert train("SGD(0.01) / SGD(1e-9)", flat_data).facts["negative_alpha_steps"] == 0
    assert train("RMSProp^alpha / SGD(10)", flat_data).facts["negative_alpha_steps"] == 0  # learned as √α


def test_cells_of_different_shape_are_refused(flat_data: Data) -> None:
    with pytest.raises(ValueError, match="must agree"):
        train_batch([cell("SGD / SGD"), cell("Adam / SGD")], flat_data)


def test_digits_learn() -> None:
    """Real data: five epochs of Adam leave far less than chance's 90%."""
    data = load("digits", root=None)  # type: ignore[arg-type]
    [outcome] = train_batch([cell("Adam", epochs=5)], data)
    assert float(str(outcome.facts["test_error"])) < 10.0
    assert outcome.facts["n_train"] == 1437 and outcome.facts["n_test"] == 360
