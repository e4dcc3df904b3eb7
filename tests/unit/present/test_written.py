"""Sentences of tables as they are read."""

import pytest

from hypercore.present.written import STATUS, read
from hypercore.spec.columns import Status


def test_what_came_of_a_run_is_said_in_words() -> None:
    assert set(STATUS) == {status.value for status in Status}
    assert not any("_" in words for words in STATUS.values())


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("1e-2 < α <= 5e-2", "1e-2 < α ≤ 5e-2"),
        ("3.2e-07 to 1.5e-10", "3.2e-7 to 1.5e-10"),
        ("1e+05 and 2e+10", "1e5 and 2e10"),
        (
            "-0.0287 [-0.365, 0.255] points over 8, claimed -1 to 1",
            "−0.0287 [−0.365, 0.255] points over 8, claimed −1 to 1",
        ),
        ("status not_applicable", "status does not apply"),
        ("costs 1-2% of CIFAR-10, commit 1e07", "costs 1-2% of CIFAR-10, commit 1e07"),
    ],
)
def test_signs_exponents_and_codes_are_read(written: str, said: str) -> None:
    assert read(written) == said
