"""Every law of the checker is true: at random expressions both sides of its equation have one value, exactly."""

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from itertools import count
from random import Random
from typing import Any

import pytest

from derive import checker
from derive.certificate import CLASSES, expression, written
from derive.checker import indexed, normal, trees
from derive.errors import MeaningError
from derive.expressions.expr import Apply, Binder, Contract, Entry, Expr, InRange, Mul, Num
from derive.expressions.index import Composite, Index, atom_index, index
from derive.language.notation import parse_expr
from derive.meaning.denote import World
from derive.meaning.integers import Array, Formula

U = [
    "equation",
    "U",
    ["j"],
    ["add", [["pow", ["entry", "X", [[[1, "j"]]]], ["num", 2, 1]], ["entry", "Y", [[[1, "j"]]]]]],
]
V = ["equation", "V", ["j"], ["mul", [["entry", "U", [[[1, "j"]]]], ["entry", "X", [[[1, "j"], [1]]]]]]]
ROT = ["definition", "rot", ["A"], ["n"], ["p"], ["entry", "A", [[[1, "n"], [-1], [-1, "p"]]]]]
TERM = ["mul", [["entry", "A", [[[1, "q"]]]], ["entry", "B", [[[1, "q"]]]]]]
DOT = ["definition", "dot", ["A", "B"], ["n"], [], ["sum", [["q", [[1, "n"]]]], TERM]]
EXTENTS = {"X": "H", "Y": "H", "U": "H", "V": "H", "F": "K", "T": "K"}
LATER = {"deviations", "hypothesis", "labels", "logarithm", "one quotient"}
"""Laws of what is assumed or an equation says, of logarithms, which have no exact value, and one that only regroups a
normal form."""


def claim() -> checker.Claim:
    tensors = {t: [[[1, n]]] for t, n in EXTENTS.items()}
    made = checker.Claim([tensors, [U, V], ["gradient", "V", "X", ["h"]], [ROT, DOT], [], {}, {}, []])
    made.symbols |= {"s", "H", "K"}
    return made


def worlds() -> Iterator[World]:
    for h, k, s in ((4, 2, 2), (5, 3, 1), (3, 3, 3)):
        random = Random(h)
        values = {t: h if n == "H" else k for t, n in EXTENTS.items()}
        arrays = {
            t: Array((n,), tuple(random.choice([-2, -1, 0, 1, 2, 3]) for _ in range(n))) for t, n in values.items()
        }
        arrays["T"] = Array((k,), tuple(random.randrange(h) for _ in range(k)))
        arrays["dE/dV"] = Array((h,), tuple(range(-1, h - 1)))
        formulas = {e[1]: Formula(tuple(e[2]), (index("H"),), expression(e[3])) for e in (U, V)}
        yield World({"H": h, "K": k, "s": s}, arrays, formulas, opened)


def opened(e: Apply) -> Expr:
    if e.definition == "rot":
        return Entry(e.tensors[0], (e.arguments[0] - 1 - e.indices[0],))
    pair = (Entry(t, (index("q'"),)) for t in e.tensors)
    return Contract((Binder("q'", e.arguments[0]),), Mul(tuple(pair)))


WORLDS = list(worlds())


# -- random expressions ------------------------------------------------------------------------------------------------


