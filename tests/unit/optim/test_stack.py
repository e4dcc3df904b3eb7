"""What a user of ``hypercore.optim`` may rely on, beyond the numbers."""

import copy
import gc
import io
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from hypercore.optim import OFF, ON, Clipping, Stack
from hypercore.optim.pieces import PLANS_KEPT
from hypercore.spec.notation import parse_stack
from hypercore.spec.optimizers import SpecError
from tests.unit.optim.problems import PROBLEMS, Problem, everything, loss, train, weights

NOTATIONS = ["SGD(0.05, mu=0.9) / SGD(1e-3)", "RMSProp / AdaGrad", "Adam / Adam / SGD(1e-4)", "Adam(0.01)"]
CLIPPINGS = ["off", "on", "autoclip(50)", "agc(0.1)"]


def step_on(stack: Stack, *pairs: tuple[nn.Parameter, Tensor | None]) -> None:
    """One step with these gradients."""
    for parameter, grad in pairs:
        parameter.grad = grad
    stack.step()


@pytest.mark.parametrize("clipping", CLIPPINGS)
@pytest.mark.parametrize("notation", NOTATIONS)
@pytest.mark.parametrize("name", PROBLEMS)
def test_a_resumed_run_is_bit_identical(name: str, notation: str, clipping: str) -> None:
    given = Problem(name, torch.float32)
    batches = given.batches(8)
    module = given.module()
    stack = Stack(module, notation, clipping=clipping)
    train(module, stack, batches[:4])
    file = io.BytesIO()
    torch.save({"module": module.state_dict(), "stack": stack.state_dict()}, file)
    losses = train(module, stack, batches[4:])

    file.seek(0)
    saved = torch.load(file, weights_only=True)
    other = given.module()
    resumed = Stack(other, "SGD")  # options are loaded, as torch's optimizers do
    resumed.load_state_dict(saved["stack"])
    other.load_state_dict(saved["module"])
    assert train(other, resumed, batches[4:]) == losses
    assert everything(other, resumed) == everything(module, stack)


def test_a_resumed_run_is_bit_identical_where_some_parameters_have_had_no_gradient() -> None:
    batches = Problem("resnet", torch.float32).batches(9)

    def thaw(module: nn.Module) -> None:
        module.requires_grad_(True)

    def frozen() -> tuple[nn.Module, Stack]:
        module = Problem("resnet", torch.float32).module()
        module.stem.requires_grad_(False)
        return module, Stack(module, "Adam / SGD(1e-4)", clipping="on")

    module, stack = frozen()
    train(module, stack, batches[:3])
    saved = copy.deepcopy((module.state_dict(), stack.state_dict()))
    other, resumed = frozen()
    other.load_state_dict(saved[0])
    resumed.load_state_dict(saved[1])
    for model, optimizer in ((module, stack), (other, resumed)):
        train(model, optimizer, batches[3:6])
        thaw(model)
        train(model, optimizer, batches[6:])
    assert everything(other, resumed) == everything(module, stack)


def test_a_copied_and_an_unpickled_stack_go_on_alike() -> None:
    given = Problem("tied", torch.float32)
    module = given.module()
    stack = Stack(module, "Adam / SGD(1e-4)", clipping="on")
    batches = given.batches(6)
    train(module, stack, batches[:3])
    other, copied = copy.deepcopy((module, stack))
    assert train(other, copied, batches[3:]) == train(module, stack, batches[3:])
    assert everything(other, copied) == everything(module, stack)


def test_tied_weights_are_one_parameter_with_the_sum_of_gradients() -> None:
    module = Problem("tied").module()
    (group,) = Stack(module, "Adam / SGD(1e-5)").param_groups
    assert group["param_names"] == ["embedding.weight", "inner.weight", "inner.bias", "out.bias"]
    two = Stack([module.embedding, module.out], "SGD(0.1)")  # tied across modules
    assert two.param_groups[0]["param_names"] == ["0.weight", "1.bias"]
    before = module.out.weight.detach().clone()
    loss(module, Problem("tied").batches(1)[0]).backward()
    two.step()
    torch.testing.assert_close(module.out.weight, before - 0.1 * module.embedding.weight.grad)
    assert module.out.weight is module.embedding.weight


