"""skorch: groups of parameters, ``lr``, closures, and partial fits."""

import pytest
from torch import nn

from hypercore.optim import Stack
from tests.clients.problem import LR, N_BATCHES, NOTATION, by_hand, examples, module, trained

skorch = pytest.importorskip("skorch", reason="wants skorch: make test-clients")
pytestmark = pytest.mark.filterwarnings("ignore")


class Module(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.model = module()

    def forward(self, x):
        return self.model(x)


def test_it_trains_as_by_hand() -> None:
    net = skorch.NeuralNetClassifier(
        Module,
        criterion=nn.CrossEntropyLoss,
        optimizer=Stack,
        optimizer__stack=NOTATION,
        lr=LR,
        max_epochs=1,
        batch_size=len(examples()[0]) // N_BATCHES,
        train_split=None,
        verbose=0,
    )
    images, labels = examples()
    net.partial_fit(images, labels)
    net.partial_fit(images, labels)
    assert trained(net.module_, net.optimizer_) == by_hand(epochs=2)