class Draw:
    """Random JSON expressions over the names in force; `d` says whether a derivative may stand in them."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def one_of(self, *options: Any) -> Any:
        return self.random.choice(options)

    def bare(self, names: list[str]) -> Any:
        return [[1, self.random.choice(names)]]

    def index(self, names: list[str], deep: bool = True) -> Any:
        found = []
        for _ in range(self.random.randint(1, 2)):
            c, a, kind = self.one_of(1, 1, -1, 2), self.one_of(*names, "K", "s"), self.random.random()
            if kind < 0.3 and deep:
                found.append(
                    [c, [self.one_of("floor", "mod", "exact"), self.index(names, False), [[1, self.one_of("s", "K")]]]]
                )
            else:
                found.append([c] if kind < 0.4 else [c, "s", a] if kind < 0.5 else [c, a])
        return [*found, [1, ["entry", "T", [self.bare(names)]]]] if self.random.random() < 0.05 else found

    def any_index(self, names: list[str]) -> Any:
        return self.bare(names) if self.random.random() < 0.6 else self.index(names)

    def expression(self, depth: int, names: list[str], d: bool = True) -> Any:
        kinds = [self.number, self.entry, self.entry, self.value, self.guard, self.named]
        if depth > 0:
            kinds = [self.many, self.many, self.quotient, self.binding, self.branches, self.contracted, self.split]
            kinds += [self.divided, self.undone, self.blocked, self.windowed]
            kinds += [self.protected, self.shared, self.opposite, self.function] + [self.derivative] * 4 * d
        return self.random.choice(kinds)(depth, names, d)

    def number(self, depth: int, names: list[str], d: bool) -> Any:
        return ["num", self.one_of(-1, 0, 1, 2), self.one_of(1, 1, 2)]

    def entry(self, depth: int, names: list[str], d: bool) -> Any:
        return ["entry", self.one_of("X", "X", "Y", "F", "U", "V"), [self.any_index(names)]]

    def value(self, depth: int, names: list[str], d: bool) -> Any:
        return ["val", self.index(names)]

    def guard(self, depth: int, names: list[str], d: bool) -> Any:
        return self.one_of(
            ["in", self.any_index(names), [[1, self.one_of("H", "K")]]],
            ["compare", "==", ["val", self.index(names)], ["val", self.any_index(names)]],
            ["compare", "==", ["val", [[1, ["exact", self.index(names, False), [[1, "s"]]]]]], ["val", [[1, "K"]]]],
            ["compare", self.one_of("<", "<="), ["entry", "X", [self.bare(names)]], ["num", 0, 1]],
            ["divides", [[1, "s"]], self.index(names)],
        )

    def named(self, depth: int, names: list[str], d: bool) -> Any:
        rot = ["apply", "rot", [self.one_of("F", "X")], [[[1, "K"]]], [self.bare(names)]]
        return self.one_of(rot, ["apply", "dot", ["X", "F"], [[[1, "K"]]], []])

    def many(self, depth: int, names: list[str], d: bool) -> Any:
        return [
            self.one_of("add", "mul"),
            [self.expression(depth - 1, names, d) for _ in range(self.random.randint(2, 3))],
        ]

    def quotient(self, depth: int, names: list[str], d: bool) -> Any:
        below = self.expression(depth - 1, names, d)
        return self.one_of(
            ["div", below, self.expression(depth - 1, names, d)], ["pow", below, ["num", self.one_of(2, 3, -1), 1]]
        )

    def binding(self, depth: int, names: list[str], d: bool) -> Any:
        bound = self.random.sample(["p", "q", "h"], self.random.randint(1, 2))
        over = [[b, [[1, self.one_of("H", "K")]]] for b in bound]
        return [self.one_of("sum", "sum", "select"), over, self.expression(depth - 1, [*names, *bound], d)]

    def branches(self, depth: int, names: list[str], d: bool) -> Any:
        f, g = (self.expression(depth - 1, names, d) for _ in range(2))
        return self.one_of(
            ["max", f, g],
            ["min", f, g],
            ["cases", ["compare", "<", ["entry", "X", [self.bare(names)]], ["num", 0, 1]], f, g],
        )

    def function(self, depth: int, names: list[str], d: bool) -> Any:
        return [
            "fn",
            "exp",
            [
                "add",
                [["mul", [["num", -1, 1], ["entry", "Y", [self.bare(names)]]]], ["entry", "X", [self.bare(names)]]],
            ],
        ]

    def derivative(self, depth: int, names: list[str], d: bool) -> Any:
        return ["d", self.expression(depth - 1, names, False), ["entry", "X", [self.bare(names)]]]

    # forms that laws look for

    def contracted(self, depth: int, names: list[str], d: bool) -> Any:
        bound = self.random.sample(["p", "q", "i"], self.random.randint(1, 2))
        inner = [*names, *bound]
        moving = [*self.index(inner), [self.one_of(1, -1, 2), *(["s"] * self.one_of(0, 1)), bound[0]]]
        items = [
            ["compare", "==", ["val", moving], ["val", self.any_index(inner)]],
            self.expression(depth - 1, inner, d),
        ]
        return ["sum", [[b, [[1, self.one_of("H", "K")]]] for b in bound], ["mul", items]]

    def divided(self, depth: int, names: list[str], d: bool) -> Any:
        width, extent = ([[1, self.one_of("H", "K")]] for _ in range(2))
        inner = [*names, "i", "p"]
        equal = ["compare", "==", ["val", [[1, width[0][1], "i"], [1, "p"]]], ["val", self.any_index(names)]]
        body = ["mul", [equal, self.expression(depth - 1, inner, d)]]
        return ["sum", [["i", extent], ["p", width]], body]

    def undone(self, depth: int, names: list[str], d: bool) -> Any:
        s = self.one_of("s", "K")
        quotient = ["exact", self.index(names, False), [[1, s]]]
        other = self.one_of([1], [2], [1, ["floor", [[1, quotient]], [[5]]]])
        read = ["entry", "X", [[[1, s, quotient], other]]]
        return ["mul", [["in", [[1, quotient]], [[1, "H"]]], read, self.expression(depth - 1, names, d)]]

    def blocked(self, depth: int, names: list[str], d: bool) -> Any:
        inner = [*names, "k", "p", "q"]
        width = [[1, "K"]]
        asked = [
            "compare",
            "==",
            ["val", [[1, [self.one_of("floor", "mod"), [[1, "k"]], width]]]],
            self.value(0, inner, d),
        ]
        over = [["k", [[1, "K", "H"]]], ["p", [[1, "H"]]], ["q", width]]
        return ["sum", over, ["mul", [asked, self.expression(0, inner, d)]]]

    def windowed(self, depth: int, names: list[str], d: bool) -> Any:
        inner, rest = [*names, "i"], self.index(names, False)
        top, s = [[1, "i"], *rest], [[1, self.one_of("s", "K")]]
        read = self.one_of(top, [[1, ["exact", top, s]]])
        items = [["entry", self.one_of("X", "Y"), [[[1, "i"]]]], ["entry", self.one_of("X", "F"), [read]]]
        return ["sum", [["i", [[1, "H"]]]], ["mul", [*items, self.expression(0, inner, d)]]]

    def split(self, depth: int, names: list[str], d: bool) -> Any:
        a, w = self.index(names), [[1, self.one_of("K", "s")]]
        pair = (
            [["val", self.index(names)], ["val", [[1, ["floor", a, w]]]]],
            [["val", self.any_index(names)], ["val", [[1, ["mod", a, w]]]]],
        )
        return ["mul", [["compare", "==", *p] for p in pair] + [self.expression(0, names, d)]]

    def protected(self, depth: int, names: list[str], d: bool) -> Any:
        e = self.index(names)
        items = [["in", e, [[1, self.one_of("H", "H", "K")]]], ["entry", self.one_of("X", "U", "F", "dE/dV"), [e]]]
        product = ["mul", [*items, self.expression(depth - 1, names, d)]]
        return self.one_of(product, ["div", product, self.one_of(["val", [[1, "K"]]], self.expression(0, names, d))])

    def shared(self, depth: int, names: list[str], d: bool) -> Any:
        f = self.expression(0, names, False)
        return [
            "div",
            ["mul", [f, self.expression(0, names, False)]],
            ["pow", ["add", [["num", 1, 1], f]], ["num", 2, 1]],
        ]

    def opposite(self, depth: int, names: list[str], d: bool) -> Any:
        f, g = (self.expression(0, names, False) for _ in range(2))
        return ["add", [f, ["mul", [["num", -1, 1], ["add", [f, g]]]]]]


# -- the checker's expressions, as the deriver's -----------------------------------------------------------------------


def as_index(e: trees.Tree) -> Index:
    match e:
        case "add", terms:
            return sum((as_index(t) for t in terms), index(0))
        case "mul", items:
            total = index(1)
            for item in items:
                total = total * as_index(item)
            return total
        case "num", p, 1:
            return index(p)
        case "name", n:
            return index(n)
        case "pow", base, ("num", n, 1):
            return as_index(("mul", (base,) * n))
        case "entry", tensor, at:
            return atom_index(Entry(tensor, tuple(map(as_index, at))))
        case kind, a, b:
            return atom_index(Composite(kind, as_index(a), as_index(b)))
    raise AssertionError(e)


def as_expr(e: trees.Tree) -> Expr:
    if e[0] == "num":
        return Num(Fraction(e[1], e[2]))
    ways: dict[str, Any] = {
        "e": as_expr, "r": as_expr, "i": as_index, "E": lambda v: tuple(map(as_expr, v)),
        "I": lambda v: tuple(map(as_index, v)), "b": lambda v: tuple(Binder(n, as_index(extent)) for n, extent in v),
    }  # fmt: skip
    kinds = zip(trees.EXPRESSIONS[e[0]], e[1:], strict=True)
    return CLASSES[e[0]](*(ways.get(kind, lambda v: v)(value) for kind, value in kinds))


def value(world: World, e: Expr, point: dict[str, int]) -> Any:
    try:
        return world.value(e, point)
    except MeaningError:
        return None


# -- the laws ----------------------------------------------------------------------------------------------------------


def compared(seed: int, draws: int, table: dict[str, Any]) -> Counter[str]:
    """How often each law's two sides were compared. Raises: AssertionError where they differ."""
    draw, own, seen = Draw(seed), claim(), Counter[str]()
    [free] = own.free
    own.here = {free: own.tensors["X"][0]}
    for _ in range(draws):
        own.numbers = count(1000)
        try:
            tree = own.line(draw.expression(draw.random.randint(0, 3), ["h"]))
        except checker.Refuted:
            continue
        for family in dict.fromkeys(table.values()):
            for law, left, right, facts in instances(family, tree, own):
                if left == tree and law not in LATER:
                    seen[law] += sides_agree(law, tree, right, facts, free)
    return seen


