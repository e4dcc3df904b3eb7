"""The notation: every stack prints to a text that parses to the same stack, and errors are words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hypercore.spec.cell import Cell
from hypercore.spec.clipping import ON
from hypercore.spec.notation import parse_stack
from hypercore.spec.optimizers import RULES, SpecError, lowest_rules
from hypercore.spec.stack import Optimizer, Stack


@st.composite
def optimizers(draw: st.DrawFn) -> Optimizer:
    rule = draw(st.sampled_from(lowest_rules()))
    given_values = []
    for hyperparameter in rule.hyperparameters:
        if draw(st.booleans()):
            upper = min(hyperparameter.upper, 1e6)
            value = draw(
                st.floats(1e-9, upper, exclude_max=True).filter(lambda v: float(f"{v:.6g}") < 1 or v > 1)
            )
            given_values.append((hyperparameter.name, value))
    momentum = dict(given_values).get("mu", 0.0) > 0.0
    names = [h.name for h in rule.hyperparameters if h.name != "mu" or momentum]
    subset = draw(st.none() | st.sets(st.sampled_from(names), min_size=1))
    return Optimizer(rule.name, None if subset is None else tuple(sorted(subset)), tuple(given_values))


def can_have_step_sizes(optimizer: Optimizer) -> bool:
    """Whether its α is learned, and SGDPerParam has a step size for all that is."""
    known = [h.name for h in RULES["SGDPerParam"].hyperparameters]
    learned = list(optimizer.learnable)
    return "alpha" in learned and learned == [name for name in known if name in learned]


@st.composite
def with_step_sizes(draw: st.DrawFn) -> Stack:
    lowest = draw(optimizers().filter(can_have_step_sizes))
    given_values = tuple((name, draw(st.floats(1e-9, 1e-3))) for name in lowest.learnable)
    return Stack((lowest, Optimizer("SGDPerParam", None, given_values), draw(optimizers())))


plain = st.lists(optimizers(), min_size=1, max_size=5).map(lambda found: Stack(tuple(found)))
stacks = plain | with_step_sizes()


@given(stacks)
def test_printing_and_parsing_are_inverse(stack: Stack) -> None:
    assert parse_stack(str(stack)) == stack
    assert parse_stack(str(stack).replace(" ", "")) == stack


@given(stacks)
def test_the_resolved_form_is_stable_and_shares_identity(stack: Stack) -> None:
    assert stack.resolved.resolved == stack.resolved
    assert stack.resolved.shape == stack.shape
    cells = [Cell("digits", "mlp", each, ON, 1, 32, 0) for each in (stack, stack.resolved)]
    assert cells[0].id == cells[1].id
    assert [stack.learned(i) for i in range(stack.height)] == [
        stack.resolved.learned(i) for i in range(stack.height)
    ]


@pytest.mark.parametrize(
    ("spellings", "canonical"),
    [
        (
            ("Adam^α/SGD(1e-5)", "adam^{alpha} / sgd(10^-5)", "Adam^alpha / SGD(α=0.00001)"),
            "Adam^alpha / SGD(1e-5)",
        ),
        (("RMSprop^γ,α / RMSprop(1e-4)",), "RMSProp^alpha,gamma / RMSProp(0.0001)"),
        (("SGD(0.1, μ=0.9)", "SGD(mu=0.9, alpha=0.1)"), "SGD(0.1, 0.9)"),
        (("Adam(β1=0.8)",), "Adam(beta1=0.8)"),
        (
            ("SGD(0.1, 0.9)/sgdperparam(μ=1e-6, α=1e-7)", "SGD(0.1, mu=0.9) / SGDPerParam(1e-7, 1e-6)"),
            "SGD(0.1, 0.9) / SGDPerParam(1e-7, 1e-6)",
        ),
    ],
)
def test_spellings_share_one_canonical_form(spellings: tuple[str, ...], canonical: str) -> None:
    assert {str(parse_stack(spelling)) for spelling in spellings} == {canonical}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty stack"),
        ("SGD / ", "'', which is no optimizer"),
        ("Foo / SGD", "unknown optimizer 'Foo'; allowed: " + ", ".join(RULES)),
        ("SGDPerParam", "SGDPerParam as the lowest optimizer; allowed: to the right of one whose"),
        ("SGD(0.1, 0.9) / SGDPerParam(1e-7)", "for alpha where alpha, mu is learned; allowed: one above"),
        ("SGD / SGDPerParam(1e-7, 1e-6)", "for alpha, mu where alpha is learned; allowed: one above"),
        ("SGD^mu(0.1, 0.9) / SGDPerParam(mu=1e-6)", "for alpha, mu where mu is learned"),
        ("SGD(0.1, 0.9) / SGDPerParam^mu(1e-7)", "SGDPerParam^mu learns a mu that is off"),
        ("SGD(-0.1)", "alpha = -0.1 is out of range; allowed: above 0 and finite"),
        ("SGD(nan)", "alpha = nan is out of range"),
        ("SGD(inf)", "alpha = inf is out of range"),
        ("Adam(0.1, 1.5)", "beta1 = 1.5 is out of range; allowed: above 0 and below 1"),
        ("SGD(1, 0.5, 2)", "too many values"),
        ("SGD(alpha=1, 0.5)", "a value without a name behind a named one"),
        ("SGD(0.1, alpha=0.2)", "given twice"),
        ("SGD(gamma=0.1)", "SGD has no hyperparameter 'gamma'; allowed: alpha, mu"),
        ("SGD^mu / SGD", "a momentum that is off"),
        ("SGD^ / SGD", "names no hyperparameter"),
        ("SGD((1))", "'SGD((1))', which is no optimizer"),
        ("SGD(x)", "'x' as a value"),
    ],
)
def test_errors_name_the_part_and_what_is_allowed(text: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse_stack(text)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@given(st.text(alphabet="SGDAdamRMProp^/(),=.0123456789e-+{} αβγμ12", max_size=40))
def test_any_text_is_a_stack_or_an_error_in_words(text: str) -> None:
    try:
        stack = parse_stack(text)
    except SpecError as error:
        message = str(error)
    else:
        assert parse_stack(str(stack)) == stack
        message = "none"
    assert message and "\n" not in message


def test_the_swept_alpha_of_step_sizes_is_that_for_alpha() -> None:
    stack = parse_stack("SGD(0.01, 0.9) / SGDPerParam(mu=1e-6)").with_alpha(1e-7)
    assert str(stack) == "SGD(0.01, 0.9) / SGDPerParam(1e-7, 1e-6)" and stack.alpha == 1e-7
    assert stack.shape == "SGD(momentum) / SGDPerParam(mu)"
    adam = parse_stack("Adam / SGDPerParam(1e-6, beta1=1e-4, beta2=1e-4)")
    assert adam.shape == "Adam / SGDPerParam(beta1, beta2)"
