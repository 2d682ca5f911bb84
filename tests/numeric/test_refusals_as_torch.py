"""What torch refuses is refused here, in one clear line before any work; what torch takes beyond that has a reason."""

import re
import warnings
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch

from derive.catalogue import names, variants
from derive.errors import BackproofError
from numeric.calling.binding import Binding
from numeric.checks.samples import draw
from numeric.kernels import kernel
from numeric.oracle import CALLS
from numeric.printing.printed import PrintedFunctions
from tests.numeric.mutated_calls import Call, call_of, mutated

ANY = ".*"
LAWS = 6
"""About so many laws of an operation are tried, evenly among all."""

BEYOND_TORCH = [
    (ANY, r": int64$", "integers are taken everywhere, so that kernels can be compared bit for bit"),
    (r"lp_pool[23]d", r"kernel_size=\(\d,\)", "a tuple of one is one number for every axis, as it is for all others"),
]
"""Operations and changes that torch refuses and that are taken here."""

BEYOND_THE_NOTATION = [
    (ANY, r": bool$|: complex$", "numbers are float32, float64 or int64"),
    (ANY, r": (int64|float32|float64)$", "all real tensors of a call have one dtype, labels are integers"),
    (ANY, r"axis \d empty", "extents are at least 1 in every proof and every kernel"),
    (ANY, r"=nan for", "arguments are finite numbers"),
    ("add|mse_loss", r": (an|two|three) ax|: no axis|of one", "nothing is repeated without being written"),
    ("linear", r"(weight|bias): (an axis less|no axis)|bias: .*(of one|more)", "tensors have the axes of the law"),
    ("flatten", r": .* ax(is|es) (more|less)", "tensors have the axes of the law"),
    ("batch_norm|layer_norm|cross_entropy", r"(weight|bias|running_.*): .* more$", "tensors have the axes of the law"),
    ("prelu", r"weight: (an axis less|no axis)", "tensors have the axes of the law"),
    ("softmax|log_softmax", r": no axis|axis less", "softmax runs over an axis"),
    ("conv.*", r"padding=\(\(\d, \d\),", "pairs of padding are no argument of torch: they are checked by us alone"),
    (r"avg_pool\dd", r"divisor_override=", "a divisor is a whole number of at least 1"),
    (r".*_pool\dd", r"stride=\(\)", "a stride is a number, or one an axis"),
    (r"lp_pool\dd", r"norm_type=-", "a negative power has no value at 0"),
    ("softmax|log_softmax", r"dim=None", "torch warns of the axis that it chooses by itself"),
    ("cross_entropy", r"label_smoothing=-", "a share is at least 0"),
    ("batch_norm|layer_norm", r"eps=(0|-)", "without it a spread of 0 would be divided by"),
]
"""Operations and changes that torch takes and that are refused here, each with its reason."""


def by_torch(c: Call) -> tuple[int, ...] | None:
    """The shape of what torch gives, or None where it refuses."""
    tensors = {n: None if x is None else torch.from_numpy(np.array(x, order="C")) for n, x in c.tensors.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return tuple(CALLS[c.name](tensors, dict(c.settings)).shape)
        except (RuntimeError, TypeError, ValueError, IndexError, ZeroDivisionError, AttributeError, OverflowError):
            return None


@pytest.fixture(autouse=True)
def _no_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kernels that do nothing: whatever is refused is refused before any work."""

    def forward(functions: PrintedFunctions, tensors: object, binding: Binding) -> tuple[np.ndarray, dict[str, object]]:
        return np.zeros(binding.inner_shape(functions.op.output)), {}

    monkeypatch.setattr(PrintedFunctions, "forward", forward)


def by_us(c: Call) -> tuple[int, ...] | str:
    """The shape of what the kernel gives, or the refusal."""
    given = {n: x for n, x in c.tensors.items() if x is not None}
    try:
        return np.shape(kernel(c.name, "numpy", **c.settings).forward(**given))
    except BackproofError as refusal:
        return str(refusal)


def reasons(c: Call, table: list[tuple[str, str, str]]) -> list[int]:
    """The rows of a table that speak of a call."""
    return [k for k, (ops, change, _) in enumerate(table) if re.fullmatch(ops, c.name) and re.search(change, c.change)]


def disagreement(c: Call, used: Counter[tuple[str, int]]) -> str:
    """What is wrong about how a call is taken or refused, or nothing."""
    ours = by_us(c)
    if isinstance(ours, str) and "without a single real cell" in ours:
        return ""  # torch would read outside of its memory: it is never asked
    theirs = by_torch(c)
    if isinstance(ours, str):
        if not re.match(r"[^\n]*got [^\n]*, expected [^\n]*; [^\n]+$", ours):
            return f"{c}: the refusal is not clear: {ours}"
        found = reasons(c, BEYOND_THE_NOTATION)
        used.update(("notation", k) for k in found[:1] if theirs is not None)
        return "" if theirs is None or found else f"{c}: torch takes it, and we say: {ours}"
    if theirs is None:
        found = reasons(c, BEYOND_TORCH)
        used.update(("torch", k) for k in found[:1])
        return "" if found else f"{c}: torch refuses it, and we do not"
    return "" if ours == theirs else f"{c}: torch gives shape {theirs}, and we give {ours}"


@pytest.mark.parametrize("name", names())
def test_what_torch_refuses_is_refused_and_what_it_takes_is_taken_or_has_a_reason(name: str) -> None:
    used: Counter[tuple[str, int]] = Counter()
    found = []
    laws = list(variants(name))
    for k, law in enumerate(laws[:: max(1, len(laws) // LAWS)]):
        sample = draw(law, k % 5, "plain")
        found += [disagreement(c, used) for c in [call_of(sample), *mutated(sample)]]
    assert len(found) > 10
    assert "\n".join(f for f in found if f) == ""


def test_every_reason_is_needed() -> None:
    used: Counter[tuple[str, int]] = Counter()
    for law in (law for name in names() for law in variants(name)):
        for c in (c for seed in (0, 1) for c in mutated(draw(law, seed, "plain"))):
            rows = [("torch", k) for k in reasons(c, BEYOND_TORCH)]
            rows += [("notation", k) for k in reasons(c, BEYOND_THE_NOTATION)]
            if set(rows) - used.keys():
                disagreement(c, used)
    missing = {("notation", k) for k in range(len(BEYOND_THE_NOTATION))}
    missing |= {("torch", k) for k in range(len(BEYOND_TORCH))}
    assert missing - used.keys() == set()


def test_a_disagreement_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    valid = call_of(draw(next(iter(variants("relu"))), 0, "plain"))
    used: Counter[tuple[str, int]] = Counter()
    assert disagreement(valid, used) == ""
    half = replace(valid, tensors={"input": valid.tensors["input"].astype(np.float16)})
    assert "torch takes it" in disagreement(half, used)
    this = "tests.numeric.test_refusals_as_torch"
    monkeypatch.setattr(f"{this}.by_torch", lambda c: None)
    assert "torch refuses it" in disagreement(valid, used)
    monkeypatch.setattr(f"{this}.by_torch", lambda c: (99,))
    assert "torch gives shape (99,)" in disagreement(valid, used)
    monkeypatch.setattr(f"{this}.by_us", lambda c: "no")
    assert "not clear" in disagreement(valid, used)
