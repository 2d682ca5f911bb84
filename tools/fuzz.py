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
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import FunctionType

import derive
from derive.checker import Malformed, Refuted, verdicts
from derive.errors import BackproofError
from derive.language.latex import looks_like_latex, to_notation
from derive.language.notation import parse_expr, parse_index
from derive.language.show import show
from numeric.audit import derivation_text
from numeric.audit.derivation_subject import prepared
from numeric.audit.formula import claimed
from reports.mathematics.latex import latex as in_latex

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


def latex(text: str) -> None:
    looks_like_latex(text)
    to_notation(text, CONV)


def claim(text: str) -> None:
    claimed(text, CONV)


def derivation(text: str) -> None:
    subject = prepared(derivation_text.read(text, "input"), None, {})
    reader = subject.reader
    for side in (side for s in subject.statements for side in (s.left, s.right) if side):
        examine(lambda own: reader.closed(reader.parse(own)), side)


CONV = derive.op("conv2d")
READERS: dict[str, Callable[[str], object]] = {
    "law": law,
    "expression": parse_expr,
    "index": parse_index,
    "certificate": certificate,
    "latex": latex,
    "claim": claim,
    "derivation": derivation,
}
REFUSALS = (BackproofError, Malformed, Refuted)


def seeds(reader: str) -> Iterable[str]:
    """Inputs that are right, from which others grow."""
    laws = [derive.op(name) for name in ("conv2d", "max_pool2d", "softmax", "cross_entropy", "batch_norm")]
    if reader == "law":
        return [op.text for op in laws]
    if reader == "derivation":
        return [path.read_text() for path in sorted((ROOT / "tests" / "audit").glob("*.md"))]
    derivations = [derive.gradient(op, op.differentiable[0].name) for op in laws]
    if reader == "latex":
        return [rf"\frac{{\partial E}}{{\partial X_{{i}}}} = {in_latex(d.formula)}" for d in derivations]
    if reader == "claim":
        return [f"{show(d.target)} = {show(d.formula)}" for d in derivations]
    if reader == "certificate":
        return [json.dumps(d.certificate()) for d in derivations]
    return [line.partition("=")[2].rpartition("    [")[0] for d in derivations for line in str(d).splitlines()]


def own_functions() -> Iterator[FunctionType]:
    """Every function and method of derive and numeric that is loaded: what the inputs are to reach."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in ("derive", "numeric"):
            for owner in (module, *(c for c in vars(module).values() if isinstance(c, type) and c.__module__ == name)):
                found = [f for f in vars(owner).values() if isinstance(f, FunctionType)]
                yield from (f for f in found if f.__module__ == name)


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
    for function in own_functions():
        atheris.instrument_func(function)
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