def test_several_modules_train_as_one() -> None:
    torch.manual_seed(0)
    encoder, decoder = nn.Linear(3, 2), nn.Linear(2, 3)
    whole = copy.deepcopy(nn.Sequential(encoder, decoder))
    pair = Stack([encoder, decoder], "Adam / SGD(1e-3)", clipping="on")
    one = Stack(whole.parameters(), "Adam / SGD(1e-3)", clipping="on")
    for _ in range(10):
        x = torch.randn(4, 3)
        for model, stack in ((nn.Sequential(encoder, decoder), pair), (whole, one)):
            stack.zero_grad()
            (model(x) - x).square().mean().backward()
            stack.step()
    assert torch.equal(weights(nn.Sequential(encoder, decoder)), weights(whole))
    assert pair.hyperparameters == one.hyperparameters


@pytest.mark.parametrize("notation", NOTATIONS)
@pytest.mark.parametrize("clipping", CLIPPINGS)
def test_frozen_parameters_neither_move_nor_count(notation: str, clipping: str) -> None:
    given = Problem("resnet")
    module, alone = given.module(), given.module()
    for model in (module, alone):
        model.stem.requires_grad_(False)
    stack = Stack(module, notation, clipping=clipping)
    without = Stack([p for p in alone.parameters() if p.requires_grad], notation, clipping=clipping)
    before = module.stem.weight.detach().clone()
    batches = given.batches(6)
    assert train(module, stack, batches) == train(alone, without, batches)
    assert everything(module, stack) == everything(alone, without)
    assert torch.equal(module.stem.weight, before)


@pytest.mark.parametrize("clipping", ["off", "on", "running_mean(weights, level, raw)", "autoclip(50)"])
@pytest.mark.parametrize("notation", NOTATIONS)
def test_a_parameter_without_gradient_waits(notation: str, clipping: str) -> None:
    """Steps in which only ``a`` has a gradient leave ``b``, its moments, its count and its θ as they were:
    with one α that never learns anything, ``b`` goes on as if these steps had not been."""
    notation = " / ".join([*notation.split(" / ")[:-1], "SGD(1e-300)"]) if "/" in notation else notation
    start, n = torch.linspace(-1, 1, 4, dtype=torch.float64), 6
    generator = torch.Generator().manual_seed(0)
    grads = torch.randn(n, 4, generator=generator, dtype=torch.float64)

    def run(pauses: bool) -> Tensor:
        a, b = nn.Parameter(start.clone()), nn.Parameter(start.clone())
        stack = Stack([a, b], notation, clipping=clipping)
        for grad in grads:
            # With a norm over the level, a gradient of zero beside b is what a without one counts for.
            step_on(stack, (a, torch.zeros_like(grad)), (b, grad))
            if pauses:
                before = b.detach().clone()
                step_on(stack, (a, grad), (b, None))
                assert torch.equal(b, before)
        return b.detach()

    if "Adam / Adam" in notation or "level" in clipping:
        run(
            pauses=True
        )  # upper moments, and one θ for the level, see every step: only that b stays is claimed
    else:
        torch.testing.assert_close(run(pauses=True), run(pauses=False), rtol=1e-12, atol=1e-14)


def test_a_parameter_that_joins_later_starts_afresh() -> None:
    """Its first gradient meets moments of zero and a step count of zero, as ``torch.optim`` has it."""
    a, b = (nn.Parameter(torch.ones(3, dtype=torch.float64)) for _ in range(2))
    fresh = nn.Parameter(torch.ones(3, dtype=torch.float64))
    stack, other = Stack([a, b], "Adam(0.1)"), Stack([fresh], "Adam(0.1)")
    grad = torch.tensor([1.0, -2.0, 3.0], dtype=torch.float64)
    step_on(stack, (a, grad), (b, None))
    step_on(stack, (a, grad), (b, None))
    assert torch.equal(b, torch.ones_like(b))
    step_on(stack, (a, grad), (b, grad))
    step_on(other, (fresh, grad))
    torch.testing.assert_close(b, fresh, rtol=1e-14, atol=0.0)


