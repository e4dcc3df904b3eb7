"""Hugging Face: accelerate's loop, and transformers' Trainer with its schedule, resumed from a checkpoint."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from hypercore.optim import Stack
from tests.clients.problem import LR, N_BATCHES, NOTATION, batches, by_hand, examples, module, trained

accelerate = pytest.importorskip("accelerate", reason="wants accelerate: make test-clients")
pytestmark = pytest.mark.filterwarnings("ignore")


def test_accelerate_trains_as_by_hand_and_resumes(tmp_path: Path) -> None:
    def epoch(accelerator: Any, model: nn.Module, optimizer: Any) -> None:
        for x, y in batches():
            optimizer.zero_grad()
            accelerator.backward(functional.cross_entropy(model(x), y))
            optimizer.step()

    accelerator = accelerate.Accelerator(cpu=True)
    model = module()
    model, optimizer = accelerator.prepare(model, Stack(model, NOTATION, lr=LR))
    epoch(accelerator, model, optimizer)
    accelerator.save_state(str(tmp_path))
    for _ in range(2):
        accelerator.load_state(str(tmp_path))
        epoch(accelerator, model, optimizer)
        assert trained(model, optimizer.optimizer) == by_hand(epochs=2)


class Classifier(nn.Module):
    """As Trainer wants it: batches by keyword, and the loss first."""

    def __init__(self) -> None:
        super().__init__()
        self.model = module()

    def forward(self, x: Tensor, labels: Tensor) -> dict[str, Tensor]:
        logits = self.model(x)
        return {"loss": functional.cross_entropy(logits, labels), "logits": logits}


def test_the_trainer_trains_as_by_hand_with_its_schedule_and_resumes(tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers", reason="wants transformers: make test-clients")

    class InOrder(transformers.Trainer):
        def _get_train_sampler(self, *_: Any) -> Any:
            return torch.utils.data.SequentialSampler(self.train_dataset)

    images, labels = examples()
    data = [{"x": x, "labels": y} for x, y in zip(images, labels, strict=True)]

    def trainer() -> Any:
        model = Classifier()
        options = transformers.TrainingArguments(
            output_dir=str(tmp_path),
            use_cpu=True,
            num_train_epochs=2,
            per_device_train_batch_size=8,
            max_grad_norm=0.0,
            save_strategy="epoch",
            report_to=[],
            disable_tqdm=True,
            learning_rate=LR,
        )
        stack = Stack(model, NOTATION, lr=LR)
        schedule = transformers.get_linear_schedule_with_warmup(stack, 0, 2 * N_BATCHES)
        return InOrder(model, options, train_dataset=data, optimizers=(stack, schedule))

    steps = 2 * N_BATCHES
    expected = by_hand(epochs=2, lrs=[LR * (steps - step) / steps for step in range(steps)])
    whole = trainer()
    whole.train()
    assert trained(whole.model, whole.optimizer.optimizer) == expected
    resumed = trainer()
    resumed.train(resume_from_checkpoint=str(tmp_path / f"checkpoint-{N_BATCHES}"))
    assert trained(resumed.model, resumed.optimizer.optimizer) == expected