def instances(family: Any, tree: trees.Tree, own: checker.Claim) -> list[Any]:
    try:
        return list(family(tree, tree, own))
    except checker.Refuted:
        return []


def sides_agree(law: str, left: trees.Tree, right: trees.Tree, facts: trees.Facts, free: str) -> int:
    """At how many points both sides have a value, which is one."""
    a, b, agreed = as_expr(left), as_expr(right), 0
    ranges = [InRange(as_index(f[1]), as_index(f[2])) for f in facts if f[0] == "range"]
    for world in WORLDS:
        for h in range(int(world.names["H"])):  # type: ignore[arg-type]
            point = {free: h}
            if all(value(world, r, point) == 1 for r in ranges):
                x, y = value(world, a, point), value(world, b, point)
                assert x is None or y is None or x == y, (law, left, right, world.names, h)
                agreed += x is not None and y is not None
    return agreed


def test_both_sides_of_every_law_have_one_value_and_every_law_is_compared():
    seen = sum((compared(seed, 700, checker.LAWS) for seed in range(4)), Counter())
    assert sum(seen.values()) > 20_000
    assert {law for law, n in seen.items() if n} >= set(checker.LAWS) - LATER


def test_a_law_that_is_wrong_is_found():
    def wishful(node: trees.Tree, after: trees.Tree, own: checker.Claim) -> trees.Instances:
        if node[0] == "sum":
            yield "distribute", after, node[2], ()

    with pytest.raises(AssertionError, match="distribute"):
        compared(1, 700, {"distribute": wishful})


