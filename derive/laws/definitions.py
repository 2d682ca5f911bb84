"""Names for results: what lecturers call them, each a definition in notation that a derivation's last steps fold."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from derive.expressions.expr import Apply, Entry, Expr, Select, Winner
from derive.expressions.index import index
from derive.expressions.match import Found, Unknowns, match
from derive.expressions.substitution import rename_bound, retensor, substitute
from derive.expressions.traversal import walk
from derive.language.notation import parse_expr
from derive.operation import Op

MOST_AXES = 3
STEPS = "sd"
"""The arguments that begin so are strides and dilations."""


@dataclass(frozen=True, slots=True)
class Definition:
    """`name(tensors | arguments)[indices] = body`; `title` says it in words, {0} and {1} being the tensors.

    One that is named `alone` is no name for two factors among others.
    """

    name: str
    title: str
    tensors: tuple[str, ...]
    arguments: tuple[str, ...]
    indices: tuple[str, ...]
    body: Expr
    alone: bool = False

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
        steps = (found.indices[a] for a in self.arguments if a[0] in STEPS)
        if any(c < 0 for step in steps for _, c in step.terms):
            return None  # read backwards it is another operation too
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


def define(left: str, right: str, title: str, alone: bool = False) -> Definition:
    """A definition from `name(A,B | s,P)[k,p]` and its body in notation."""
    name, rest = left.split("(", 1)
    inside, indices = rest.split(")", 1)
    tensors, _, arguments = inside.partition("|")
    return Definition(
        name, title, _names(tensors), _names(arguments), _names(indices.strip("[]")), parse_expr(right), alone
    )


def _names(text: str) -> tuple[str, ...]:
    return tuple(n.strip() for n in text.split(",") if n.strip())


def _each(template: str, axes: int) -> str:
    """The template once an axis, `#` being the axis; joined by commas."""
    return ",".join(template.replace("#", str(k)) for k in range(axes))


def _correlations(axes: int, plain: bool) -> Iterator[Definition]:
    """The gradient of a filter: without stride first, so that it is told without a word about dilation."""
    word = f"{axes}d" if plain else f"{axes}d_channels"
    nk, nc, kc, n, rows = ("",) * 5 if plain else ("n,k,", "n,c,", "k,c,", "n<N,", ",N")
    sums, taps = f"{n}{_each('i#<I#', axes)}", _each("p#", axes)
    for kind, stride, numbers, title in (
        ("correlation", "", "I#,d#,P#", "cross-correlation of {0} with {1}"),
        ("dilated_correlation", "s#*", "I#,s#,d#,P#", "cross-correlation of {0} with {1} dilated by the stride"),
    ):
        yield define(
            f"{kind}_{word}(A,B|{_each(numbers, axes)}{rows})[{kc}{taps}]",
            f"sum[{sums}] B[{nk}{_each('i#', axes)}]*A[{nc}{_each(f'{stride}i#+d#*p#-P#', axes)}]",
            title,
        )


def _helpers(axes: int, plain: bool) -> Iterator[Definition]:
    """The rotated filter and the cotangent between whose cells a stride puts zeros."""
    word, pre = (f"{axes}d", "") if plain else (f"{axes}d_channels", "a,b,")
    taps, i, strides, kernel = (_each(t, axes) for t in ("p#", "i#", "s#", "K#"))
    yield define(
        f"rot180_{word}(A|{kernel})[{pre}{taps}]", f"A[{pre}{_each('K#-1-p#', axes)}]", "{0} rotated by 180 degrees"
    )
    yield define(f"stuffed_{word}(A|{strides})[{pre}{i}]", f"A[{pre}{_each('i#/s#', axes)}]", "{0} stuffed with zeros")


_CHANNELS = {
    "": ("", "", "", "", "", ""),
    "_channels": ("_channels", "n,k,", "n,c,", "k,c,", "k<K,", ",K"),
    "_groups": ("_channels", "n,g*K+k,", "n,g,c,", "g*K+k,c,", "k<K,", ",K"),
}
"""Word -> the helpers' word; the channels of the cotangent, of the image and of the filter; the sum and its extent."""


