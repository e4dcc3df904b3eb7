"""Several processes: whole parameters train as in one process, sharded ones are refused in words."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, distributed, multiprocessing, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.nn.parallel import DistributedDataParallel

from hypercore.optim import Stack

pytestmark = pytest.mark.skipif(
    not (distributed.is_available() and distributed.is_gloo_available()), reason="wants gloo"
)
RANKS = 2
REFUSED = "is sharded (FSDP or tensor parallel), so that each rank would learn hyperparameters of its own"


def model() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 2)).double()


def batches() -> list[Tensor]:
    return list(torch.randn(5, 8, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64))


def train(module: nn.Module, parts: list[Tensor]) -> list[float]:
    stack = Stack(module, "Adam / SGD(1e-3)", clipping="running_mean(hyper, tensor, clipped)")
    for part in parts:
        stack.zero_grad()
        module(part).square().mean().backward()
        stack.step()
    values = stack.hyperparameters[1]
    return [*values.values(), *torch.cat([p.detach().flatten() for p in module.parameters()]).tolist()]


def refusals() -> list[str]:
    """What a Stack says of the model sharded in each way that torch has."""
    from torch.distributed.fsdp import FullyShardedDataParallel, fully_shard
    from torch.distributed.tensor.parallel import ColwiseParallel, parallelize_module

    mesh = init_device_mesh("cpu", (RANKS,))
    sharded = [
        FullyShardedDataParallel(model(), use_orig_params=False, device_id=torch.device("cpu")),
        FullyShardedDataParallel(model(), use_orig_params=True, device_id=torch.device("cpu")),
        fully_shard(model(), mesh=mesh),
        parallelize_module(model(), mesh, {"0": ColwiseParallel()}),
    ]
    said = []
    for module in sharded:
        for given in (module, list(module.parameters())):
            try:
                Stack(given, "Adam / SGD")
                said.append("nothing")
            except RuntimeError as error:
                said.append(str(error))
    return said


def work(rank: int, folder: str) -> None:
    distributed.init_process_group("gloo", f"file://{folder}/store", rank=rank, world_size=RANKS)
    torch.set_num_threads(1)
    half = slice(4 * rank, 4 * rank + 4)
    trained = train(DistributedDataParallel(model()), [batch[half] for batch in batches()])
    torch.save((trained, refusals()), f"{folder}/{rank}.pt")
    distributed.destroy_process_group()


def test_ranks_train_as_one_process_or_are_refused(tmp_path: Path) -> None:
    multiprocessing.spawn(work, (str(tmp_path),), nprocs=RANKS)
    (first, said), (second, _) = (torch.load(tmp_path / f"{rank}.pt") for rank in range(RANKS))
    assert first == second
    assert first == pytest.approx(train(model(), batches()), rel=1e-9)
    assert len(said) == 8 and all(REFUSED in words for words in said), said