# -- the law that asks an equation -------------------------------------------------------------------------------------

DEVIATIONS = {
    "sum[n1<N] (X[n1,c] - M[c])": True,
    "sum[c1<C,n1<N] X[n,c1]*(X[n1,c] - M[c])/N": True,
    "sum[n1<N] (X[n1,c] - M[c])^2": False,
    "sum[n1<N] X[n1,c]*(X[n1,c] - M[c])": False,
    "sum[n1<N] (X[n1,c] - M[c])/X[n1,c]": False,
    "sum[n1<N] (X[n1,c] - M[c] - 1)": False,
    "sum[n1<N] (X[n1,c] + M[c])": False,
    "sum[n1<N] (X[n1,c] - M[n])": False,
    "sum[n1<N] (X[n1,c] - M[c+1])": False,
    "sum[n1<C] (X[n1,c] - M[c])": False,
    "sum[c1<C] (X[n,c1] - M[c])": False,
    "sum[c1<C] (X[n,c1] - M[c1])": False,
}


@pytest.mark.parametrize(
    "mean", ["(sum[n<N] X[n,c])/N", "(sum[n<N] X[n,c])/C", "sum[n<N] X[n,c]", "(sum[n<N] X[c,n])/N"]
)
@pytest.mark.parametrize("text", DEVIATIONS)
def test_only_deviations_from_a_mean_add_up_to_0(text: str, mean: str):
    tensors = {t: [[[1, n]] for n in extents] for t, extents in {"X": "NC", "M": "C", "O": "NC"}.items()}
    equations = [["equation", "M", ["c"], written(parse_expr(mean))]]
    own = checker.Claim([tensors, equations, ["gradient", "O", "X", ["n", "c"]], [], [], {}, {}, []])
    own.here = {i: own.tensors["X"][axis] for i, axis in own.free.items()}
    node = own.line(written(parse_expr(text)))
    zero = any(normal.equal(a, b) for _, a, b, _ in indexed.means(node, trees.ZERO, own))
    assert zero is (DEVIATIONS[text] and mean == "(sum[n<N] X[n,c])/N")
    assert not list(indexed.means(node, trees.ONE, own))
