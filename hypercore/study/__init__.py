"""A study: one config, validated in words, expanded to cells, grouped into sweeps. Never imports torch."""

from hypercore.machine.gpus import device_kind
from hypercore.study.config.errors import Problem, StudyError
from hypercore.study.config.options import Options, choose
from hypercore.study.config.schema import StudyConfig
from hypercore.study.plan.expand import LargeGridError, PlannedCell, expand
from hypercore.study.plan.plan import Plan, data_root, load, load_config
from hypercore.study.plan.sweeps import Sweep, group

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
