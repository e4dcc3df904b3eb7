"""Tables of how soon targets are reached and of what tuning comes to, as they are read."""

import pytest

from hypercore.analysis.frames.judgement import judge
from hypercore.analysis.measures.targets import profiles, targets
from hypercore.analysis.measures.tuning import tuning
from hypercore.present import report, sentences, speed
from hypercore.spec.protocol import Protocol
from tests.unit.studies import MadeUp, tables

MADE = MadeUp(alphas=(("SGD / SGD", (0.1, 1.0, 1000.0)),), protocol=Protocol(0.1))
TABLES = tables(MADE)


def test_the_alpha_that_gets_there_first_is_shown() -> None:
    found = targets(judge(TABLES.cells), TABLES.curves, {"digits": (9.0, 0.1)})
    shown = speed.reached(found).set_index(["stack", "clipping", "target (%)"])
    row = shown.loc[("SGD / SGD", "off", "9.00")]
    assert row["runs that reach it"] == "6 of 6" and float(row["α"]) < 1000 and 0 < int(row["steps"]) < 1350
    never = shown.loc[("SGD / SGD", "on", "0.10")]
    assert (never["runs that reach it"], never["steps"], never["seconds"]) == ("0 of 6", "–", "–")
    ranked = speed.profiles(profiles(found))
    assert set(ranked["reached"]) <= {"1 of 2", "0 of 2"} and ranked["score"].is_monotonic_decreasing
    assert speed.profiles(profiles(found[found["target_error"] == 9.0])).empty


def test_tuning_has_a_column_a_number_of_trials_and_its_benefit() -> None:
    frame = tuning(judge(TABLES.cells))
    shown = speed.tuning(frame)
    assert list(shown)[-6:] == ["1 trial", "2 trials", "4 trials", "8 trials", "16 trials", "benefit"]
    for row in shown.to_dict("records"):
        gained = float(row["1 trial"]) - float(row["16 trials"])
        assert gained > 0 and gained == pytest.approx(float(row["benefit"]), abs=0.011)


def test_which_split_decides_is_said_only_where_examples_are_held_out() -> None:
    assert "144 examples held out" in sentences.judged_on(TABLES.cells)
    assert sentences.judged_on(tables(MadeUp(seeds=1)).cells) == ""
    assert report.table_text(tuning(judge(TABLES.cells)), "markdown").count("validation(0.1)") == 10
