"""scikit-learn's handwritten digits, which this package brings along."""

from pathlib import Path

from hypercore.spec.problems import DATASETS, KnownDataset, Parts


class Digits(KnownDataset):
    """8×8 pixels of 16 grey levels; a fixed stratified 80/20 split.

    From the file beside this module: what ``load_digits`` returns, split by ``train_test_split`` with
    ``test_size=0.2, random_state=0``. To import scikit-learn took longer than to train a small sweep.
    (E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository,
    CC BY 4.0.)
    """

    def read(self, root: Path) -> Parts:  # noqa: ARG002 - where others lie
        """Images and labels."""
        import numpy

        with numpy.load(Path(__file__).with_name("digits.npz")) as file:
            # The fingerprint is of pixels as scikit-learn gives them: float64.
            return [
                (file[f"{part}_images"][:, None].astype(numpy.float64), file[f"{part}_labels"])
                for part in ("train", "test")
            ]


DATASETS.add(
    Digits("digits", "sklearn.datasets.load_digits", 10, (1, 8, 8), "mlp", 32, n_train=1437, full_scale=16.0)
)