def _convolutions(axes: int, word: str) -> Iterator[Definition]:
    """The gradient of an image: the cotangent, stuffed with zeros under a stride, against the rotated filter."""
    helper, nk, nc, kc, k, rows = _CHANNELS[word]
    taps, strides, kernel = (_each(t, axes) for t in ("p#", "s#", "K#"))
    reach = f"[{nk}{_each('h#+P#+d#-d#*K#+d#*p#', axes)}]"
    turned = f"rot180_{axes}d{helper}(B|{kernel})[{kc}{taps}]"
    sums, numbers, image = f"{k}{_each('p#<K#', axes)}", _each("K#,d#,P#", axes) + rows, f"[{nc}{_each('h#', axes)}]"
    within = ", within each group" * (word == "_groups")
    yield define(
        f"full_convolution_{axes}d{word}(A,B|{numbers}){image}",
        f"sum[{sums}] A{reach}*{turned}",
        "full convolution: {0} correlated with {1} rotated by 180 degrees" + within,
    )
    yield define(
        f"stuffed_convolution_{axes}d{word}(A,B|{strides},{numbers}){image}",
        f"sum[{sums}] stuffed_{axes}d{helper}(A|{strides}){reach}*{turned}",
        "full convolution: {0}, stuffed with zeros, correlated with {1} rotated by 180 degrees" + within,
    )


def _banks(axes: int, grouped: bool) -> Iterator[Definition]:
    """The gradient of what is convolved transposed: the cotangent correlated with the filters, as in a forward pass."""
    word, channel, at = ("groups", "g*C+c", "n,g,k,") if grouped else ("channels", "c", "n,k,")
    sums, taps, i = f"c<C,{_each('p#<K#', axes)}", _each("p#", axes), _each("i#", axes)
    for kind, stride, numbers, name in (
        ("filtered", "", "K#,d#,P#", "cross-correlation"),
        ("strided", "s#*", "K#,s#,d#,P#", "strided cross-correlation"),
    ):
        yield define(
            f"{kind}_{axes}d_{word}(A,B|{_each(numbers, axes)},C)[{at}{i}]",
            f"sum[{sums}] A[n,{channel},{_each(f'{stride}i#+d#*p#-P#', axes)}]*B[k,c,{taps}]",
            name + " of {0} with {1}" + ", within each group" * grouped,
        )


def _channel_sums(axes: int) -> Definition:
    """The gradient of a bias that is added everywhere."""
    i, extents = _each("i#", axes), _each("I#", axes)
    return define(
        f"channel_sums_{axes}d(A|{extents},N)[k]",
        f"sum[n<N,{_each('i#<I#', axes)}] A[n,k,{i}]",
        "sum of {0} over the samples and positions of each channel",
    )


def _algebraic() -> Iterator[Definition]:
    yield define("transposed_product(A,B|K)[l,c]", "sum[k<K] B[l,k]*A[k,c]", "{0}^T {1}, row by row")
    yield define("transposed_product_plain(A,B|K)[c]", "sum[k<K] B[k]*A[k,c]", "{0}^T {1}")
    yield define(
        "outer_product(A,B|L)[k,c]", "sum[l<L] A[l,k]*B[l,c]", "outer product of {0} and {1}, summed over the rows"
    )
    yield define("outer_product_plain(A,B)[k,c]", "A[k]*B[c]", "outer product of {0} and {1}", alone=True)
    yield define("logistic_slope(A)[l]", "A[l]*(1 - A[l])", "s(1-s) with s = {0}")
    yield define("tanh_slope(A)[l]", "1 - A[l]^2", "1 - tanh^2 with tanh = {0}")
    centred = "{g} - (sum[{k}1<N] {g1})/N - (B[{at}]*sum[{k}1<N] {g1}*B[{at1}])/N"
    yield define(
        "centred_slope(A,B|N)[n,c]",
        centred.format(g="A[n,c]", g1="A[n1,c]", k="n", at="n,c", at1="n1,c"),
        "{0} less its mean and its part along {1}",
    )
    yield define(
        "centred_slope_scaled(A,B,S|N)[l,c]",
        centred.format(g="A[l,c]*S[c]", g1="A[l,c1]*S[c1]", k="c", at="l,c", at1="l,c1"),
        "{0} scaled by {2}, less its mean and its part along {1}",
    )
    yield define("one_hot(T)[n,c]", "[c==T[n]]", "the one-hot label {0}")


@cache
def definitions() -> dict[str, Definition]:
    """Every definition by name, in the order in which they are tried."""
    found = list(_algebraic())
    for axes in range(1, MOST_AXES + 1):
        for plain in (True, False):
            found += [*_correlations(axes, plain), *_helpers(axes, plain)]
        found += [d for word in _CHANNELS for d in _convolutions(axes, word)]
        found += [d for grouped in (False, True) for d in _banks(axes, grouped)]
        found.append(_channel_sums(axes))
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
