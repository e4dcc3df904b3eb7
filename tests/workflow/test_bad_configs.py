"""Broken configs through real snakemake: words, exit code 1, nothing touched, within seconds."""

import os
import re

import pytest

from tests.workflow.runner import TINY, Workplace

# Of the processor, user time: the clock also counts what else the machine does.
MOST_SEC = 8.0


def children_sec() -> float:
    """Processor time of all ended child processes of this one."""
    return os.times().children_user


# All other mistakes: tests/unit/study/test_bad_configs.py.
BROKEN = {
    "value": TINY.replace("1000]", "-1]"),
    "huge grid": TINY.replace("seeds: 1", "seeds: 99999"),
    "bomb": "a: &a [1,1,1,1,1,1,1,1,1,1]\n"
    + "".join(
        f"{n}: &{n} [{', '.join([f'*{p}'] * 10)}]\n" for p, n in zip("abcdefgh", "bcdefghi", strict=True)
    ),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_broken_configs_end_in_words_before_anything_starts(workplace: Workplace, broken: str) -> None:
    workplace.write(BROKEN[broken])
    began = children_sec()
    said = workplace.run(code=1)
    assert children_sec() - began < MOST_SEC
    assert re.search(r"^\s*study\.yaml(:\d+)?: (\S+: )?given .+; allowed: .+$", said, re.MULTILINE), said
    for told in ("To train all of it: no rate is measured yet", "confirm_large=true"):
        assert (told in said) is (broken == "huge grid")
    assert "Traceback" not in said
    assert "pydantic" not in said
    assert not (workplace.folder / "results").exists()
