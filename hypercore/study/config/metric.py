"""How a config declares what a data set's runs are judged by."""

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, ValidationInfo, model_validator

from hypercore.spec.measure import METRICS, RMSE, Measure
from hypercore.spec.metric import PERCENT
from hypercore.spec.own_code import Entry
from hypercore.spec.source import FORM
from hypercore.study.config.code import entry_of
from hypercore.study.config.fields import Real, Strict, refuse


def _score(value: Any, info: ValidationInfo) -> Entry | str:
    if value in METRICS:
        return str(value)
    return entry_of(dict.fromkeys(METRICS, ("", 0)), value, info)


def alone(value: Any) -> Any:
    """A metric whose other settings are the default ones."""
    return value if value is None or isinstance(value, dict | OwnMetric) else {"score": value}


Words = Annotated[str, Field(max_length=40, pattern=r"^[^()|]*$")]


class OwnMetric(Strict):
    """What a data set's runs are judged by: built in, or a function of outputs and targets."""

    score: Annotated[Entry | str, BeforeValidator(_score)] = Field(
        description=f"one of {', '.join(METRICS)}, or {FORM}"
    )
    name: Words | None = Field(None, description="what tables call it, up to 40 letters without brackets")
    unit: Words | None = Field(None, description="its unit, up to 40 letters without brackets")
    better: Literal["lower", "higher"] = Field("lower", description="lower or higher")
    best: Real | None = Field(None, description="where higher is better: its best value; default: 1")
    chance: Real | None = Field(
        None, description="what a constant guess comes to, a number; default: measured"
    )

    @model_validator(mode="after")
    def _fitting(self) -> Self:
        if isinstance(self.score, str):
            for name in ("name", "best", "chance", *(() if self.score == RMSE else ("unit",))):
                if getattr(self, name) is not None:
                    refuse(
                        "a metric of your own",
                        f"{name} of the metric {self.score}, which is built in",
                        (name,),
                    )
        if self.better == "lower" and self.best is not None:
            refuse("with better: higher", f"best: {self.best:g}", ("best",))
        if self.chance is not None and self.measure.error(self.chance) <= 0:
            allowed = f"below {self.measure.best:g}" if self.better == "higher" else "above 0"
            refuse(allowed, f"chance: {self.chance:g}", ("chance",))
        if self.measure.metric == PERCENT:
            refuse("another name or unit", "error in %, which is built in", ("name",))
        return self

    @property
    def measure(self) -> Measure:
        """The metric as data sets have it."""
        own = not isinstance(self.score, str)
        name = self.name or (self.score.name.replace("_", " ") if isinstance(self.score, Entry) else "")
        best = None if self.better == "lower" or not own else 1.0 if self.best is None else self.best
        return Measure(self.score, name, self.unit or "", best, self.chance)
