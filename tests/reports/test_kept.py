"""What is kept is what would be made, lies where only its owner reads it, and is never used when in doubt."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from reports import kept as module
from reports.kept import kept, key

TEXT = "∂E/∂X\nsecond line"


class Maker:
    """Counts how often a text is made."""

    def __init__(self, text: str = TEXT) -> None:
        self.text, self.count = text, 0

    def __call__(self) -> str:
        self.count += 1
        return self.text


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "backproof" / "texts"


def test_a_text_is_made_once(folder: Path) -> None:
    make = Maker()
    assert [kept(["a"], make), kept(["a"], make)] == [TEXT, TEXT]
    assert make.count == 1
    assert folder.stat().st_mode & 0o777 == 0o700


def test_another_request_is_another_text(folder: Path) -> None:
    make = Maker()
    kept({"a": 1}, make)
    kept({"a": 2}, make)
    assert make.count == 2


def test_it_is_made_again_when_asked(folder: Path) -> None:
    make = Maker()
    kept("a", make)
    kept("a", make, again=True)
    assert make.count == 2


def test_code_that_has_changed_has_another_key(monkeypatch: pytest.MonkeyPatch) -> None:
    before = key("a")
    assert key("a") == before
    changed = list(module._files())
    path, size, time = changed[0]
    for other in ((path, size + 1, time), (path, size, time + 1), ("new.py", size, time)):
        monkeypatch.setattr(module, "_files", lambda other=other: [other, *changed[1:]])
        assert key("a") != before


def test_every_source_file_has_a_say() -> None:
    root = Path(__file__).resolve().parents[2]
    told = {Path(path) for path, _, _ in module._files()}
    assert {p for room in module.ROOMS for p in (root / room).rglob("*.py")} <= told
    assert any("sympy" in path.parts for path in told)


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def changed(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"second", b"third!"))


def not_text(path: Path) -> None:
    path.write_bytes(b"\xff\xfe\x00")


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("damage", [truncated, changed, not_text, empty])
def test_a_damaged_file_counts_as_absent(damage: Callable[[Path], None], folder: Path) -> None:
    make = Maker()
    kept("a", make)
    (path,) = folder.iterdir()
    damage(path)
    assert kept("a", make) == TEXT
    assert make.count == 2
    assert kept("a", make) == TEXT
    assert make.count == 2


@pytest.mark.skipif(os.name != "posix", reason="modes are those of POSIX")
def test_a_folder_that_others_may_write_is_not_used(folder: Path) -> None:
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    make = Maker()
    kept("a", make)
    kept("a", make)
    assert make.count == 2
    assert list(folder.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="owners are those of POSIX")
def test_a_folder_of_somebody_else_is_not_used(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make = Maker()
    kept("a", make)
    monkeypatch.setattr(os, "getuid", lambda: folder.stat().st_uid + 1)
    kept("a", make)
    assert make.count == 2


def test_a_link_in_the_place_of_the_folder_is_not_followed(folder: Path, tmp_path: Path) -> None:
    folder.parent.mkdir()
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    folder.symlink_to(tmp_path / "elsewhere")
    make = Maker()
    kept("a", make)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_file_in_the_place_of_the_folder_does_no_harm(folder: Path) -> None:
    folder.parent.write_text("a file")
    assert kept("a", Maker()) == TEXT


def test_only_so_many_are_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 3)
    for k in range(6):
        kept(k, Maker())
    assert len(list(folder.iterdir())) == 3
    last = Maker()
    kept(5, last)
    assert last.count == 0
