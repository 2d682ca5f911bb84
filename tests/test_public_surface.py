"""The public surface holds, and the script that tells so would notice if it did not."""

from collections.abc import Callable

import pytest

from tests import public_surface
from tests.public_surface import PARTS


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.__name__)
def test_the_public_surface_holds(part: Callable[[], None]) -> None:
    part()


def test_a_part_that_does_not_hold_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def a_part_that_fails() -> None:
        raise AssertionError("on purpose")

    monkeypatch.setattr(public_surface, "PARTS", (a_part_that_fails,))
    assert public_surface.main() == 1
    assert "a part that fails: FAILS: AssertionError: on purpose" in capsys.readouterr().out
