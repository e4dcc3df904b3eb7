"""Lightning: automatic and manual optimization, its monitor of learning rates, and its checkpoints."""

import logging
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from hypercore.optim import Stack
from tests.clients.problem import LR, NOTATION, by_hand, examples, module, trained

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    lightning = pytest.importorskip("lightning.pytorch", reason="wants lightning: make test-clients")

pytestmark = pytest.mark.filterwarnings("ignore")


class Model(lightning.LightningModule):
    def __init__(self, automatic: bool) -> None:
        super().__init__()
        self.model = module()
        self.automatic_optimization = automatic

    def training_step(self, batch: Any, _: int) -> Any:
        loss = functional.cross_entropy(self.model(batch[0]), batch[1])
        if not self.automatic_optimization:
            optimizer = self.optimizers()
            optimizer.zero_grad()
            self.manual_backward(loss)
            optimizer.step()
        return loss

    def configure_optimizers(self) -> Stack:
        return Stack(self.model, NOTATION, lr=LR)


def fit(model: Model, folder: Path, epochs: int, checkpoint: str | None = None) -> Any:
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    trainer = lightning.Trainer(
        accelerator="cpu",
        max_epochs=epochs,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=folder,
    )
    data = DataLoader(TensorDataset(*examples()), batch_size=8)
    trainer.fit(model, data, ckpt_path=checkpoint, weights_only=checkpoint is not None or None)
    return trainer


@pytest.mark.parametrize("automatic", [True, False])
def test_it_trains_as_by_hand_and_resumes(automatic: bool, tmp_path: Path) -> None:
    whole = Model(automatic)
    trainer = fit(whole, tmp_path, epochs=2)
    assert trained(whole.model, trainer.optimizers[0]) == by_hand(epochs=2)
    half = Model(automatic)
    fit(half, tmp_path, epochs=1).save_checkpoint(tmp_path / "half.ckpt")
    resumed = Model(automatic)
    trainer = fit(resumed, tmp_path, epochs=2, checkpoint=str(tmp_path / "half.ckpt"))
    assert trained(resumed.model, trainer.optimizers[0]) == by_hand(epochs=2)
    assert torch.is_tensor(resumed.model[0].weight)