def test_a_step_without_any_gradient_is_none() -> None:
    module = nn.Linear(2, 2)
    stack = Stack(module, "Adam / SGD(1e-3)")
    before = weights(module)
    stack.step()
    assert torch.equal(weights(module), before) and not stack.state_dict()["state"]


def test_empty_parameters_are_passed_over() -> None:
    full, empty = nn.Parameter(torch.ones(2)), nn.Parameter(torch.ones(0))
    stack = Stack([full, empty], "SGD(0.5) / SGD(1e-3)")
    step_on(stack, (full, torch.ones(2)), (empty, torch.ones(0)))
    assert full.tolist() == [0.5, 0.5]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_parameters_are_rounded_copies_of_float32_weights(dtype: torch.dtype) -> None:
    """A thousand moves of a thousandth of the last place come out as their sum."""
    half = nn.Parameter(torch.ones(3, dtype=dtype))
    full = nn.Parameter(torch.ones(3))
    stack, other = Stack([half], "SGD(1e-5) / SGD(1e-12)"), Stack([full], "SGD(1e-5) / SGD(1e-12)")
    for _ in range(1000):
        step_on(stack, (half, torch.ones(3, dtype=dtype)))
        step_on(other, (full, torch.ones(3)))
    assert half.dtype is dtype and torch.equal(half, full.to(dtype))
    assert stack.hyperparameters == other.hyperparameters and half[0] < 1.0


def test_dtypes_mix() -> None:
    single, double = nn.Parameter(torch.ones(2)), nn.Parameter(torch.ones(2, dtype=torch.float64))
    stack = Stack([single, double], "Adam / SGD(1e-3)", clipping="on")
    for _ in range(3):
        stack.zero_grad()
        (single.sum() + double.square().sum()).backward()
        stack.step()
    assert (single.dtype, double.dtype) == (torch.float32, torch.float64)


def test_a_module_that_changes_its_dtype_goes_on() -> None:
    module, other = Problem("rnn").module().float(), Problem("rnn").module()
    stack, double = (Stack(m, "Adam / SGD(1e-4)", clipping="on") for m in (module, other))
    batches = Problem("rnn").batches(6)
    train(module, stack, Problem("rnn", torch.float32).batches(3))
    module.double()
    train(module, stack, batches[3:])
    train(other, double, batches)
    assert all(p.dtype is torch.float64 for p in module.parameters())
    torch.testing.assert_close(weights(module), weights(other), rtol=1e-3, atol=1e-5)
    assert stack.hyperparameters[1] == pytest.approx(double.hyperparameters[1], rel=1e-4)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="wants a GPU")
@pytest.mark.parametrize("name", PROBLEMS)
def test_a_gpu_gives_the_same_and_resumes_there(name: str) -> None:
    given = Problem(name)
    batches = given.batches(8)
    cpu, gpu = given.module(), given.module().cuda()
    stack, other = (Stack(m, "Adam / SGD(1e-4)", clipping="on") for m in (cpu, gpu))
    on_gpu = [(x.cuda(), y.cuda()) for x, y in batches]
    train(cpu, stack, batches[:4])
    train(gpu, other, on_gpu[:4])
    torch.testing.assert_close(weights(gpu).cpu(), weights(cpu), rtol=1e-6, atol=1e-8)
    moved = Stack(gpu, "SGD")
    gpu.load_state_dict(cpu.state_dict())
    moved.load_state_dict(stack.state_dict())  # from the CPU
    train(cpu, stack, batches[4:])
    train(gpu, moved, on_gpu[4:])
    torch.testing.assert_close(weights(gpu).cpu(), weights(cpu), rtol=1e-6, atol=1e-8)


