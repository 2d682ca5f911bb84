"""Names for results: what lecturers call them, each a definition in notation that a derivation's last steps fold."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from derive.expr import Apply, Entry, Expr, Select, Winner, rename_bound, retensor, substitute, walk
from derive.index import index
from derive.match import Found, Unknowns, match
from derive.notation import parse_expr
from derive.operation import Op

MOST_AXES = 3


@dataclass(frozen=True, slots=True)
class Definition:
    """`name(tensors | arguments)[indices] = body`; `title` says it in words, {0} and {1} being the tensors."""

    name: str
    title: str
    tensors: tuple[str, ...]
    arguments: tuple[str, ...]
    indices: tuple[str, ...]
    body: Expr

    def unknowns(self, inside: frozenset[str]) -> Unknowns:
        """What a match of the body has to find, where the indices `inside` are in force."""
        return Unknowns(frozenset(self.indices), frozenset(self.arguments), frozenset(self.tensors), inside)

    def apply(self, found: Found) -> Apply | None:
        """The entry of this definition that a match has found, or None where something was left open."""
        wanted = (*self.arguments, *self.indices)
        if any(n not in found.indices for n in wanted) or any(t not in found.tensors for t in self.tensors):
            return None
        if len({found.indices[i] for i in self.indices}) < len(self.indices):
            return None  # a diagonal is another operation
        return Apply(
            self.name,
            tuple(found.tensors[t] for t in self.tensors),
            tuple(found.indices[a] for a in self.arguments),
            tuple(found.indices[i] for i in self.indices),
        )

    def unfold(self, e: Apply) -> Expr:
        """The body with the tensors, arguments and indices of an entry put in."""
        body = retensor(self.body, dict(zip(self.tensors, e.tensors, strict=True)))
        names = dict(zip((*self.arguments, *self.indices), (*e.arguments, *e.indices), strict=True))
        return substitute(body, names)


def define(left: str, right: str, title: str) -> Definition:
    """A definition from `name(A,B | s,P)[k,p]` and its body in notation."""
    name, rest = left.split("(", 1)
    inside, indices = rest.split(")", 1)
    tensors, _, arguments = inside.partition("|")
    return Definition(name, title, _names(tensors), _names(arguments), _names(indices.strip("[]")), parse_expr(right))


def _names(text: str) -> tuple[str, ...]:
    return tuple(n.strip() for n in text.split(",") if n.strip())


def _each(template: str, axes: int) -> str:
    """The template once an axis, `#` being the axis; joined by commas."""
    return ",".join(template.replace("#", str(k)) for k in range(axes))


def _windowed(axes: int) -> Iterator[Definition]:
    """Correlation and full convolution of `axes` axes, with batch and channels, and without."""
    taps, outs = _each("p#<K#", axes), _each("i#<I#", axes)
    p, i, h = _each("p#", axes), _each("i#", axes), _each("h#", axes)
    access = _each("s#*i#+d#*p#-P#", axes)
    reach = _each("h#+P#+d#-d#*K#+d#*p#", axes)
    flipped, stuffed = _each("K#-1-p#", axes), _each("i#/s#", axes)
    numbers = _each("I#,s#,d#,P#", axes)
    for plain in (True, False):
        word = f"{axes}d" if plain else f"{axes}d_channels"
        pre, nk, nc, kc, n = ("", "", "", "", "") if plain else ("a,b,", "n,k,", "n,c,", "k,c,", "n<N,")
        rows, k = ("", "") if plain else (",N", "k<K,")
        yield define(
            f"correlation_{word}(A,B|{numbers}{rows})[{kc}{p}]",
            f"sum[{n}{outs}] B[{nk}{i}]*A[{nc}{access}]",
            "cross-correlation of {0} with {1}, whose dilation is the stride of the forward pass",
        )
        turned = f"rot180_{word}(A|{_each('K#', axes)})[{pre}{p}]"
        yield define(turned, f"A[{pre}{flipped}]", "{0} rotated by 180 degrees")
        yield define(f"stuffed_{word}(A|{_each('s#', axes)})[{pre}{i}]", f"A[{pre}{stuffed}]", "{0} stuffed with zeros")
        kernel = _each("K#,d#,P#", axes) + ("" if plain else ",K")
        yield define(
            f"full_convolution_{word}(A,B|{kernel})[{nc}{h}]",
            f"sum[{k}{taps}] A[{nk}{reach}]*rot180_{word}(B|{_each('K#', axes)})[{kc}{p}]",
            "full convolution: {0} correlated with {1} rotated by 180 degrees",
        )
        yield define(
            f"stuffed_convolution_{word}(A,B|{_each('s#', axes)},{kernel})[{nc}{h}]",
            f"sum[{k}{taps}] stuffed_{word}(A|{_each('s#', axes)})[{nk}{reach}]"
            f"*rot180_{word}(B|{_each('K#', axes)})[{kc}{p}]",
            "full convolution: {0}, stuffed with zeros, correlated with {1} rotated by 180 degrees",
        )


def _algebraic() -> Iterator[Definition]:
    yield define("transposed_product(A,B|K)[l,c]", "sum[k<K] B[l,k]*A[k,c]", "{0}^T {1}, row by row")
    yield define("transposed_product_plain(A,B|K)[c]", "sum[k<K] B[k]*A[k,c]", "{0}^T {1}")
    yield define(
        "outer_product(A,B|L)[k,c]", "sum[l<L] A[l,k]*B[l,c]", "outer product of {0} and {1}, summed over the rows"
    )
    yield define("outer_product_plain(A,B)[k,c]", "A[k]*B[c]", "outer product of {0} and {1}")
    yield define("logistic_slope(A)[l]", "A[l]*(1 - A[l])", "s(1-s) with s = {0}")
    yield define("tanh_slope(A)[l]", "1 - A[l]^2", "1 - tanh^2 with tanh = {0}")
    yield define("one_hot(T)[n,c]", "[c==T[n]]", "softmax minus the one-hot label {0}")


@cache
def definitions() -> dict[str, Definition]:
    """Every definition by name, in the order in which they are tried."""
    found = [d for axes in range(1, MOST_AXES + 1) for d in _windowed(axes)] + list(_algebraic())
    return {d.name: d for d in found}


def winner_of(op: Op) -> Iterator[Definition]:
    """`winner_O[i, p] = [p==argmax[q] f(i,q)]` for an equation O[i] = max[p] f(i,p) of the operation."""
    for e in op.equations:
        if isinstance(e.body, Select):
            names = tuple(b.name for b in e.body.binders)
            inner = rename_bound(e.body, names, (*names, *e.names))
            body = Winner(inner.binders, inner.body, tuple(index(n) for n in names))
            tensor = next((n.tensor for n in walk(e.body) if isinstance(n, Entry)), e.target)
            title = f"routing to the winning unit of each window of {tensor}"
            yield Definition(f"winner_{e.target}", title, (), (), (*e.names, *names), body)


def definition(name: str, op: Op) -> Definition:
    """The definition of a named result in a derivation about `op`. Raises: KeyError."""
    own = next((d for d in winner_of(op) if d.name == name), None)
    return own or definitions()[name]


def unfolder(op: Op) -> Callable[[Apply], Expr]:
    """What a named result means in a derivation about `op`."""
    return lambda e: definition(e.definition, op).unfold(e)


def find(d: Definition, node: Expr, inside: frozenset[str]) -> Apply | None:
    """The entry of a definition that a node equals where the indices `inside` are in force, or None."""
    found = match(d.body, node, d.unknowns(inside))
    return None if found is None else d.apply(found)
