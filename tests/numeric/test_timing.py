"""Tasks that are compared take turns, and their medians are told."""

import pytest

from numeric import timing
from numeric.timing import interleaved


def test_tasks_take_turns_and_medians_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    turns: list[str] = []
    clock = iter([0, 1, 1, 3, 10, 15, 15, 17, 20, 21, 21, 23])
    monkeypatch.setattr(timing, "perf_counter", lambda: float(next(clock)))
    seen: list[tuple[int, int]] = []
    tasks = {"a": lambda: turns.append("a"), "b": lambda: turns.append("b")}
    assert interleaved(tasks, 3, lambda *at: seen.append(at)) == {"a": 1.0, "b": 2.0}
    assert turns == ["a", "b"] * 3
    assert seen[-1] == (6, 6)


def test_no_round_is_refused() -> None:
    with pytest.raises(ValueError, match="expected at least 1"):
        interleaved({}, 0)
