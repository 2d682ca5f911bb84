"""A download is checked, kept and repaired; without a network there is one clear line."""

import gzip
import threading
from collections.abc import Iterator
from functools import partial
from hashlib import sha256
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from numeric.training.download import fetch
from numeric.training.idx import DataError

CONTENT = {"one": b"the first file", "two": b"the second file"}
SUMS = {name: sha256(content).hexdigest() for name, content in CONTENT.items()}


class Handler(SimpleHTTPRequestHandler):
    """Serves a folder and keeps the paths that were asked for."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        super().do_GET()

    def log_message(self, *_: object) -> None:
        pass


class Mirror:
    """A server on this machine, with the folder it serves and what it was asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: list[str] = []
        handler = type("Recording", (Handler,), {"asked": self.asked})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(folder)))
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def put(self, **contents: bytes) -> None:
        for name, content in contents.items():
            (self.folder / f"{name}.gz").write_bytes(gzip.compress(content))


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    (tmp_path / "mirror").mkdir()
    mirror = Mirror(tmp_path / "mirror")
    thread = threading.Thread(target=mirror.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield mirror
    mirror.server.shutdown()
    thread.join()
    mirror.server.server_close()


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def test_files_are_fetched_once(mirror: Mirror, cache: Path) -> None:
    mirror.put(**CONTENT)
    for _ in range(2):
        assert fetch(SUMS, [mirror.url], cache) == cache
    assert mirror.asked == ["/one.gz", "/two.gz"]
    assert {name: gzip.decompress((cache / f"{name}.gz").read_bytes()) for name in CONTENT} == CONTENT


@pytest.mark.parametrize(
    "damage",
    [b"", b"dirt", gzip.compress(b"another file"), gzip.compress(CONTENT["one"])[:-9]],
    ids=["nothing", "dirt", "another file", "cut off"],
)
def test_a_damaged_file_in_the_cache_is_fetched_again(mirror: Mirror, cache: Path, damage: bytes) -> None:
    mirror.put(**CONTENT)
    fetch(SUMS, [mirror.url], cache)
    (cache / "one.gz").write_bytes(damage)
    fetch(SUMS, [mirror.url], cache)
    assert mirror.asked == ["/one.gz", "/two.gz", "/one.gz"]
    assert gzip.decompress((cache / "one.gz").read_bytes()) == CONTENT["one"]


def test_a_mirror_that_fails_is_followed_by_the_next(mirror: Mirror, cache: Path) -> None:
    mirror.put(**CONTENT)
    fetch(SUMS, [f"{mirror.url}/nowhere", mirror.url], cache)
    assert (cache / "two.gz").exists()


def test_wrong_content_is_refused_and_not_kept(mirror: Mirror, cache: Path) -> None:
    mirror.put(one=b"something else", two=CONTENT["two"])
    with pytest.raises(DataError, match=r"one\.gz: could not be fetched .*wrong content.*expected sha256"):
        fetch(SUMS, [mirror.url], cache)
    assert not (cache / "one.gz").exists()


def test_without_a_network_there_is_one_line_with_a_remedy(cache: Path) -> None:
    with pytest.raises(DataError, match=r"ConnectionError.*check the network, or give a directory") as caught:
        fetch(SUMS, ["http://127.0.0.1:9/closed"], cache)
    assert "\n" not in str(caught.value)


def test_a_cache_that_cannot_be_written_is_one_line(mirror: Mirror, cache: Path) -> None:
    mirror.put(**CONTENT)
    cache.write_text("a file where the folder should be")
    with pytest.raises(DataError, match="could not be fetched"):
        fetch(SUMS, [mirror.url], cache)
