"""Loop programs, run on exact numbers, are the formulas they are written from, whatever the schedule."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from derive.expressions.expr import Binder, Binding, Entry, Expr
from derive.expressions.index import Index, index
from derive.expressions.substitution import substitute
from numeric.backend import Formula, cotangent, forward_formulas, gradient_formula
from numeric.kernels import kernel
from numeric.nests.alpha import by_height
from numeric.nests.lanes import vectorised
from numeric.nests.nest import Nest, Output, Schedule, write
from numeric.nests.registers import Register, in_lanes, row_major
from numeric.nests.statements import Block, If, Let, Load, Loop, Statement, Store, Update, flat
from numeric.reference import Reference
from tests.numeric.laws import LAWS, Law, integers
from tests.numeric.loop_programs import rational, run
from tests.numeric.small_cases import CASES, Case


@dataclass(frozen=True)
class World:
    """The formulas of an operation on numbers: those of the forward pass and of every gradient, and what they mean."""

    names: Mapping[str, int]
    formulas: tuple[Formula, ...]
    extents: Mapping[str, tuple[Index, ...]]
    integers: frozenset[str]
    values: Mapping[str, np.ndarray]


def world(op: str, settings: Mapping[str, Any], tensors: list[Any], numbers: bool = False) -> World:
    """The formulas of an operation on these tensors; its sizes are put in as `numbers`, or stay symbols."""
    k = kernel(op, "reference", **settings)
    users = {t.name: x for t, x in zip(k.takes.inputs, tensors, strict=False) if x is not None}
    own, frame = k._frame(users)
    law, names = own.op, {n: int(v) for n, v in frame.binding.names.items()}
    put_in = {n: index(v) for n, v in names.items()} if numbers else {}
    forward = [put(f, put_in) for f in forward_formulas(law)]
    gradients = [put(gradient_formula(law, t), put_in) for t in law.differentiable]
    arrays = {t: x.astype(object) for t, x in frame.inward(users).items()}
    arrays[cotangent(law)] = integers(frame.binding.inner_shape(law.output), 9).astype(object)
    labels = frozenset(t.name for t in law.inputs if t.integer)
    meaning = Reference(names, arrays, labels, {f.target: (f.axes, rational(f.body)) for f in forward})
    values = arrays | {f.target: meaning.value(f.axes, rational(f.body)) for f in (*forward, *gradients)}
    axes = {t.name: t.axes for t in law.tensors} | {f.target: f.axes for f in (*forward, *gradients)}
    axes[cotangent(law)] = law.output.axes
    extents = {t: tuple(b.extent.substitute(put_in) for b in own_axes) for t, own_axes in axes.items()}
    return World({} if numbers else names, (*forward, *gradients), extents, labels, values)


def put(f: Formula, numbers: Mapping[str, Index]) -> Formula:
    axes = tuple(Binder(b.name, b.extent.substitute(numbers)) for b in f.axes)
    return Formula(f.target, axes, substitute(f.body, numbers))


def nest_of(f: Formula, change: Callable[[Expr], Expr] = lambda e: e) -> Nest:
    target = Entry(f.target, tuple(index(b.name) for b in f.axes))
    return Nest(f.target, f.axes, (Output(target, change(f.body)),))


def registers_of(w: World) -> dict[str, Register]:
    return {t: row_major(t, i, "integer" if t in w.integers else "real") for t, i in w.extents.items()}


def computed(w: World, target: str, block: Block) -> list[Any]:
    """What a program leaves in the memory of its target, which held nothing before."""
    memory = {t: list(x.reshape(-1)) for t, x in w.values.items()}
    memory[target] = [None] * len(memory[target])
    run(block, memory, w.names)
    return memory[target]


def in_order(axes: tuple[str, ...]) -> Schedule:
    return Schedule(axes, unroll=1)


def blocked(axes: tuple[str, ...]) -> Schedule:
    """Blocks of three by two, short sums written out."""
    return Schedule(axes, dict(zip(axes[-2:], (3, 2), strict=False)), unroll=6)


def last_written_out(axes: tuple[str, ...]) -> Schedule:
    """No loop over the last axis, whose entries are computed two by two; the others turned around."""
    return Schedule(axes[:-1][::-1], dict.fromkeys(axes[-1:], 2), unroll=64)


SCHEDULES = (in_order, blocked, last_written_out)


def differing(w: World, schedules: tuple[Callable[..., Schedule], ...]) -> Iterator[str]:
    """The formulas whose program gives other numbers than they mean."""
    registers = registers_of(w)
    for f in w.formulas:
        for schedule in schedules:
            block = write(nest_of(f), schedule(tuple(b.name for b in f.axes)), registers)
            if computed(w, f.target, block) != list(w.values[f.target].reshape(-1)):
                yield f"{f.target} {schedule.__name__}"


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_operation_is_exact_under_every_schedule_of_sizes_that_are_numbers(case: Case) -> None:
    w = world(case.op, case.settings, case.tensors(seed=1), numbers=True)
    assert list(differing(w, SCHEDULES)) == []


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_operation_is_exact_where_sizes_are_symbols(case: Case) -> None:
    w = world(case.op, case.settings, case.tensors(seed=2))
    assert list(differing(w, (in_order,))) == []


@pytest.mark.parametrize("law", LAWS, ids=str)
def test_own_laws_are_exact_with_numbers_and_with_symbols(law: Law) -> None:
    inputs = kernel(law.text, "reference", **law.settings).op.inputs
    tensors = [integers(law.shapes[t.name], n) for n, t in enumerate(inputs)]
    for numbers, schedules in ((False, (in_order,)), (True, SCHEDULES)):
        w = world(law.text, law.settings, tensors, numbers)
        assert list(differing(w, schedules)) == []


def test_renaming_what_is_bound_changes_no_number() -> None:
    w = world("softmax", {}, [integers((3, 4), 1)], numbers=True)
    registers = registers_of(w)
    for f in w.formulas:
        block = write(nest_of(f, by_height), blocked(tuple(b.name for b in f.axes)), registers)
        assert computed(w, f.target, block) == list(w.values[f.target].reshape(-1))


@pytest.mark.parametrize("numbers", [False, True], ids=["symbols", "numbers"])
def test_a_fraction_that_an_index_is_compared_with_is_not_rounded(numbers: bool) -> None:
    w = world("O[i] = X[i]*[i<=3/2]; X[i<N]", {}, [integers((5,), 1)], numbers)
    assert list(differing(w, (in_order,))) == []


# -- the comparison itself ---------------------------------------------------------------------------------------------


def damaged(block: Block) -> Iterator[tuple[str, Block]]:
    """A program with one statement changed, for every statement of it that can be."""
    count = len(list(flat(block)))
    for k in range(count):
        yield from _damaged(block, k)


def _damaged(block: Block, k: int) -> Iterator[tuple[str, Block]]:
    for change in (_later, _left_out):
        left = [k]
        made = _rebuilt(block, left, change)
        if made is not None:
            yield f"{k} {change.__name__}", made


def _rebuilt(block: Block, left: list[int], change: Callable[[Statement], list[Statement] | None]) -> Block | None:
    body: list[Statement] = []
    for s in block.body:
        left[0] -= 1
        if left[0] == -1:
            changed = change(s)
            if changed is None:
                return None
            body += changed
        elif isinstance(s, Block):
            inner = _rebuilt(s, left, change)
            if inner is None:
                return None
            body.append(inner)
        else:
            body.append(s)
    return replace(block, body=body)


def _later(s: Statement) -> list[Statement] | None:
    match s:
        case Load() | Store():
            return [replace(s, offset=s.offset + 1)]
        case Loop():
            return [replace(s, starts=(*s.starts, index(1)))]
        case Let(operation="divides" | "inside" | "=="):
            return [replace(s, operands=(s.operands[0], index(1)))]
    return None


def _left_out(s: Statement) -> list[Statement] | None:
    return [] if isinstance(s, Update | Store) else s.body if isinstance(s, If) else None


@pytest.mark.parametrize("name", ["dE/dX", "dE/dF", "O"])
def test_a_damaged_program_gives_other_numbers_or_none(name: str) -> None:
    case = next(c for c in CASES if c.op == "conv2d" and c.settings.get("stride") == (2, 3))
    w = world(case.op, case.settings, case.tensors(seed=1))
    f = next(f for f in w.formulas if f.target == name)
    block = write(nest_of(f), in_order(tuple(b.name for b in f.axes)), registers_of(w))
    right = list(w.values[name].reshape(-1))
    assert computed(w, name, block) == right
    survivors = []
    for what, program in damaged(block):
        try:
            if computed(w, name, program) == right:
                survivors.append(what)
        except (AssertionError, TypeError):
            pass  # a read or a write outside, or an entry that nothing was stored to
    assert survivors == []


# -- what programs look like -------------------------------------------------------------------------------------------


def program(op: str, target: str, schedule: Callable[..., Schedule], **settings: Any) -> list[Statement]:
    case = next(c for c in CASES if c.op == op and c.settings == settings)
    w = world(case.op, case.settings, case.tensors(), numbers=True)
    f = next(f for f in w.formulas if f.target == target)
    return list(flat(write(nest_of(f), schedule(tuple(b.name for b in f.axes)), registers_of(w))))


@pytest.mark.parametrize("target", ["O", "dE/dX", "dE/dF"])
def test_guards_of_a_convolution_of_known_sizes_become_limits(target: str) -> None:
    found = program("conv2d", target, in_order)
    assert not any(isinstance(s, If) for s in found)


def test_windows_that_tile_their_input_need_no_guard_where_their_entries_are_written_out() -> None:
    def tiled(axes: tuple[str, ...]) -> Schedule:
        return Schedule(axes, dict.fromkeys(axes[-2:], 2))

    found = program("avg_pool2d", "dE/dX", tiled, kernel_size=2)
    assert sum(isinstance(s, If) for s in found) <= 1  # the rest of an odd height lies in no window


def test_entries_computed_together_share_their_loads() -> None:
    apart, together = (program("linear", "O", s) for s in (in_order, blocked))
    loads = [sum(isinstance(s, Load) for s in p) for p in (apart, together)]
    updates = [sum(isinstance(s, Update) for s in p) for p in (apart, together)]
    assert loads[1] * updates[0] < loads[0] * updates[1]


# -- lanes -------------------------------------------------------------------------------------------------------------

WIDTH = 4


@pytest.mark.parametrize("target", ["O", "dE/dX", "dE/dF", "dE/db"])
def test_samples_in_lanes_give_the_same_numbers(target: str) -> None:
    shapes = ((2 * WIDTH, 2, 5, 4), (3, 2, 2, 3), (3,))
    w = world("conv2d", {"padding": 1}, [integers(s, n) for n, s in enumerate(shapes)], numbers=True)
    f = next(f for f in w.formulas if f.target == target)
    spread = {"X", "O", "dE/dO", "dE/dX"}
    registers = registers_of(w) | {t: in_lanes(t, w.extents[t], 0, WIDTH) for t in spread}
    nest = vectorised(nest_of(f), registers, dict.fromkeys(spread, 0), WIDTH)
    block = write(nest, blocked(tuple(b.name for b in f.axes)), registers)
    memory = {t: laid(x) if t in spread else list(x.reshape(-1)) for t, x in w.values.items()}
    memory[target] = [None] * len(memory[target])
    run(block, memory, {}, WIDTH)
    right = w.values[target]
    assert memory[target] == (laid(right) if target in spread else list(right.reshape(-1)))


def laid(x: np.ndarray) -> list[Any]:
    """[n // width, ..., n % width]."""
    return list(np.moveaxis(x.reshape(-1, WIDTH, *x.shape[1:]), 1, -1).reshape(-1))


def test_a_read_between_lanes_is_refused() -> None:
    w = world("max_pool1d", {"kernel_size": 2}, [integers((2, 2, 4), 1)], numbers=True)
    registers = registers_of(w) | {"X": in_lanes("X", w.extents["X"], 2, 2)}
    with pytest.raises(ValueError, match="a read between lanes"):
        vectorised(nest_of(w.formulas[0]), registers, {"X": 2}, 2)


def test_equal_sums_get_equal_names() -> None:
    w = world("O[i] = (sum[p] X[i,p]*X[i,p])*(sum[q] X[i,q]*X[i,q])", {}, [integers((3, 4), 1)], numbers=True)
    named = by_height(w.formulas[0].body)
    assert len({p for p in named.parts if isinstance(p, Binding)}) == 1