def test_weights_that_the_user_changes_are_where_the_next_step_starts() -> None:
    parameter = nn.Parameter(torch.zeros(2))
    stack = Stack([parameter], "SGD(0.5) / SGD(1e-3)")
    step_on(stack, (parameter, torch.ones(2)))
    with torch.no_grad():
        parameter.fill_(7.0)
    step_on(stack, (parameter, torch.zeros(2)))
    assert parameter.tolist() == [7.0, 7.0]


def test_a_schedule_moves_the_rightmost_alpha() -> None:
    module = nn.Linear(2, 1)
    stack = Stack(module, "Adam / SGD(1e-3)")
    schedule = torch.optim.lr_scheduler.ExponentialLR(stack, gamma=0.5)
    for _ in range(2):
        stack.zero_grad()
        module(torch.ones(1, 2)).sum().backward()
        stack.step()
        schedule.step()
    assert stack.param_groups[0]["lr"] == 1e-3 / 4
    assert stack.hyperparameters[2] == {"alpha": pytest.approx(1e-3 / 2)}  # the last step's


def test_hyperparameters_before_the_first_step_are_those_given() -> None:
    given = Stack(nn.Linear(1, 1), "Adam^alpha(0.01) / SGD(1e-5)").hyperparameters
    assert given == {1: {"alpha": 0.01, "beta1": 0.9, "beta2": 0.999}, 2: {"alpha": 1e-5}}


def test_a_parsed_stack_and_clipping_do_as_well_as_text() -> None:
    def trained(stack: object, clipping: object) -> list[object]:
        module = Problem("tied").module()
        optimizer = Stack(module, stack, clipping=clipping)  # type: ignore[arg-type]
        train(module, optimizer, Problem("tied").batches(3))
        return everything(module, optimizer)

    assert trained("Adam / SGD(1e-4)", "on") == trained(parse_stack("Adam / SGD(1e-4)"), ON)
    assert trained("Adam / SGD(1e-4)", "off") == trained("Adam / SGD(1e-4)", OFF)
    assert trained("SGD / SGD", "fixed(0.5)") == trained("SGD / SGD", Clipping("fixed", parameter=0.5))


def every_tensor() -> list[Tensor]:
    return [o for o in gc.get_objects() if type(o) in (Tensor, nn.Parameter)]


@pytest.mark.parametrize("clipping", CLIPPINGS)
def test_memory_does_not_grow(clipping: str) -> None:
    module = nn.Linear(4, 2)
    stack = Stack(module, "Adam / Adam / SGD(1e-6)", clipping=clipping)
    x = torch.ones(3, 4)

    def alive(steps: int) -> tuple[int, int]:
        for _ in range(steps):
            stack.zero_grad()
            module(x).square().mean().backward()
            stack.step()
        gc.collect()
        tensors = [t for t in every_tensor() if id(t) not in others]
        return len(tensors), sum(t.untyped_storage().nbytes() for t in tensors)

    # What other tests have left: torch's compiler keeps tensors that have no storage.
    kept = every_tensor()
    others = {id(t) for t in kept}
    alive(20)
    assert alive(300) == alive(1)


def test_nothing_that_is_kept_hangs_on_a_graph() -> None:
    module = Problem("rnn").module()
    stack = Stack(module, "Adam / SGD(1e-4)", clipping="on")
    train(module, stack, Problem("rnn").batches(3))
    kept = stack.state["stack"]
    above = [*kept["upper_levels"], *kept["upper_grads"], *(t for s in kept["upper_states"] for t in s)]
    tensors = [*kept["rows"], kept["grad"], *(t for s in kept["clip"] for t in s), *above]
    assert len(tensors) > 6 and not any(t.requires_grad for t in tensors)


def test_a_sparse_gradient_is_an_error_that_names_the_parameter() -> None:
    module = nn.Embedding(4, 2, sparse=True)
    stack = Stack(module, "SGD / SGD(0.1)")
    module(torch.tensor([1])).sum().backward()
    with pytest.raises(RuntimeError, match=r"gradient of parameter weight is sparse.*sparse=False"):
        stack.step()


