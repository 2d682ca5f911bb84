"""`python -m numeric.bench step`, or `ops`: a measurement as JSON on stdout; its arguments say all that it does."""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import Any

from derive.errors import BackproofError
from derive.networks.network import NETWORKS
from numeric.bench.operations import compare_operations
from numeric.bench.step import compare_steps

LIMITS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def main() -> int:
    """Measure as the arguments say; 1 where somebody's parameters differ, 2 for arguments that cannot be."""
    parser = argparse.ArgumentParser(prog="python -m numeric.bench", description=__doc__)
    parser.add_argument("what", choices=("step", "ops"))
    parser.add_argument("--network", default="lenet", choices=tuple(NETWORKS))
    parser.add_argument("--backends", default="cpp,torch,numpy,eager,compile")
    parser.add_argument("--batch", default="1,32,64,256,1024")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1)
    asked = parser.parse_args()
    _limit(asked.threads)
    try:
        found = _measured(asked)
    except BackproofError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    json.dump(found, sys.stdout, indent=1, allow_nan=False)
    return int(bool(found["refuted"]))


def _measured(asked: argparse.Namespace) -> dict[str, Any]:
    batches = [int(n) for n in asked.batch.split(",")]
    if asked.what == "ops":
        return compare_operations(batches[0], asked.rounds, asked.threads, _note)
    graph = NETWORKS[asked.network].build()
    return compare_steps(graph, asked.backends.split(","), batches, asked.rounds, asked.threads, _note)


def _limit(threads: int) -> None:
    """Libraries read how many threads they may use when they are loaded: begin anew where that was another number."""
    wanted = dict.fromkeys(LIMITS, str(threads))
    if {name: os.environ.get(name) for name in LIMITS} != wanted:
        os.execve(sys.executable, [sys.executable, "-m", "numeric.bench", *sys.argv[1:]], {**os.environ, **wanted})  # noqa: S606


def _note(done: int, total: int, what: str) -> None:
    """Where a person watches: how far it is."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\033[K{what}: {done} of {total}")
        sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
