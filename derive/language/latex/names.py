"""What lecturers' names stand for: a tensor of the operation, a parameter, an index, the loss, the cotangent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from derive.language.latex.nodes import Node, Number, Product, Run, Symbol, Terms, walk
from derive.operation import Op, Tensor

LOSSES = frozenset(["E", "L", "J", "C", "ell", "loss", "Loss", "cost", "Cost"])
COTANGENT = "dE/d"
SPREAD = "..."
_PARAMETERS = frozenset(f"{a}_{b}" for a in "sdPKp" for b in "hwt")
_WEIGHT, _BIAS = "w f k theta g weight filter kernel", "b beta bias"
_LETTERS = {
    "weight": _WEIGHT, "bias": _BIAS, "input": "x a i h u z v y", "target": "y t label", "running_mean": "mu m",
    "running_var": "var v",
}  # fmt: skip
_PARAMETER_LETTERS = {"epsilon": ("eps",), "alpha": ("alpha", "negative_slope")}
_OUTPUT = "y z o s a p h out output g y_hat"
_OF_LOSS = {"P": "p y_hat p_hat s a softmax q", "T": "y t label", "Y": "y t label", "X": "x z o u a y_hat p"}
_OF_NORM = {"Y": "x_hat x_bar z_hat", "w": "gamma", "b": "beta", "M": "mu", "S": "sigma", "V": "var"}


@dataclass(slots=True)
class Notes:
    """Choices that the reading made, each told once, in order."""

    told: dict[str, None] = field(default_factory=dict)

    def add(self, note: str) -> None:
        self.told[note] = None

    def all(self) -> tuple[str, ...]:
        return tuple(self.told)


@dataclass(slots=True)
class Vocabulary:
    """The names of an operation, and those that a user told; `sized` where a statement is about sizes alone."""

    op: Op | None
    names: Mapping[str, str]
    notes: Notes
    sized: bool = False
    delta_is_cotangent: bool = False
    indices: frozenset[str] = frozenset()
    sizes: dict[str, int] = field(default_factory=dict)
    latest: Mapping[str, frozenset[int]] = field(default_factory=dict)

    @property
    def spread(self) -> bool:
        """Whether the operation has leading axes that are read as one."""
        return self.op is not None and any(b.name == SPREAD for t in self.op.tensors for b in t.axes)

    def index_name(self, name: str) -> str:
        """The name of an index: `\\ell` stands for all leading axes."""
        if not name.startswith("ell"):
            return name
        return SPREAD if name == "ell" and self.spread else "l" + name.removeprefix("ell")

    def tensors(self) -> dict[str, Tensor]:
        return {t.name: t for t in self.op.tensors} if self.op else {}

    def own_names(self) -> set[str]:
        """The names of the operation's sizes, parameters and axes, and of the indices that sums bind."""
        return self.axes() | self.indices | (self.op.symbols if self.op else set())

    def axes(self) -> set[str]:
        """The names of the operation's axes."""
        return {b.name for t in self.op.tensors for b in t.axes} if self.op else set()

    def rank(self, tensor: str) -> int | None:
        known = self.tensors().get(tensor.removeprefix(COTANGENT))
        return len(known.axes) if known else None

    # -- symbols -------------------------------------------------------------------------------------------------------

    def read(self, s: Symbol) -> tuple[str, tuple[Node, ...]] | None:
        """The tensor that a name with subscripts reads and its indices, or None where it is a name."""
        if not s.subs or (s.called and s.name in LOSSES):
            return None
        tensors = self.tensors()
        for stem in self.joined(s, 1):
            if stem in tensors and len(s.subs) > 1:
                return stem, self.split(s.subs[1:], self.rank(stem))
        if self.is_name(s):
            return None
        tensor = self.tensor(s) or self.spelled(Symbol(s.at, s.name, (), s.label, s.primes))
        rank = self.rank(tensor)
        return tensor, self.split(s.subs, rank + 1 if rank and self.is_onehot(tensor) and tensor != s.name else rank)

    def joined(self, s: Symbol, count: int) -> list[str]:
        """The names that a letter and its first subscripts may spell: s_h, and x1 for x with a 1."""
        texts = [self.text(sub) for sub in s.subs[:count]]
        if s.primes or any(t is None for t in texts):
            return []
        below = [t for t in texts if t]
        return ["_".join([s.name, *below]), s.name + "".join(below)]

    def text(self, node: Node) -> str | None:
        """A subscript as part of a name."""
        match node:
            case Symbol(name=name, subs=(), label=(), primes=primes):
                return name + (str(primes) if primes else "")
            case Number(text=text) if text.isdigit():
                return text
            case Run(items=items):
                parts = [self.text(i) for i in items]
                return None if None in parts else "".join(p for p in parts if p)
        return None

    def is_name(self, s: Symbol) -> bool:
        """Whether a name with a subscript is one name and no entry."""
        spelled = self.joined(s, len(s.subs))
        if not spelled or s.called:
            return False
        if any(name in self.own_names() for name in spelled):
            return True
        if self.op and self.tensor(s) is not None:
            return False
        if self.sized or spelled[0] in _PARAMETERS:
            return True
        only = s.subs[0]
        if len(s.subs) == 1 and isinstance(only, Symbol) and not only.primes:
            return only.name.isalpha() and (len(only.name) > 1 or only.name.isupper()) and only.name not in _GREEK_INDEX
        return len(s.subs) == 1 and isinstance(only, Run) and all(_upper(i) for i in only.items)

    def spelled(self, s: Symbol) -> str:
        """A name as the notation writes it: H' is H1, a layer's label is a word behind it."""
        found = next((n for n in self.joined(s, len(s.subs)) if n in self.own_names()), self.parameter(s))
        if found:
            return found
        below = "_".join(t for sub in s.subs if (t := self.text(sub)))
        name = s.name + (str(s.primes) if s.primes else "")
        label = "_".join(_label(n) for n in s.label)
        return "_".join(p for p in (name, below, label) if p)

    def parameter(self, s: Symbol) -> str | None:
        """The parameter that a Greek letter stands for: an epsilon of a normalisation, an alpha that is a slope."""
        arguments = _PARAMETER_LETTERS.get(s.name, ())
        found = [p.name for p in self.op.parameters if p.argument in arguments] if self.op and not s.subs else []
        if found:
            self.notes.add(f"{s.name} is read as the parameter {found[0]}")
        return found[0] if found else None

    def split(self, subs: tuple[Node, ...], rank: int | None) -> tuple[Node, ...]:
        """Subscripts one an index: `_{ij}` and `_{22}` are two each, `_{2i}` is one."""
        only = subs[0] if len(subs) == 1 else None
        if isinstance(only, Product) and rank != 1:  # x_{(i+a)(j+b)}
            both = (only.left, only.right)
            return both if only.sign == "" and all(isinstance(s, Terms) for s in both) else subs
        if not isinstance(only, Run):
            return subs
        items = only.items
        if isinstance(items[0], Number) and any(isinstance(i, Symbol) for i in items):
            return subs
        return subs if rank is not None and len(items) > rank else items

    # -- tensors -------------------------------------------------------------------------------------------------------

    def tensor(self, s: Symbol, whole: bool = False) -> str | None:
        """The tensor of the operation that a letter stands for, or None.

        An extent's letter alone is the extent, unless a `whole` tensor must stand there.
        """
        if s.name in self.names:
            return self.names[s.name]
        if self.op is None or s.name == "delta":
            return None
        tensors = self.tensors()
        if s.name in tensors and not s.primes:
            return s.name
        if not (s.subs or s.label or whole) and (s.name in self.op.symbols or s.name in self.axes()):
            return None
        found = self.by_layer(s) or self.by_letter(s)
        if found:
            self.tell(s, found)
        return found

    def tell(self, s: Symbol, tensor: str) -> None:
        """The note that a letter is read as a tensor."""
        known = self.tensors()[tensor]
        kind = known.argument if known.role == "input" else "output" if known.role == "output" else "intermediate"
        if tensor != s.name:
            self.notes.add(f"{s.name} is read as {tensor}, the operation's {kind}")
        if s.label:
            self.notes.add(f"the label above {s.name} is left out")

    def by_layer(self, s: Symbol) -> str | None:
        """Of one letter with two layers' labels the earlier is the input and the later the output."""
        offsets = self.latest.get(s.name, frozenset())
        if len(offsets) < 2 or not s.label or self.op is None:
            return None
        if next((t for t in self.op.inputs if t.argument == "weight" and self.by_letter(s) == t.name), None):
            return None
        return self.op.output.name if layer(s.label) == max(offsets) else self.op.inputs[0].name

    def by_letter(self, s: Symbol) -> str | None:
        """The tensor whose letter, other case, argument or usual letters a name is."""
        assert self.op is not None
        tensors, low = self.tensors(), s.name.lower()
        same = [n for n, t in tensors.items() if n.lower() == low and t.role != "intermediate"]
        if len(same) == 1:
            return same[0]
        plain = low.partition("_")[0] if low.endswith(("_hat", "_tilde", "_bar", "_dot")) else low
        for letter in dict.fromkeys((low, plain)):
            for name, letters in (*_special(self.op), *_usual(self.op)):
                if letter in letters.split() or letter == tensors[name].argument:
                    return name
        return None

    def is_onehot(self, tensor: str) -> bool:
        """Whether a tensor holds classes, so that a letter with a class below it is 1 or 0."""
        known = self.tensors().get(tensor)
        return known is not None and known.integer and self.op is not None and tensor not in self.names.values()

    def learn_sizes(self, tensor: str, extents: Sequence[int]) -> None:
        """A matrix of a tensor's entries tells the extents of its last axes."""
        known = self.tensors().get(tensor.removeprefix(COTANGENT))
        if known is None or len(known.axes) < len(extents):
            return
        for axis, extent in zip(known.axes[len(known.axes) - len(extents) :], extents, strict=True):
            if axis.extent.name is not None:
                self.sizes[axis.extent.name] = extent
                self.notes.add(f"a matrix of {tensor} is written out: {axis.extent.name} is {extent}")

    # -- derivatives ---------------------------------------------------------------------------------------------------

    def is_loss(self, of: Node) -> bool:
        """Whether what is differentiated is the loss."""
        if not isinstance(of, Symbol) or (of.subs and not of.called) or of.name not in LOSSES:
            return False
        if self.op is not None and of.name == self.op.output.name and not self.op.output.axes:
            return True
        known = self.tensors().get(of.name)
        return known is None or not known.axes or bool(self.op and not self.op.output.axes)

    def is_scalar_loss(self, s: Symbol) -> bool:
        """Whether a letter alone is the loss that the operation computes."""
        if self.op is None or self.op.output.axes or s.subs or s.name in self.op.symbols:
            return False
        return s.name in LOSSES and s.name not in self.names

    @property
    def output(self) -> str:
        """The operation's output."""
        return self.op.output.name if self.op else ""

    def cotangent_of_delta(self, s: Symbol) -> str | None:
        """What a delta that is no Kronecker delta stands for: the cotangent of the output, or of the input."""
        if self.op is None:
            return None
        offsets = self.latest.get("delta", frozenset())
        later = len(offsets) < 2 or not s.label or layer(s.label) == max(offsets)
        return COTANGENT + (self.op.output.name if later else self.op.inputs[0].name)