@pytest.mark.parametrize("stack", [3, None, ["SGD", "SGD"]])
def test_a_stack_that_is_none_is_an_error_at_once(stack: Any) -> None:
    with pytest.raises(TypeError, match=r"stack: given .*; allowed: notation, e.g. 'Adam / SGD\(1e-5\)'"):
        Stack(nn.Linear(1, 1), stack)


@pytest.mark.parametrize("clipping", [True, None, 1.0])
def test_a_clipping_that_is_none_is_an_error_at_once(clipping: Any) -> None:
    with pytest.raises(TypeError, match="clipping: given .*; allowed: a rule, e.g. 'off', 'on'"):
        Stack(nn.Linear(1, 1), "SGD / SGD", clipping=clipping)


def test_integers_that_a_module_holds_frozen_are_left_alone() -> None:
    module = nn.Linear(2, 1)
    module.codes = nn.Parameter(torch.arange(3), requires_grad=False)
    stack = Stack(module, "SGD(0.1) / SGD")
    module(torch.ones(1, 2)).sum().backward()
    stack.step()
    assert torch.equal(module.codes, torch.arange(3))


def test_what_takes_part_is_remembered_in_few_plans() -> None:
    parameters = [nn.Parameter(torch.zeros(2)) for _ in range(4)]
    stack = Stack(parameters, "SGD(0.1) / SGD")
    for number in range(1, 2**4):
        for bit, parameter in enumerate(parameters):
            parameter.grad = torch.ones(2) if number >> bit & 1 else None
        before = [parameter.detach().clone() for parameter in parameters]
        stack.step()
        moved = [not torch.equal(a, b) for a, b in zip(before, parameters, strict=True)]
        assert moved == [p.grad is not None for p in parameters]
    assert stack._rules is not None
    assert 0 < len(stack._rules[1].plans._kept) <= PLANS_KEPT


@pytest.mark.parametrize(
    ("modules", "error", "message"),
    [
        (list, ValueError, "no parameters to train"),
        (nn.ReLU, ValueError, "no parameters to train"),
        (lambda: 3, TypeError, "cannot train a int; allowed: a module"),
        (lambda: [{"params": [nn.Parameter(torch.ones(1))]}, 3], TypeError, "cannot train a dict"),
        (
            lambda: torch.ones(1, dtype=torch.complex64),
            TypeError,
            "parameter 0 is complex64; allowed: float16",
        ),
        (
            lambda: [nn.Linear(1, 1), nn.Linear(1, 1, device="meta")],
            RuntimeError,
            "parameter 1.weight is on meta, 0.weight on cpu",
        ),
    ],
)
def test_what_cannot_be_trained_is_said_at_once(
    modules: Callable[[], object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        Stack(modules(), "Adam / SGD(1e-5)")


@pytest.mark.parametrize(("stack", "clipping"), [("Adagard / SGD", "off"), ("Adam / SGD", "clip")])
def test_wrong_notation_is_an_error_in_words(stack: str, clipping: str) -> None:
    with pytest.raises(SpecError, match="unknown .* allowed: "):
        Stack(nn.Linear(1, 1), stack, clipping=clipping)


def test_a_foreign_state_is_refused_and_nothing_changed() -> None:
    module = nn.Linear(2, 2)
    stack = Stack(module, "Adam / SGD(1e-3)")
    with pytest.raises(ValueError, match="not the state of a hypercore.optim.Stack"):
        stack.load_state_dict(torch.optim.SGD(module.parameters()).state_dict())
    other = nn.Linear(3, 2)
    bigger = Stack(other, "SGD / SGD")
    other(torch.ones(1, 3)).sum().backward()
    bigger.step()
    with pytest.raises(ValueError, match="parameter weight has 4 numbers, the stack's state has 6"):
        stack.load_state_dict(bigger.state_dict())
    assert str(parse_stack("Adam / SGD(1e-3)").resolved) == stack.param_groups[0]["stack"]


def test_the_library_wants_torch_alone() -> None:
    code = (
        "import sys, torch; before = set(sys.modules); import hypercore.optim;"
        "print({m.split('.')[0] for m in set(sys.modules) - before} - set(sys.stdlib_module_names))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "{'hypercore'}"
