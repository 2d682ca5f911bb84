"""Single operations are compared before they are timed: bit for bit on integers, else within a bound of rounding."""

from __future__ import annotations

import numpy as np
import pytest

from numeric.bench import operations
from numeric.bench.operations import ROUNDED, agrees, compare_operations, rounding
from numeric.bench.single import SINGLE, Compiled, integers
from numeric.bench.torch_operations import CALLS, exact
from tests.numeric.backends import needs_compiler


def quiet(done: int, total: int, what: str) -> None:
    """Nobody looks."""


@needs_compiler
def test_every_operation_agrees_with_aten_and_has_a_row() -> None:
    found = compare_operations(3, 2, 1, quiet)
    assert found["refuted"] == []
    assert [o["name"] for o in found["operations"]] == list(SINGLE) == list(CALLS)
    for o in found["operations"]:
        assert "cpp" in o["ms"]
        assert len(o["ms"]) > 1
        assert o["times_best_aten"] > 0
    assert found["sgemm_gflops"] > 0


@needs_compiler
@pytest.mark.parametrize("name", ["dE/dX of linear", ROUNDED])
def test_another_result_is_named_and_nothing_is_timed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    right = Compiled.__call__
    monkeypatch.setattr(Compiled, "__call__", lambda self: right(self) * np.float32(1.001))
    monkeypatch.setattr(operations, "measured", None)
    found = compare_operations(3, 1, 1, quiet, [name])
    assert found["refuted"] == [f"{name}: cpp"]
    assert found["operations"] == []


def test_what_is_not_a_number_or_of_another_shape_does_not_agree() -> None:
    one = np.ones(2)
    assert agrees(one, one, np.zeros(2))
    assert not agrees(one * np.nan, one, np.ones(2))
    assert not agrees(np.ones(1), one, np.ones(2))


def test_the_numbers_give_results_that_are_not_zero_and_a_bound_that_is_small() -> None:
    for name, build in SINGLE.items():
        assert exact(name, integers(build(), 3)).any(), name
    arrays = integers(SINGLE[ROUNDED](), 3)
    assert 0 < rounding(arrays).max() < np.abs(exact(ROUNDED, arrays)).max() * 2**-12
