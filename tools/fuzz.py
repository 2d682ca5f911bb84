"""Feeds the readers of text whatever reaches new code: `python tools/fuzz.py READER [--seconds N] [--corpus FOLDER]`.

A reader may return or refuse with an error of ours; anything else, a hang included, ends the run with exit code 1 and
the input in a file. Coverage guides the inputs (atheris, `pip install 'backproof[fuzz]'`); they grow from the project's
own laws, formulas, certificates and derivations.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

import derive
from derive.checker import Malformed, Refuted, verdicts
from derive.errors import BackproofError
from derive.language.notation import parse_expr, parse_index

ROOT = Path(__file__).resolve().parents[1]
SLOWEST = 10  # seconds that a single input may take
LONGEST = {"certificate": 100_000}  # bytes of an input; others as below
SHORT = 2_000


def law(text: str) -> None:
    derive.op(text)


def certificate(text: str) -> None:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return
    verdicts(data)


READERS: dict[str, Callable[[str], object]] = {
    "law": law,
    "expression": parse_expr,
    "index": parse_index,
    "certificate": certificate,
}
REFUSALS = (BackproofError, Malformed, Refuted)


def seeds(reader: str) -> Iterable[str]:
    """Inputs that are right, from which others grow."""
    laws = [derive.op(name) for name in ("conv2d", "max_pool2d", "softmax", "cross_entropy", "batch_norm")]
    if reader == "law":
        return [op.text for op in laws]
    derivations = [derive.gradient(op, op.differentiable[0].name) for op in laws]
    if reader == "certificate":
        return [json.dumps(d.certificate()) for d in derivations]
    return [line.partition("=")[2].rpartition("[")[0] for d in derivations for line in str(d).splitlines()]


def examine(read: Callable[[str], object], text: str) -> None:
    """Read a text. Raises: whatever is no refusal."""
    try:
        read(text)
    except REFUSALS as error:
        if len(str(error)) > SHORT:
            raise AssertionError(f"a refusal of {len(str(error))} characters") from error


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("reader", choices=READERS, nargs="?")
    parser.add_argument("--list", action="store_true", help="name the readers")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--corpus", type=Path, help="a directory of inputs, kept and extended; else a temporary one")
    asked = parser.parse_args()
    if asked.list or asked.reader is None:
        print(*READERS, sep="\n")
        return
    try:
        import atheris
    except ImportError:
        sys.exit("fuzz: atheris is not installed; install it: pip install 'backproof[fuzz]'")
    corpus = asked.corpus or Path(tempfile.mkdtemp(prefix="backproof-fuzz-"))
    corpus.mkdir(parents=True, exist_ok=True)
    for k, text in enumerate(seeds(asked.reader)):
        (corpus / f"seed{k}").write_text(text)
    read = READERS[asked.reader]
    atheris.instrument_all()
    limits = [
        f"-max_total_time={asked.seconds}",
        f"-timeout={SLOWEST}",
        f"-max_len={LONGEST.get(asked.reader, SHORT)}",
        "-print_final_stats=1",
    ]
    atheris.Setup([sys.argv[0], *limits, str(corpus)], lambda data: examine(read, data.decode("utf-8", "replace")))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
