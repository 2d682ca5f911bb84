"""Names as values: entries, whole tensors, the Kronecker delta, one-hot targets, cotangents and other derivatives."""

from __future__ import annotations

from collections.abc import Sequence

from derive.expressions.expr import Binder, Compare, D, Entry, Expr, Maximum, Minimum, Num, Val, val
from derive.expressions.index import index
from derive.language.latex.arrays import JACOBIAN, Array, Indices, Misfit, of_tensor, together
from derive.language.latex.letters import is_entrywise
from derive.language.latex.names import COTANGENT
from derive.language.latex.nodes import Node, Number, Partial, Run, Symbol
from derive.language.latex.setting import Setting, Value


class Leaves(Setting):
    """Reads numbers, names and derivatives."""

    def number(self, node: Number) -> Value:
        return Num(node.value)

    def run(self, node: Run) -> Value:
        return val(self.integers.of(node, self.env))

    def symbol(self, s: Symbol) -> Value:
        if s.name == "delta" and "delta" not in self.words.names:
            return self.delta(s)
        s = self.sample(s)
        read = self.words.read(s)
        if read is not None:
            return self.entry(s, *read)
        name = self.integers.name_of(s)
        if not s.label and name in self.env:
            return val(self.env[name])
        if self.words.is_scalar_loss(s):
            return self.whole(self.words.output)
        tensor = None if self.words.sized else self.words.tensor(s)
        if s.primes == 1 and tensor == self.words.output and self.words.op and is_entrywise(self.words.op):
            return self.slope_of_output(s)
        return self.whole(tensor) if tensor is not None else val(self.words.spelled(s))

    def slope_of_output(self, s: Symbol) -> Value:
        """`\\sigma'` of an operation that works number by number: the derivative of its output by its input."""
        assert self.words.op is not None
        name = self.words.op.inputs[0].name
        self.words.notes.add(f"{s.name}' is read as the derivative of {self.words.output} by {name}")
        return together([self.whole(self.words.output), self.whole(name)], lambda p: self.slope_by(s, p[0], p[1]))

    def tensorial(self, node: Node) -> Value:
        """The value of a node that must be a whole tensor: there W is the weight, though the law has an extent W."""
        if isinstance(node, Symbol) and not node.subs and self.words.op and node.name in self.words.op.symbols:
            found = self.words.by_letter(node)
            if found is not None:
                self.words.tell(node, found)
                return self.whole(found)
        return self.of(node)

    def sample(self, s: Symbol) -> Symbol:
        """`x^{(i)}` with a bound i is the i-th sample: i is its first index."""
        if len(s.label) != 1 or not isinstance(s.label[0], Symbol) or s.label[0].name not in self.env:
            return s
        self.words.notes.add(f"{s.name}^({s.label[0].name}) is sample {s.label[0].name}: its first index")
        return Symbol(s.at, s.name, (*s.label, *self.words.split(s.subs, None)), (), s.primes)

    def delta(self, s: Symbol) -> Value:
        """The Kronecker delta of two indices, else the cotangent of the layer."""
        labelled = self.sample(s)
        subs = self.words.split(labelled.subs, None)
        if len(subs) == 2 and labelled is s and not self.words.delta_is_cotangent:
            self.words.notes.add("delta with two indices is Kronecker's: 1 where they are equal")
            return self.equal(*subs)
        name = self.words.cotangent_of_delta(labelled)
        if name is None:
            stem = self.words.spelled(Symbol(s.at, s.name, (), s.label, s.primes))
            return Entry(stem, self.integers.entry_indices(subs, self.env)) if subs else val(stem)
        self.words.notes.add(f"delta is read as {name}")
        if subs:
            return Entry(name, self.integers.entry_indices(subs, self.env))
        return self.whole(name.removeprefix(COTANGENT), COTANGENT)

    def equal(self, a: Node, b: Node) -> Expr:
        left, right = self.integers.of(a, self.env), self.integers.of(b, self.env)
        return Compare("==", val(left - self.choices.base), val(right - self.choices.base))

    def entry(self, s: Symbol, tensor: str, subs: Sequence[Node]) -> Value:
        if self.words.is_onehot(tensor) and tensor != s.name and len(subs) >= 1:
            *lead, c = self.integers.entry_indices(subs, self.env)
            self.words.notes.add(f"the targets are one-hot: [c == {tensor}[n]]")
            rank = self.words.rank(tensor) or 0
            return Compare("==", val(c), Entry(tensor, tuple(lead) or (index(0),) * rank))
        return Entry(tensor, self.integers.entry_indices(subs, self.env))

    def whole(self, tensor: str, prefix: str = "") -> Value:
        """A tensor of the operation, or its cotangent, as a whole; one without axes is a number."""
        op = self.words.op
        if tensor.startswith(COTANGENT):
            prefix, tensor = COTANGENT, tensor.removeprefix(COTANGENT)
        known = self.words.tensors().get(tensor)
        if op is None or known is None or not known.axes:
            return Entry(prefix + tensor, ())
        if self.words.is_onehot(tensor) and not prefix:
            return self.onehots(tensor, op.inputs[0].axes)
        return of_tensor(prefix + tensor, op, tensor, self.choices.plane, self.choices.rows, known.axes)

    def onehots(self, tensor: str, axes: Sequence[Binder]) -> Array:
        self.words.notes.add(f"the targets are one-hot: [c == {tensor}[n]]")
        assert self.words.op is not None

        def at(i: Indices) -> Expr:
            if not i:
                raise Misfit
            return Compare("==", val(i[-1]), Entry(tensor, i[:-1]))

        return of_tensor(tensor, self.words.op, tensor, False, self.choices.rows, axes, at)

    # -- derivatives ---------------------------------------------------------------------------------------------------

    def partial(self, node: Partial) -> Value:
        if self.words.is_loss(node.of):
            if node.of.at == node.at:
                self.words.notes.add(f"d{node.wrt.name} is read as the gradient by {node.wrt.name}")
            return self.cotangent(node.wrt)
        of, wrt = self.tensorial(node.of), self.tensorial(node.wrt)
        if isinstance(of, Array) or isinstance(wrt, Array):
            return self.jacobian(node, of, wrt)
        return self.slope_by(node, of, wrt)

    def slope_by(self, node: Node, of: Expr, wrt: Expr) -> Expr:
        if isinstance(of, Maximum | Minimum) and isinstance(of.left, Num):
            of = type(of)(of.right, of.left)  # max(0, x) has at 0 the slope of max(x, 0)
        if isinstance(wrt, Val) and wrt.index.name:
            return D(of, Entry(wrt.index.name, ()))
        if not isinstance(wrt, Entry):
            self.fail(node, "no entry", "an entry to differentiate by", r"write \partial X_{i,j}")
        return D(of, wrt)

    def cotangent(self, wrt: Symbol) -> Value:
        """dE/dX, of an entry or of the whole."""
        if wrt.name == "delta":
            self.fail(wrt, "a derivative by delta", "one by a tensor", "write the tensor")
        wrt = self.sample(wrt)
        read = self.words.read(wrt)
        if read is not None:
            return Entry(COTANGENT + read[0], self.integers.entry_indices(read[1], self.env))
        tensor = self.words.tensor(wrt, whole=True)
        return self.whole(tensor, COTANGENT) if tensor else Entry(COTANGENT + self.words.spelled(wrt), ())

    def jacobian(self, node: Partial, of: Value, wrt: Value) -> Array:
        """dO/dF of whole tensors: the axes of O, then those of F."""
        above = of if isinstance(of, Array) else Array((), (), lambda _: of)
        below = wrt if isinstance(wrt, Array) else Array((), (), lambda _: wrt)
        n = len(above.labels)

        def at(i: Indices) -> Expr:
            return self.slope_by(node, above.at(i[:n]), below.at(i[n:]))

        labels = (*above.labels, *below.labels)
        return Array(labels, (*above.extents, *below.extents), at, below.spatial, name=JACOBIAN)
