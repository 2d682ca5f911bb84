"""Files from public mirrors, fetched once into the user's cache and checked against known sums on every use."""

import gzip
import logging
import zlib
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from numeric.training.idx import LARGEST, DataError

MNIST_MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist",
    "https://storage.googleapis.com/cvdf-datasets/mnist",
)
TIMEOUT = 30  # seconds without an answer
log = logging.getLogger(__name__)


def fetch(sums: Mapping[str, str], mirrors: Sequence[str] = MNIST_MIRRORS, cache: Path | None = None) -> Path:
    """The directory with `NAME.gz` for every name of `sums`, whose uncompressed content has the given sha256.

    What is in the cache and whole is not fetched again; what is damaged is.
    Raises: DataError if no mirror gives a file with the right content.
    """
    import pooch

    directory = cache or Path(pooch.os_cache("backproof")) / "mnist"
    for name, expected in sums.items():
        path = directory / f"{name}.gz"
        if not (path.is_file() and _sum_of_content(path) == expected):
            _fetch_one(name, expected, mirrors, path)
    return directory


def _fetch_one(name: str, expected: str, mirrors: Sequence[str], path: Path) -> None:
    import pooch

    pooch.get_logger().setLevel(logging.WARNING)  # its hint about sums is for programmers
    failures = []
    for mirror in mirrors:
        log.info("downloading %s.gz from %s", name, mirror)
        try:
            path.unlink(missing_ok=True)
            downloader = pooch.HTTPDownloader(timeout=TIMEOUT)
            pooch.retrieve(f"{mirror}/{name}.gz", None, fname=path.name, path=path.parent, downloader=downloader)
            got = _sum_of_content(path)
        except OSError as error:  # the base class of every error of the network
            failures.append(f"{mirror}: {type(error).__name__}")
            continue
        if got == expected:
            return
        path.unlink()
        failures.append(f"{mirror}: wrong content, sha256 {got[:12]}...")
    raise DataError(
        f"{name}.gz: could not be fetched ({'; '.join(failures)}), expected sha256 {expected[:12]}...; "
        "check the network, or give a directory with MNIST's four idx files"
    )


def _sum_of_content(path: Path) -> str:
    """The sha256 of what a gzip file holds, up to the largest size ever read; a damaged file has no sum."""
    digest = sha256()
    try:
        with gzip.open(path, "rb") as stream:
            for _ in range(0, LARGEST, 1 << 20):
                block = stream.read(1 << 20)
                if not block:
                    break
                digest.update(block)
    except (OSError, EOFError, zlib.error):
        return "none: the file is damaged"
    return digest.hexdigest()
