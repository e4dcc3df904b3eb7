"""The metric that a data set declares, and which way is better: here it becomes an error."""

from dataclasses import dataclass

from hypercore.spec.metric import Metric
from hypercore.spec.own_code import Entry

# What configs call the metrics that are built in.
ERROR, BITS, RMSE = "error", "bits-per-token", "rmse"
METRICS = (ERROR, BITS, RMSE)


@dataclass(frozen=True)
class Measure:
    """The metric that a data set declares: a function of outputs and targets, or one that is built in.

    ``best`` is its best value where more is better; None where less is. ``chance`` is what a guess comes to
    that does not look at inputs, if its owner says so.
    """

    score: Entry | str
    name: str = ""
    unit: str = ""
    best: float | None = None
    chance: float | None = None

    @property
    def metric(self) -> Metric:
        """What its errors are.

        >>> str(Measure("f1", "F1 score", best=1.0).metric), str(Measure("mae", "MAE", "mpg").metric)
        ('1 − F1 score', 'MAE (mpg)')
        """
        return Metric(self.name if self.best is None else f"{self.best:g} − {self.name}", self.unit)

    def error(self, score: float) -> float:
        """What a value of it is as an error.

        >>> Measure("f1", best=1.0).error(0.75), Measure("mae").error(0.75)
        (0.25, 0.75)
        """
        return score if self.best is None else self.best - score

    def version(self) -> list[str | float | None]:
        """What its numbers, and their name, follow from."""
        score = self.score if isinstance(self.score, str) else self.score.version()
        return ["metric", score, self.name, self.unit, self.best, self.chance]
