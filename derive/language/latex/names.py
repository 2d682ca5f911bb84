"""What lecturers' names stand for: a tensor of the operation, a parameter, an index, the loss, the cotangent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from derive.language.latex.layers import layer, layer_word, size_name
from derive.language.latex.letters import meant, parameter
from derive.language.latex.nodes import Node, Number, Product, Run, Symbol, Terms
from derive.operation import Op, Tensor

LOSSES = frozenset(["E", "L", "J", "C", "l", "ell", "loss", "Loss", "cost", "Cost", "MSE", "NLL", "CE"])
COTANGENT = "dE/d"
SPREAD = "..."
_PARAMETERS = frozenset(f"{a}_{b}" for a in "sdPKp" for b in "hwt")


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
    """The names of an operation, and those that a user told; `sized` where a statement is about sizes alone.

    `letters` are all names in the text, `lefts` those that are a left side, `losses` the losses among those and among
    what is differentiated, `beside` those that stand elsewhere than in limits.
    """

    op: Op | None
    names: Mapping[str, str]
    notes: Notes
    sized: bool = False
    delta_is_cotangent: bool = False
    indices: frozenset[str] = frozenset()
    sizes: dict[str, int] = field(default_factory=dict)
    latest: Mapping[str, frozenset[int]] = field(default_factory=dict)
    letters: frozenset[str] = frozenset()
    losses: frozenset[str] = frozenset()
    lefts: frozenset[str] = frozenset()
    beside: frozenset[str] = frozenset()

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
        if self.sized and size_name(s, self.op) is not None:
            return True
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
        size = size_name(s, self.op) if self.sized else None
        found = size or next((n for n in self.joined(s, len(s.subs)) if n in self.own_names()), self.parameter(s))
        if found:
            return found
        below = "_".join(t for sub in s.subs if (t := self.text(sub)))
        name = s.name + (str(s.primes) if s.primes else "")
        label = "_".join(layer_word(n) for n in s.label)
        return "_".join(p for p in (name, below, label) if p)

    def parameter(self, s: Symbol) -> str | None:
        """The parameter that a Greek letter stands for."""
        found = parameter(self.op, s.name) if self.op is not None and not s.subs else None
        if found is not None:
            self.notes.add(f"{s.name} is read as the parameter {found}")
        return found

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
        return meant(self.op, s.name, self.letters) if self.op is not None else None

    def is_onehot(self, tensor: str) -> bool:
        """Whether a tensor holds classes, so that a letter with a class below it is 1 or 0."""
        known = self.tensors().get(tensor)
        return known is not None and known.integer and self.op is not None and tensor not in self.names.values()

    def label_of(self, s: Symbol) -> str | None:
        """The tensor of labels that a letter stands for where an integer must stand: `p_t`, `[i = t]`."""
        if self.op is None or not self.op.labels or self.sized or s.subs or s.primes:
            return None
        found = self.names.get(s.name) or self.by_letter(s)
        return found if found is not None and found in self.tensors() and self.tensors()[found].integer else None

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
        if self.op is None or self.op.output.axes or s.subs or s.name not in LOSSES or s.name in self.names:
            return False
        if s.name in self.op.symbols:
            return s.name in self.lefts
        return s.name in self.losses or not self.losses

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
