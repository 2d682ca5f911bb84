"""The letters that lecturers write for an operation's tensors and parameters, most usual reading first."""

from __future__ import annotations

from derive.expressions.traversal import binders_of, walk
from derive.operation import Op

_WEIGHT, _BIAS = "w f k theta g weight filter kernel", "b beta bias"
_LETTERS = {
    "weight": _WEIGHT, "bias": _BIAS, "input": "x a i h u z v y", "target": "y t label", "running_mean": "mu m",
    "running_var": "var v",
}  # fmt: skip
_PARAMETER_LETTERS = {"epsilon": ("eps",), "alpha": ("alpha", "negative_slope")}
_OUTPUT = "y z o s a p h out output g y_hat"
_OF_LOSS = {"P": "p y_hat p_hat s a softmax q", "T": "y t label", "Y": "y t label", "X": "x z o u a f y_hat p"}
_OF_SOFTMAX = {"P": "p p_hat softmax"}
_OF_NORM = {"Y": "x_hat x_bar z_hat", "w": "gamma", "b": "beta", "M": "mu", "S": "sigma", "V": "var"}
_EITHER, _BEFORE, _AFTER = frozenset("aosh"), frozenset("xXzuv"), frozenset(["y", "y_hat", "p", "p_hat", "S", "h", "q"])


def meant(op: Op, name: str, others: frozenset[str] = frozenset()) -> str | None:
    """The tensor whose letter, other case, argument or usual letters a name is.

    `others` are the letters of the same text: a y beside a t is what is compared with the target t, and a what it is
    computed from.
    """
    tensors, low = {t.name: t for t in op.tensors}, name.lower()
    compared = {"y", "Y"} & others and {"t", "T"} & others and not op.output.axes
    if compared and low in ("y", "a") and any(t.argument == "target" for t in op.inputs):
        return "P" if low == "y" and "P" in tensors else op.inputs[0].name
    other_side = _beside(op, name, others)
    if other_side is not None:
        return other_side
    same = [n for n, t in tensors.items() if n.lower() == low and t.role != "intermediate"]
    if len(same) == 1 and (op.output.axes or same[0] != op.output.name):
        return same[0]
    plain = low.partition("_")[0] if low.endswith(("_hat", "_tilde", "_bar", "_dot")) else low
    for letter in dict.fromkeys((low, plain)):
        for tensor, letters in (*_special(op), *_usual(op)):
            if letter in letters.split() or letter == tensors[tensor].argument:
                return tensor
    return None


def _beside(op: Op, name: str, others: frozenset[str]) -> str | None:
    """The side of a layer that a letter of either side has beside a letter that is surely of one; else None."""
    if not op.output.axes or name not in _EITHER:
        return None
    before, after = others & _BEFORE, others & _AFTER - {name}
    if any(t.argument == "weight" for t in op.inputs):
        return op.output.name if name == "h" and before and not after else None
    return op.inputs[0].name if name != "h" and after and not before else None


def parameter(op: Op, name: str) -> str | None:
    """The parameter that a Greek letter stands for: an epsilon of a normalisation, an alpha that is a slope."""
    arguments = _PARAMETER_LETTERS.get(name, ())
    return next((p.name for p in op.parameters if p.argument in arguments), None)


def _special(op: Op) -> list[tuple[str, str]]:
    """Letters of losses and normalisations, which have tensors of their own between input and output."""
    names = {t.name for t in op.tensors}
    table = _OF_LOSS if not op.output.axes else _OF_NORM if {"S", "Y"} <= names else _OF_SOFTMAX
    return [(n, letters) for n, letters in table.items() if n in names and (table is not _OF_SOFTMAX or "Z" in names)]


def _usual(op: Op) -> list[tuple[str, str]]:
    """Each tensor with the letters that lecturers use for it; an activation's input is z, a layer's output."""
    affine = any(t.argument == "weight" for t in op.inputs)
    rest = [(t.name, _LETTERS.get(t.argument, "")) for t in op.inputs if t.argument not in ("weight", "bias", "input")]
    first = [(t.name, _LETTERS[t.argument]) for t in op.inputs if t.argument in ("weight", "bias")]
    middle = [(t.name, _LETTERS["input"]) for t in op.inputs if t.argument == "input"]
    output = [(op.output.name, _OUTPUT if op.output.axes else "")]
    if affine:
        middle = [(n, "x a i h u v") for n, _ in middle]
        output = [(n, "y z o s out output g") for n, _ in output]
        return [*first, *output, *middle, *rest]
    middle = [(n, "x z u v i") for n, _ in middle]
    output = [(n, f"{letters} sigma f phi" if is_entrywise(op) else letters) for n, letters in output]
    return [*first, *middle, *output, *rest]


def is_entrywise(op: Op) -> bool:
    """Whether the output is a function of the input, number by number."""
    bound = any(True for e in op.equations for node in walk(e.body) for _ in binders_of(node))
    return not bound and op.output.axes == op.inputs[0].axes and len(op.equations) == 1