_GREEK_INDEX = frozenset(["alpha", "beta", "gamma", "mu", "nu", "tau", "rho", "lambda", "kappa", "iota", "eta", "xi"])


def _upper(node: Node) -> bool:
    return isinstance(node, Symbol) and node.name.isupper()


def layer(label: tuple[Node, ...]) -> int:
    """How far a layer's label is from l: (l+1) is 1, (l-1) is -1, (3) is 3."""
    match label[-1] if label else None:
        case Number(value=value):
            return int(value)
        case Terms(signs=(_, sign), items=(_, Number(value=value))):
            return sign * int(value)
    return 0


def _label(node: Node) -> str:
    offset = layer((node,))
    match node:
        case Number(text=text):
            return text
        case Terms(items=(Symbol(name=name), Number())) if offset:
            return f"{name}{'p' if offset > 0 else 'm'}{abs(offset)}"
        case Symbol(name=name):
            return name
    return "k"


def layers(nodes: Iterable[Node]) -> dict[str, frozenset[int]]:
    """Each letter with the labels of layers that it has."""
    found: dict[str, set[int]] = {}
    for node in nodes:
        for s in walk(node):
            if isinstance(s, Symbol) and s.label:
                found.setdefault(s.name, set()).add(layer(s.label))
    return {n: frozenset(o) for n, o in found.items()}


def _special(op: Op) -> list[tuple[str, str]]:
    """Letters of losses and normalisations, which have tensors of their own between input and output."""
    names = {t.name for t in op.tensors}
    table = _OF_LOSS if not op.output.axes else _OF_NORM if {"S", "Y"} <= names else {}
    return [(n, letters) for n, letters in table.items() if n in names]


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
    return [*first, *middle, *output, *rest]
