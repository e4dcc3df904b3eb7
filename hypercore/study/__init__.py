"""A study: one config, validated in words, expanded to cells, grouped into sweeps. Never imports torch."""

from hypercore.study.devices import device_kind
from hypercore.study.errors import Problem, StudyError
from hypercore.study.expand import LargeGridError, PlannedCell, expand
from hypercore.study.models import StudyConfig
from hypercore.study.options import Options, choose
from hypercore.study.plan import Plan, data_root, load, load_config
from hypercore.study.sweeps import Sweep, group

__all__ = [
    "LargeGridError",
    "Options",
    "Plan",
    "PlannedCell",
    "Problem",
    "StudyConfig",
    "StudyError",
    "Sweep",
    "choose",
    "data_root",
    "device_kind",
    "expand",
    "group",
    "load",
    "load_config",
]
