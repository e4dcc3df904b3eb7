"""What is advised: nearly the lowest error, and most room for a wrong α on both sides."""

import math

import pandas as pd
import pytest

from hypercore.present.advice import Advice
from hypercore.present.advice import advise as advised_of
from hypercore.present.grounds import Grounds
from hypercore.present.lowest import lowest

ALPHAS = (1e-5, 1e-4, 1e-3, 1e-2)
# Mean error of each α, by stack and clipping; the plain optimizer has 4.5%. Safe is what is at most 5.5%.
ERRORS = {
    ("Adam / SGD", "off"): (3.1, 3.0, 2.9, 50.0),
    ("SGD / SGD", "off"): (4.0, 3.9, 60.0, 90.0),
    ("SGD / SGD", "on"): (9.0, 2.0, 60.0, 90.0),
}

FAILURES = {
    "n_done": 2,
    "n_failed": 0,
    "failure_low": 0.0,
    "failure_high": 0.78,
    "fitted_failure_high": 0.09,
}
FAILED = "0/2 failed; ≤9.0% may fail by all α, ≤78% alone"


def tables(
    errors: dict[tuple[str, str], tuple[float, ...]] = ERRORS, margin: float = 1.0
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Made up: the tables SAFETY and judged cells, two seeds a point; no error where it is NaN."""
    key = {"dataset": "mnist", "model": "mlp", "epochs": 5, "batch_size": 256, "metric": "error (%)"}
    points, cells = [], []
    plain = {
        "role": "baseline",
        "cell_id": "plain",
        "baseline_id": None,
        "imputed_error": 4.5,
        "judged_error": 4.5,
    }
    cells.append(key | plain | {"label": "SGD", "clipping": "off", "alpha": 1.0, "stack": "SGD"})
    for (label, clipping), means in errors.items():
        for alpha, mean in zip(ALPHAS, means, strict=False):
            entry = key | {"label": label, "clipping": clipping, "alpha": alpha}
            safety = "safe" if mean <= 5.5 else "unsafe"
            excess = {"baseline_error": 4.5, "margin": margin, "excess": mean - 4.5}
            points.append(entry | {"safety": safety} | excess | FAILURES)
            for seed in (-0.1, 0.1):
                own = {"role": "stack", "cell_id": f"{label}{clipping}{alpha}{seed}", "baseline_id": "plain"}
                own |= {
                    "imputed_error": mean + seed,
                    "judged_error": mean + seed,
                    "stack": label.replace("/ SGD", f"/ SGD({alpha:g})"),
                }
                cells.append(entry | own)
    return pd.DataFrame(points), pd.DataFrame(cells)


def advise(*frames: pd.DataFrame) -> list[Advice]:
    return advised_of(Grounds.of(*frames))


def test_alphas_are_read_to_three_digits_and_kept_exact_in_code() -> None:
    safety, cells = tables()
    exact = {old: old * 10**0.5 for old in ALPHAS}
    stacks = {f"({old:g})": f"({new:.6g})" for old, new in exact.items()}
    for old, new in stacks.items():
        cells["stack"] = cells["stack"].str.replace(old, new, regex=False)
    [advice] = advise(*(frame.assign(alpha=frame["alpha"].replace(exact)) for frame in (safety, cells)))
    assert advice.headline == "Use Adam / SGD, unclipped, α = 0.000316"
    assert advice.room.startswith("safe from ≤3.16e-5 to 0.00316; ")
    assert advice.beyond == "Not shown safe: 0.0316 (mean 50.0%)."
    assert advice.code == 'Stack(model, "Adam / SGD(0.000316228)")'


def test_one_seed_and_one_epoch_are_no_plurals() -> None:
    safety, cells = tables()
    once = cells.drop_duplicates(["label", "clipping", "alpha"])
    [advice] = advise(safety.assign(epochs=1), once.assign(epochs=1))
    assert (advice.seeds, advice.after) == ("1 seed", "after 1 epoch")


def test_room_on_both_sides_counts_more_than_less_than_a_point_of_error() -> None:
    [advice] = advise(*tables())
    assert (advice.use.label, advice.use.clipping, advice.use.alpha) == ("Adam / SGD", "off", 1e-4)
    assert (advice.use.low, advice.use.high) == (1e-5, 1e-3)
    assert advice.use.slack == pytest.approx(1) and not advice.fragile
    assert advice.use.beyond == pytest.approx((1e-2, 50.0))
    assert (advice.plain, advice.plain_error) == ("plain SGD(1)", "4.50%")
    assert (advice.lowest.label, advice.lowest.clipping) == ("SGD / SGD", "on")
    assert advice.code == 'Stack(model, "Adam / SGD(0.0001)")'


def test_more_than_the_studys_margin_above_the_lowest_is_not_advised() -> None:
    [advice] = advise(*tables(margin=0.5))
    assert (advice.use.label, advice.use.clipping) == ("SGD / SGD", "on")
    assert advice.fragile and advice.room.startswith("fragile")
    assert advice.code == 'Stack(model, "SGD / SGD(0.0001)", clipping="on")'


def test_a_range_that_the_grid_cuts_off_is_open() -> None:
    [advice] = advise(*tables({("Adam / SGD", "off"): (3.0, 3.0, 3.0, 2.0)}))
    assert advice.use.open_below and advice.use.open_above and advice.use.beyond is None
    assert advice.use.alpha == 1e-4 and advice.widest.high == 1e-2


def test_without_a_safe_point_nothing_is_advised() -> None:
    assert advise(*tables({("Adam / SGD", "off"): (30.0, 30.0, 30.0, 20.0)})) == []


def problems() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Made up: two networks on one data set, of which one is safe nowhere."""
    unsafe = {("Adam / SGD", "off"): (30.0, 30.0, 30.0, 20.0)}
    made = {"a": tables(), "b": tables(unsafe)}
    safety, judged = (
        pd.concat([parts[i].assign(model=name) for name, parts in made.items()], ignore_index=True)
        for i in range(2)
    )
    return safety, judged


def test_each_network_on_a_data_set_is_advised_by_its_own_runs_and_named() -> None:
    safety, judged = problems()
    [advice] = advise(safety, judged)
    assert (advice.problem, advice.measured) == ("mnist (a)", "test error on mnist (a)")
    [other] = advise(safety.assign(safety="safe"), judged.assign(imputed_error=2.0, judged_error=2.0))[1:]
    assert (other.problem, other.use.error) == ("mnist (b)", 2.0)


def test_a_network_without_baselines_is_not_judged_and_no_obstacle_to_the_others_advice() -> None:
    safety, judged = problems()
    [advice] = advise(safety[safety["model"] == "a"], judged)
    assert advice.problem == "mnist (a)"


SWEPT = {0.001: (4.0, 4.2), 0.01: (1.0, 1.2), 0.1: (9.0, 9.0)}


def test_a_plain_optimizer_that_is_tried_at_several_alphas_is_told_beside_the_untuned_one() -> None:
    safety, judged = tables()
    [untuned] = advise(safety, judged)
    assert (untuned.plain, untuned.plain_kind) == ("plain SGD(1)", "1 seed; untuned")
    own = judged[judged["role"] == "stack"].head(1)
    rows = [
        own.assign(label="SGD", stack=f"SGD({alpha})", alpha=alpha, imputed_error=error, judged_error=error)
        for alpha, errors in SWEPT.items()
        for error in errors
    ]
    [advice] = advise(safety, pd.concat([judged, *rows], ignore_index=True))
    assert advice.use == untuned.use
    assert advice.plain_kind == "1 seed; untuned. The best of 3 α: 1.10% (SGD(0.01))"
    [alone] = advise(safety, pd.concat([judged, *rows[:2]], ignore_index=True))
    assert alone.plain_kind == "1 seed; untuned"  # one α is no tuning


def test_equals_go_to_the_plainer_clipping() -> None:
    same = (3.0, 3.0, 3.0, 50.0)
    [advice] = advise(*tables({("SGD / SGD", name): same for name in ("agc(0.01)", "on", "off")}))
    assert advice.use.clipping == "off"
    [advice] = advise(*tables({("SGD / SGD", name): same for name in ("agc(0.01)", "on")}))
    assert advice.use.clipping == "on"


ROOMS = {
    (3.0, 3.0, 3.0, 50.0): "safe from ≤1e-5 to 0.001",
    (3.0, 3.0, 3.0, 3.0): "safe from ≤1e-5 to ≥0.01",
    (50.0, 3.0, 50.0, 50.0): "fragile: the next smaller is not shown safe",
    (2.0, 50.0, 50.0, 50.0): "fragile: no smaller α was tried",
    (50.0, 50.0, 50.0, 2.0): "fragile: the next smaller is not shown safe",
    (2.0, 4.0, 50.0, 50.0): "fragile: safe up to 0.0001, none smaller tried",
    (50.0, 2.0, 4.0, 50.0): "fragile: safe up to 0.001, smaller not shown",
    (4.0, 2.0, 50.0, 50.0): "fragile: safe down to 1e-5 or less",
    (2.0,): "fragile: no other α was tried",
}


@pytest.mark.parametrize(("errors", "words"), ROOMS.items())
def test_how_wrong_alpha_may_be_is_a_sentence(errors: tuple[float, ...], words: str) -> None:
    [advice] = advise(*tables({("SGD / SGD", "off"): errors}))
    assert advice.room == f"{words}; {FAILED}"


BEYOND = {
    50.0: "Not shown safe: 0.01 (mean 50.0%).",
    math.nan: "Not shown safe: 0.01 (no result yet).",
    3.0: "No α above 0.01 was tried.",
}


@pytest.mark.parametrize(("last", "words"), BEYOND.items())
def test_what_comes_after_the_safe_range_is_a_sentence(last: float, words: str) -> None:
    [advice] = advise(*tables({("SGD / SGD", "off"): (3.0, 3.0, 3.0, last)}))
    assert advice.beyond == words


@pytest.mark.parametrize("errors", [*ROOMS, (3.0, 3.0, 3.0, math.nan)])
def test_the_answer_takes_few_words(errors: tuple[float, ...]) -> None:
    [advice] = advise(*tables({("Adam / SGD", "running_mean(all)"): errors}), gained("running_mean(all)"))
    said = f"{advice.headline} {advice.measured} {advice.error} {advice.seeds} {advice.plain}".split()
    said += f"{advice.plain_error} {advice.plain_kind} {advice.room} {advice.clipping} {advice.code}".split()
    assert advice.clipping in " ".join(said)
    assert len(said) <= 53, said  # with the page's question: 60


def gained(*clippings: str, low: float = 0.2) -> pd.DataFrame:
    """Made up: the table GAINS of Adam / SGD, of which each clipping after the first adds less."""
    key = {"label": "Adam / SGD", "dataset": "mnist", "model": "mlp", "epochs": 5, "batch_size": 256}
    rows = [
        key
        | {"clipping": name, "than": "off", "side": "upper", "failing_pct": 50.0}
        | {"gain_decades": 0.5 - 0.1 * place, "low_decades": low - 0.1 * place, "high_decades": 0.9}
        for place, name in enumerate(clippings)
    ]
    columns = [*key, "clipping", "than", "side", "failing_pct", "gain_decades", "low_decades", "high_decades"]
    return pd.DataFrame(rows, columns=columns)


def test_whether_clipping_helps_is_answered_for_the_advised_stack_with_an_interval() -> None:
    used = tables({("Adam / SGD", "agc(0.1)"): (3.0, 3.0, 3.0, 50.0)})
    bare = tables({("Adam / SGD", "off"): (3.0, 3.0, 3.0, 50.0)})
    answers = [
        advise(*made, gained(*names))[0].clipping
        for made, names in (
            (used, ("on", "agc(0.1)")),
            (bare, ("agc(0.1)", "on")),
            (bare, ("fixed(1)", "agc(0.1)")),
            (bare, ()),
        )
    ]
    assert answers == [
        "Clipping adds 0.40 [0.10, 0.90] decades.",
        "Clipping adds 0.40 [0.10, 0.90] decades.",
        "Clipping by fixed(1) adds 0.50 [0.20, 0.90] decades.",
        "",
    ]


UNSAFE = {("Adam / SGD", "off"): (33.0, 30.0, 20.0, 40.0), ("SGD / SGD", "on"): (50.0, 60.0, math.nan, 40.0)}


def test_where_nothing_is_safe_the_lowest_error_is_told_and_called_unsafe() -> None:
    [found] = lowest(Grounds.of(*tables(UNSAFE), gained("on")))
    assert (found.headline, found.error) == (
        "None ends below plain SGD(1); the lowest is Adam / SGD, unclipped, α = 0.001",
        "20.00%",
    )
    assert found.room == f"not shown safe: {FAILED}" and not found.assured
    assert (found.plain_error, found.clipping) == ("4.50%", "Clipping adds 0.50 [0.20, 0.90] decades.")
    assert found.code == "", "the plain optimizer ends lower"


def test_where_the_plain_optimizer_ends_lower_no_stack_is_offered_to_be_copied() -> None:
    [found] = lowest(Grounds.of(*tables({("Adam / SGD", "off"): (6.0, 7.0, 5.6, 9.0)})))
    assert found.headline == "None ends below plain SGD(1); the lowest is Adam / SGD, unclipped, α = 0.001"
    assert (found.error, found.plain_error, found.code) == ("5.60%", "4.50%", "")


def test_of_problems_that_have_an_advice_no_lowest_error_is_told() -> None:
    safety, judged = problems()
    grounds = Grounds.of(safety, judged)
    advised = {one.problem for one in advised_of(grounds)}
    assert [one.problem for one in lowest(grounds, advised)] == ["mnist (b)"]
