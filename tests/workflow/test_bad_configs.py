"""Broken configs through real snakemake: words, exit code 1, nothing touched, within seconds."""

import os
import re

import pytest

from tests.workflow.runner import TINY, Workplace

# Of the processor, user time: the clock also counts what else the machine does.
MOST_SEC = 3.0


def children_sec() -> float:
    """Processor time of all ended child processes of this one."""
    return os.times().children_user


BROKEN = {
    "unknown key": TINY + "colour: red\n",
    "bad notation": TINY.replace("SGD / SGD", "SGD + SGD"),
    "unknown optimizer": TINY.replace("SGD / SGD", "Lion / SGD"),
    "negative α": TINY.replace("1000", "-1"),
    "NaN": TINY.replace("1000", ".nan"),
    "twice": TINY.replace("1000", "1e-1"),
    "empty grid": TINY.replace("[0.1, 1000]", "[]"),
    "unknown data set": TINY.replace("[digits]", "[imagenet]"),
    "reserved name": TINY.replace("name: tiny", "name: store"),
    "no name": TINY.replace("name: tiny\n", ""),
    "bad seeds": TINY.replace("seeds: 1", "seeds: none"),
    "bad epochs": TINY.replace("epochs: 1", "epochs: 0.5"),
    "bad device": TINY.replace("device: cpu", "device: tpu"),
    "huge grid": TINY.replace("seeds: 1", "seeds: 99999"),
    "tag": TINY.replace("name: tiny", "name: !!python/name:os.system tiny"),
    "bomb": "a: &a [1,1,1,1,1,1,1,1,1,1]\n"
    + "".join(
        f"{n}: &{n} [{', '.join([f'*{p}'] * 10)}]\n" for p, n in zip("abcdefgh", "bcdefghi", strict=True)
    ),
    "syntax": TINY + "stacks: [\n",
    "key twice": TINY + "name: other\n",
    "empty": "",
    "a list": "- tiny\n",
}


@pytest.mark.parametrize("broken", BROKEN)
def test_broken_configs_end_in_words_before_anything_starts(workplace: Workplace, broken: str) -> None:
    workplace.write(BROKEN[broken])
    began = children_sec()
    said = workplace.run(code=1)
    assert children_sec() - began < MOST_SEC
    assert re.search(r"^\s*study\.yaml(:\d+)?: (\S+: )?given .+; allowed: .+$", said, re.MULTILINE), said
    assert ("To train all of it: no rate is measured yet" in said) is (broken == "huge grid")
    assert "Traceback" not in said
    assert "pydantic" not in said
    assert not (workplace.folder / "results").exists()
