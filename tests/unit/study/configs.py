"""Small configs as text, and how tests load them."""

from pathlib import Path
from textwrap import dedent

from hypercore.study import Plan, load

MINIMAL = """\
name: tiny
datasets: [digits]
stacks:
  - {stack: SGD / SGD, alphas: [0.1, 1]}
seeds: 2
"""

# The notation may have 500 characters.
TALLEST = "/".join(["Adam"] * 100)


def plan_of(folder: Path, text: str) -> Plan:
    """Load a config given as text."""
    path = folder / "study.yaml"
    path.write_text(dedent(text), encoding="utf-8")
    return load(path)
