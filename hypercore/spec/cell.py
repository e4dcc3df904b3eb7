"""A cell: one training run, fully specified; and its identity."""

import hashlib
import json
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from hypercore.spec.augmentation import NUMERICS as AUGMENTATION_NUMERICS
from hypercore.spec.augmentation import Augmentation, parse_augmentation
from hypercore.spec.clipping import Clipping, from_columns
from hypercore.spec.normalisation import NONE, Normalisation, parse_normalisation
from hypercore.spec.normalisation import NUMERICS as NORMALISATION_NUMERICS
from hypercore.spec.notation import parse_stack
from hypercore.spec.optimizers import SpecError
from hypercore.spec.problems import DATASETS, MODELS, model_name
from hypercore.spec.protocol import DEFAULT, Protocol, parse_protocol
from hypercore.spec.reused import STOOD_FOR
from hypercore.spec.stack import Stack

# The version of the numbers that the training loop itself gives (lanes, random streams, evaluation).
ENGINE_NUMERICS = 2


@dataclass(frozen=True)
class Code:
    """The versions of a study's own code that a cell runs, of its model and of its data set; None: ours."""

    model: str | None = None
    dataset: str | None = None


@dataclass(frozen=True)
class Cell:
    """One training run. Two cells that are equal here train to equal bits on one execution key.

    ``epochs`` passes over the training split in batches of ``batch_size``; ``seed`` (0 is a seed
    like any other) draws the initial weights and the order of the data, each from a stream of its
    own. ``parent`` is the cell id of the stack whose learned values a frozen cell starts with. Pixels lie in
    [0, 1] unless ``normalisation`` moves them; training images vary by ``augmentation`` alone.
    ``code`` is no part of the id, as no numerics version is.
    """

    dataset: str
    model: str
    stack: Stack
    clipping: Clipping
    epochs: int
    batch_size: int
    seed: int
    parent: str | None = None
    protocol: Protocol = DEFAULT
    normalisation: Normalisation | None = None
    augmentation: Augmentation | None = None
    code: Code = Code()

    def spec(self) -> dict[str, Any]:
        """The full resolved specification, as JSON-ready data. Its hash is the cell's identity.

        What cannot change a result is left out: which file it came from, how the stack was spelled,
        the superscript of a top optimizer, and defaults that were or were not written out.
        """
        stack = [
            {
                "optimizer": optimizer.name,
                "learned": list(self.stack.learned(index)),
                "values": dict(optimizer.given),
            }
            for index, optimizer in enumerate(self.stack.resolved.optimizers)
        ]
        return {
            "dataset": self.dataset,
            "model": self._hashed_model,
            "stack": stack,
            "clipping": {
                "kind": self.clipping.kind,
                "scope": self.clipping.scope.value,
                "norm": self.clipping.norm.value,
                "feedback": self.clipping.feedback.value,
                # Left out where a rule takes none: ids of before there were any stay what they were.
                **({} if self.clipping.parameter is None else {"parameter": self.clipping.parameter}),
            },
            "epochs": self.epochs,
            "batch_size": self.batch_size,
            "seed": self.seed,
            "parent": self.parent,
            "protocol": str(self.protocol),
            # Left out where there is none, for the same reason.
            **(
                {}
                if self.normalisation is None
                else {"normalisation": [list(self.normalisation.mean), list(self.normalisation.std)]}
            ),
            **({} if self.augmentation is None else {"augmentation": str(self.augmentation)}),
        }

    @property
    def _hashed_model(self) -> str:
        """What ids and versions call the model; nothing is known of a study's own but its name."""
        model = MODELS.get(self.model)
        return self.model if model is None else model.hashed_name

    @cached_property
    def id(self) -> str:
        """The cell id: 20 hexadecimal digits of the SHA-256 of the resolved specification."""
        return digest(self.spec())

    def numerics(self) -> dict[str, int | str]:
        """The numerics version of each component that this cell uses.

        >>> from hypercore.spec.clipping import ON
        >>> from hypercore.spec.notation import parse_stack
        >>> sorted(Cell("digits", "mlp", parse_stack("Adam / SGD"), ON, 5, 32, 0).numerics())
        ['clipping.running_mean', 'dataset.digits', 'engine', 'model.mlp', 'optimizer.Adam', 'optimizer.SGD']
        """
        dataset, model = DATASETS.get(self.dataset), MODELS.get(self.model)
        versions: dict[str, int | str] = {
            "engine": ENGINE_NUMERICS,
            f"dataset.{self.dataset}": self.code.dataset or (1 if dataset is None else dataset.numerics),
            f"model.{self._hashed_model}": self.code.model or (1 if model is None else model.numerics),
        }
        if self.normalisation is not None:
            versions["normalisation"] = NORMALISATION_NUMERICS
        if self.augmentation is not None:
            versions["augmentation"] = AUGMENTATION_NUMERICS
        if self.clipping.rule is not None:
            versions[f"clipping.{self.clipping.kind}"] = self.clipping.rule.numerics
        for optimizer in self.stack.optimizers:
            versions[f"optimizer.{optimizer.name}"] = optimizer.rule.numerics
        return versions

    def identity(self) -> dict[str, str | int | float | None]:
        """The cell as a row: a value for each column of :data:`hypercore.spec.columns.IDENTITY`."""
        return {
            "cell_id": self.id,
            "dataset": self.dataset,
            "model": self.model,
            "stack": str(self.stack.resolved),
            "stack_shape": self.stack.shape,
            "lowest": self.stack.lowest.name,
            "height": self.stack.height,
            "alpha": self.stack.alpha,
            "clipping": str(self.clipping),
            "clip_scope": self.clipping.scope.value,
            "clip_norm": self.clipping.norm.value,
            "clip_feedback": self.clipping.feedback.value,
            "epochs": self.epochs,
            "batch_size": self.batch_size,
            "seed": self.seed,
            "protocol": str(self.protocol),
            "normalisation": NONE if self.normalisation is None else str(self.normalisation),
            "augmentation": NONE if self.augmentation is None else str(self.augmentation),
            "parent": self.parent,
        }

    @classmethod
    def from_identity(cls, row: Mapping[str, Any]) -> "Cell":
        """The cell that a row with the columns of :meth:`identity` was made of.

        A row of before reads as what it was: a name that means something else by now (the clipping ``on``,
        the model ``cnn``) is told by the row's other columns and by its cell id.

        Raises:
            SpecError: the row's cell id is not that of the rest of it.

        >>> from hypercore.spec.clipping import ON
        >>> from hypercore.spec.notation import parse_stack
        >>> cell = Cell("digits", "mlp", parse_stack("Adam^alpha / SGD(1e-5)"), ON, 5, 32, 0)
        >>> Cell.from_identity(cell.identity()).id == cell.id
        True
        """
        parent = row["parent"] if isinstance(row["parent"], str) else None
        size = int(row["epochs"]), int(row["batch_size"]), int(row["seed"])
        cell = cls(
            str(row["dataset"]),
            model_name(str(row["model"])),
            parse_stack(str(row["stack"])),
            from_columns(row),
            *size,
            parent,
            parse_protocol(str(row["protocol"])),
            parse_normalisation(str(row.get("normalisation", NONE))),
            parse_augmentation(str(row.get("augmentation", NONE))),
        )
        before = STOOD_FOR["model"].get(cell.model)
        if cell.id != row["cell_id"] and before is not None:
            cell = replace(cell, model=before)
        if cell.id != row["cell_id"]:
            raise SpecError(f"cell {row['cell_id']} is not what its row says, which is {cell.id}")
        return cell

    @property
    def batch_key(self) -> tuple[Hashable, ...]:
        """What cells must share to train as lanes of one batch."""
        data = self.dataset, self.model, self.stack.shape, self.epochs, self.batch_size
        # Names of sweeps may hold a hash of it: what there was not before is left out where there is none.
        augmentation = () if self.augmentation is None else (self.augmentation,)
        return (*data, self.protocol, self.normalisation, *augmentation)


def digest(data: Any, length: int = 20) -> str:
    """A short hash of JSON-ready data, independent of the order of its keys.

    >>> digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    True
    """
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:length]
