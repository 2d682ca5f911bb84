"""Schedules that are chosen by cost: each computes the same, none wants more sums than stay in registers."""

from functools import cache
from math import prod

import pytest

from derive.expressions.index import index
from numeric.nests.cost import Machine, cost
from numeric.nests.nest import Nest, Schedule, write
from numeric.nests.schedule import best
from numeric.nests.statements import Begin, Block, Load, Loop, Value, flat
from tests.numeric.laws import integers
from tests.numeric.test_nests import World, computed, nest_of, registers_of, world

MACHINE = Machine(bytes=64, accumulators=12)


@cache
def convolution() -> World:
    return world("conv2d", {"padding": 1}, [integers((2, 2, 5, 6), 1), integers((3, 2, 3, 3), 2), None], numbers=True)


def chosen(target: str) -> tuple[Nest, list[Schedule]]:
    formula = next(f for f in convolution().formulas if f.target == target)
    return nest_of(formula), best(nest_of(formula), registers_of(convolution()), MACHINE)


@pytest.mark.parametrize("target", ["O", "dE/dX", "dE/dF"])
def test_every_schedule_that_may_be_chosen_computes_the_formula(target: str) -> None:
    nest, schedules = chosen(target)
    assert len(schedules) > 1
    for s in schedules:
        block = write(nest, s, registers_of(convolution()))
        assert computed(convolution(), target, block) == convolution().values[target].reshape(-1).tolist(), s


def test_the_cheapest_schedule_computes_several_entries_in_a_turn_and_keeps_their_sums_in_registers() -> None:
    nest, (first, *_) = chosen("O")
    assert 1 < prod(first.together.values()) <= MACHINE.accumulators
    one_by_one = Schedule(tuple(b.name for b in nest.axes))
    registers = registers_of(convolution())
    assert cost(write(nest, first, registers), MACHINE) < cost(write(nest, one_by_one, registers), MACHINE)


def test_a_sum_too_many_costs_more_than_all_that_it_saves() -> None:
    nest, _ = chosen("O")
    axes, registers = tuple(b.name for b in nest.axes), registers_of(convolution())
    fits, spills = (write(nest, Schedule(axes, {"i": 5, "j": n}), registers) for n in (2, 6))
    assert max(sum(isinstance(s, Begin) for s in b.body) for b in flat(spills) if isinstance(b, Block)) == 30
    assert cost(spills, MACHINE) > cost(fits, MACHINE)


def test_vectors_that_the_turn_before_has_read_are_read_for_less() -> None:
    def reading(offset: int) -> Block:
        vectors = (Value(f"x_{k}", "real", lanes=True) for k in range(2))
        loads = [Load(x, "X", 16 * index("j") + k * offset) for k, x in enumerate(vectors)]
        return Block([Loop(name="j", starts=(index(0),), stops=(index(10),), body=[*loads])])

    assert cost(reading(16), MACHINE) < cost(reading(16 * 100), MACHINE)
