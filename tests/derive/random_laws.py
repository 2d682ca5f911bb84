"""Random well-formed laws of the notation, drawn as text, so that they are read like anyone's own.

Every input and output is declared, every read fits its axes, divisors and what stands under a logarithm are positive: a
law that is refused is a fault of this generator or of the reader.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

SYMBOLS = ("A", "B", "C")
FIXED = ("2", "3", "4")


@dataclass(frozen=True)
class Axis:
    """An index in force, or an axis of a tensor: its name and how its extent is written."""

    name: str
    extent: str


@dataclass
class Writer:
    """Draws one law: names are taken from it, declarations and equations gather in it."""

    draw: DrawFn
    declared: dict[str, tuple[Axis, ...]] = field(default_factory=dict)
    labels: dict[str, Axis] = field(default_factory=dict)
    computed: dict[str, tuple[Axis, ...]] = field(default_factory=dict)
    equations: list[str] = field(default_factory=list)
    bound: int = 0

    def pick(self, *options: str) -> str:
        return self.draw(st.sampled_from(options))

    def chance(self, one_in: int) -> bool:
        return self.draw(st.integers(1, one_in)) == one_in

    # -- names -----------------------------------------------------------------------------------------------------

    def extent(self) -> str:
        return self.pick(*SYMBOLS, *FIXED)

    def axes(self, stem: str, most: int) -> tuple[Axis, ...]:
        """New axes h0, h1, ... for a tensor or a left side."""
        return tuple(Axis(f"{stem}{k}", self.extent()) for k in range(self.draw(st.integers(0, most))))

    def binder(self, scope: tuple[Axis, ...]) -> Axis:
        """A new bound index: as long as a symbol or a number, or as far as an outer index."""
        self.bound += 1
        outer = [f"{a.name}+1" for a in scope if "+" not in a.extent]
        return Axis(f"p{self.bound}", self.pick(self.extent(), self.extent(), "2", "3", *outer[:1]))

    def two(self, scope: tuple[Axis, ...]) -> tuple[Axis, Axis]:
        """Two indices in force, different ones where there are two."""
        a = self.draw(st.sampled_from(scope))
        return a, self.draw(st.sampled_from([b for b in scope if b != a] or scope))

    def input(self) -> str:
        """An input of the law, old or new."""
        known = list(self.declared)
        if known and not self.chance(3):
            return self.pick(*known)
        name = "XYZW"[min(len(known), 3)]
        if name not in self.declared:
            self.declared[name] = self.axes("huv"[len(known) % 3] + name.lower(), 3)
        return name

    def label(self, a: Axis) -> str:
        """An integer tensor with one axis like `a`."""
        for name, own in self.labels.items():
            if own.extent == a.extent:
                return name
        name = "TS"[len(self.labels)] if len(self.labels) < 2 else ""
        if name:
            self.labels[name] = Axis("t", a.extent)
        return name

    # -- indices ---------------------------------------------------------------------------------------------------

    def index(self, extent: str, scope: tuple[Axis, ...]) -> str:
        """An index into an axis of this extent."""
        if not scope:
            return self.pick("0", "1")
        a, b = self.two(scope)
        same = [x.name for x in scope if x.extent == extent]
        if same and not self.chance(3):
            return self.pick(*same)
        kind = self.pick("one", "one", "two", "two", "two", "whole", "exact", "label", "rare")
        if a == b and kind in ("two", "whole", "rare"):
            kind = "one"
        if kind == "label" and "+" not in a.extent and (name := self.label(a)):
            return f"{name}[{a.name}]"
        return self.pick(*INDICES.get(kind, INDICES["one"])).format(
            i=a.name, j=b.name, N=extent, J=b.extent if "+" not in b.extent else "2", s=self.pick("s", "d", "P")
        )

    def read(self, scope: tuple[Axis, ...]) -> str:
        """An entry of an input or of an earlier equation's target."""
        name = self.pick(*self.computed) if self.computed and self.chance(2) else self.input()
        axes = self.computed.get(name, self.declared.get(name, ()))
        return name + (f"[{','.join(self.index(x.extent, scope) for x in axes)}]" if axes else "")

    # -- values ----------------------------------------------------------------------------------------------------

    def value(self, scope: tuple[Axis, ...], depth: int) -> str:
        """An expression that can be a factor."""
        if depth == 0 or self.chance(4):
            return self.read(scope)
        return self.draw(st.sampled_from(VALUES))(self, scope, depth - 1)

    def positive(self, scope: tuple[Axis, ...], depth: int) -> str:
        """An expression that is above 0 for all data."""
        kind = self.pick("square", "square", "exp", "sum")
        if kind == "square":
            return f"(1 + ({self.value(scope, depth)})^2)"
        if kind == "exp":
            return f"(1 + exp({self.read(scope)}/4))"
        inner = self.binder(scope)
        return f"(2 + sum[{inner.name}<{inner.extent}] {self.read((*scope, inner))}^2)"

    def guard(self, scope: tuple[Axis, ...]) -> str:
        if not scope or self.chance(3):
            return f"[{self.read(scope)} {self.pick('<', '<=')} {self.pick('0', '1', self.read(scope))}]"
        a, b = self.two(scope)
        choices = (f"[{a.name}<={b.name}]", f"[0<={a.name}-1<{a.extent}]", f"[2 | {a.name}+{b.name}]",
                   f"[{a.name}!={b.name}+1]", f"[{a.name}=={b.name}]", f"[1<={a.name}]")  # fmt: skip
        if self.chance(3) and "+" not in a.extent and (name := self.label(a)):
            return f"[{b.name}=={name}[{a.name}]]"
        return self.pick(*choices)

    # -- the law ---------------------------------------------------------------------------------------------------

    def equation(self, target: str, depth: int) -> None:
        axes = self.axes({"O": "i", "U": "j", "V": "k"}[target], 2 if target != "O" else 3)
        body = self.value(axes, depth)
        if self.chance(3):
            body += self.pick(" + ", " - ") + self.value(axes, depth - 1)
        self.define(target, axes, body)

    def define(self, target: str, axes: tuple[Axis, ...], body: str) -> None:
        left = target + (f"[{','.join(a.name for a in axes)}]" if axes else "")
        self.equations.append(f"{left} = {body}")
        self.computed[target] = axes

    def text(self) -> str:
        declared = [_declaration(n, axes) for n, axes in {**self.declared, **self.computed}.items() if axes]
        declared += [f"{n}[t<{a.extent}]; integer {n}" for n, a in self.labels.items()]
        scalars = [f"scalar {n}" for n, axes in self.declared.items() if not axes]
        return "; ".join([*scalars, *declared, *self.equations])


def _declaration(name: str, axes: tuple[Axis, ...]) -> str:
    return f"{name}[{','.join(f'{a.name}<{a.extent}' for a in axes)}]"


INDICES = {
    "one": ("{i}+1", "{i}-1", "2*{i}", "2*{i}+1", "{N}-1-{i}", "{s}*{i}", "{i}+P", "1", "{i}-{s}"),
    "two": ("{i}+{j}", "{i}-{j}", "2*{i}+{j}", "{s}*{i}+d*{j}-P", "{i}+{N}-1-{j}", "{s}*{i}+{j}", "{i}+2*{j}-1"),
    "whole": ("{i}//2", "{i}%2", "({i}+{j})//2", "{J}*{i}+{j}", "{i}//{J}", "{i}%{J}", "({i}+1)%{N}"),
    "exact": ("{i}/2", "({i}-{j})/2", "({i}+P-d*{j})/s", "({i}+1)/3", "({i}-{j})/s"),
    "rare": ("{i}*{j}", "min({i},{j})", "2*({i}//2)+{j}", "{i}//2+{j}%2"),
}
"""Index expressions by kind: of one index or two, with floors and remainders, with exact quotients."""

Rule = Callable[[Writer, tuple[Axis, ...], int], str]


def _sum(w: Writer, scope: tuple[Axis, ...], depth: int) -> str:
    several = (w.binder(scope),) if w.chance(2) else (w.binder(scope), w.binder(scope))
    bounds = ",".join(f"{b.name}<{b.extent}" for b in several)
    factors = "*".join(w.value((*scope, *several), depth) for _ in range(w.draw(st.integers(1, 2))))
    return f"(sum[{bounds}] {factors})"


def _maximum(w: Writer, scope: tuple[Axis, ...], depth: int) -> str:
    """A maximum over a whole axis: there is always a cell."""
    name = w.input()
    axes = w.declared[name]
    if not axes:
        return f"max({name}, {w.value(scope, depth)})"
    w.bound += 1
    k = w.draw(st.integers(0, len(axes) - 1))
    places = [next((a.name for a in scope if a.extent == x.extent), "0") for x in axes]
    places[k] = f"q{w.bound}"
    return f"(max[q{w.bound}<{axes[k].extent}] {name}[{','.join(places)}])"


VALUES: tuple[Rule, ...] = (
    lambda w, s, d: f"{w.value(s, d)}*{w.value(s, d)}",
    lambda w, s, d: f"({w.value(s, d)} {w.pick('+', '-')} {w.value(s, d)})",
    _sum,
    _sum,
    _sum,
    _maximum,
    lambda w, s, d: f"{w.pick('max', 'min')}({w.value(s, d)}, {w.pick('0', w.read(s))})",
    lambda w, s, d: f"cases({w.guard(s)[1:-1]}, {w.value(s, d)}, {w.value(s, d)})",
    lambda w, s, d: f"{w.guard(s)}*{w.value(s, d)}",
    lambda w, s, d: f"{w.pick('tanh', 'sin', 'cos', 'sigmoid')}({w.value(s, d)})",
    lambda w, s, d: f"exp({w.read(s)}/4)",
    lambda w, s, d: f"{w.pick('log', 'sqrt')}({w.positive(s, d)})",
    lambda w, s, d: f"({w.value(s, d)})/{w.positive(s, d)}",
    lambda w, s, d: f"({w.value(s, d)})^{w.pick('2', '3')}",
    lambda w, s, d: f"{w.positive(s, d)}^{w.pick('-1', '-2', '(1/2)', '(3/2)')}",
    lambda w, s, d: f"({w.value(s, d)})/{w.pick('2', '3', w.extent())}",
    lambda w, s, d: w.pick(*(a.name for a in s), "2", "A", "(-1)") + f"*{w.value(s, d)}",
)


@st.composite
def free_laws(draw: DrawFn) -> str:
    """One to three equations of any shape."""
    w = Writer(draw)
    targets = draw(st.sampled_from((("O",), ("O",), ("U", "O"), ("U", "V", "O"))))
    for target in targets:
        w.equation(target, 3 if len(targets) == 1 else 2)
    return w.text()


# -- laws of the field, varied: a head makes S, a tail makes O from it ------------------------------------------------


def _window(draw: DrawFn, i: str, p: str, taps: str) -> tuple[str, str, str]:
    """(index, halo, size rule) of a sliding window."""
    s, d, padding = (draw(st.sampled_from(kinds)) for kinds in (("1", "2", "s"), ("1", "2", "d"), ("0", "1", "P")))
    if draw(st.booleans()):
        return f"{s}*{i}+{d}*{p}-{padding}", padding, draw(st.sampled_from(("fit", "fit", "ceil")))
    turned = draw(st.sampled_from((f"{i}+{taps}-1-{p}", f"{i}-{p}", f"({i}+{padding}-{d}*{p})/{s}")))
    return turned, "", "touch"


@st.composite
def correlations(draw: DrawFn) -> tuple[str, tuple[str, ...]]:
    """Sliding windows along one axis or two, with channels or without, with a bias or without."""
    axes = draw(st.sampled_from(((("i", "p", "h"),), (("i", "p", "h"), ("j", "q", "w")))))
    channels = draw(st.booleans())
    reads, halos = [], []
    for i, p, h in axes:
        index, padding, rule = _window(draw, i, p, f"T{p}")
        reads.append(index)
        halos += [f"pad X.{h} by {padding}, {padding}"] * bool(padding) + [f"size {i} {rule}"]
    out, taps, data = (tuple(a[k] for a in axes) for k in range(3))
    nk, nc, kc, c = ("n,k,", "n,c,", "k,c,", "c<C,") if channels else ("", "", "", "")
    bias = draw(st.sampled_from(("", " + b[k]"))) if channels else ""
    law = (f"S[{nk}{','.join(out)}] = sum[{c}{','.join(f'{p}<T{p}' for p in taps)}]"
           f" (X[{nc}{','.join(reads)}]*F[{kc}{','.join(taps)}]){bias}")  # fmt: skip
    declared = (f"X[{'n<N,c<C,' if channels else ''}{','.join(f'{h}<{h.upper()}' for h in data)}];"
                f" F[{'k<K,c<C,' if channels else ''}{','.join(f'{p}<T{p}' for p in taps)}]")  # fmt: skip
    return "; ".join((declared, *halos, law)), (*(("n", "k") if channels else ()), *out)


@st.composite
def pools(draw: DrawFn) -> tuple[str, tuple[str, ...]]:
    """Maxima and averages of windows."""
    size, stride = draw(st.sampled_from(("2", "3", "T"))), draw(st.sampled_from(("1", "2", "s")))
    read = f"X[n,{stride}*i+p]"
    law = draw(st.sampled_from((
        f"S[n,i] = max[p<{size}] {read}",
        f"S[n,i] = (sum[p<{size}] {read})/{size}",
        f"S[n,i] = (sum[p<{size}] {read}^2)^(1/2)",
        f"S[n,i] = (sum[p<{size}] {read})/(sum[p<{size}] [{stride}*i+p<H])",
        f"S[n,i] = (sum[p<{size}] exp(-(p-1)^2/2)*{read})",
    )))  # fmt: skip
    return f"X[n<N,h<H]; {law}", ("n", "i")


HEADS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("S[l,k] = sum[c] X[l,c]*W[k,c] + b[k]", ("l", "k")),
    ("S[i,j] = X[i] - Y[j]", ("i", "j")),
    ("S[i,j] = sum[k] (X[i,k]-Y[j,k])^2", ("i", "j")),
    ("S[n,k] = sum[i,j] X[n,i]*A[k,i,j]*Y[n,j]", ("n", "k")),
    ("S[i,j] = X[i]*Y[j] + X[j]*Y[i]", ("i", "j")),
    ("S[n,d] = W[T[n],d]; integer T", ("n", "d")),
    ("S[n,a] = X[n,a//W,a%W]; X[n<N,h<H,w<W]; size a = H*W", ("n", "a")),
    ("S[n,h,w] = X[n,h*W+w]; X[n<N,a<R]; S[n<N,h<H,w<W]", ("n", "h", "w")),
    ("S[n,i] = sum[j<i+1] X[n,j]; X[n<N,j<H]; S[n<N,i<H]", ("n", "i")),
    ("S[n,i] = max[j<i+1] X[n,j]; X[n<N,j<H]; S[n<N,i<H]", ("n", "i")),
    ("S[i] = sum[j<H-i] X[j]*X[i+j]; X[h<H]; S[i<H]", ("i",)),
    ("S[i,j] = sum[k] Q[i,k]*K[j,k]", ("i", "j")),
    ("S[n,k,i] = sum[c<C,p<T] (X[n,k//G*C+c,i+p]*F[k,c,p]); X[n<N,c<R,h<H]; F[k<K,c<C,p<T]", ("n", "k", "i")),
    ("S[n,i] = X[n,i+2] - 2*X[n,i+1] + X[n,i]; size i fit", ("n", "i")),
    ("S[l,h] = tanh(sum[c] X[l,c]*W[h,c] + sum[g] Y[l,g]*V[h,g] + b[h])", ("l", "h")),
    ("S[i,j] = sum[a,b] A[i,a]*B[a,b]*D[b,j]", ("i", "j")),
    ("S[i] = X[N-1-i]; X[i<N]; S[i<N]", ("i",)),
    ("S[i,j] = cases(j<=i, X[i,j], 0)", ("i", "j")),
)

TAILS = (
    "O{all} = S{all}",
    "O{all} = max(S{all}, 0)",
    "O{all} = tanh(S{all})",
    "O{all} = S{all}*sigmoid(S{all})",
    "O{all} = S{all}*(1 + tanh(2/3*(S{all} + S{all}^3/20)))/2",
    "O{all} = max(S{all}, 0) + slope*(exp(min(S{all}, 0)) - 1)",
    "O{all} = cases(S{all} < 0, slope*S{all}, S{all})",
    "O = sum[{each}] S{all}^2",
    "O{lead} = log(sum[{last}] exp(S{all}))",
    "O{lead} = max[{last}] S{all}",
    "U{all} = exp(S{all}/2); Z{lead} = sum[{last}] U{all}; O{all} = U{all}/Z{lead}",
    "Q2{lead} = sum[{last}] S{all}^2; O{all} = S{all}/sqrt(1 + Q2{lead})",
    "M{lead} = sum[{last}] S{all}/8; R{lead} = sum[{last}] (S{all} - M{lead})^2;"
    " O{all} = (S{all} - M{lead})/sqrt(R{lead} + 1)",
)
"""What follows S: an activation, a maximum, a softmax, a normalisation."""

TAILS_WITH_INPUTS = (
    "O = (sum[{each}] (S{all} - G{all})^2)/2",
    "U{all} = exp(S{all}/2); Z{lead} = sum[{last}] U{all}; P{all} = U{all}/Z{lead};"
    " O{more} = sum[{last}] P{all}*G[{last},e]",
    "Z{lead} = sum[{last}] exp(S{all}); L{all} = S{all} - log(Z{lead}); O = -(sum[{each}] L{all}*G{all})",
    "O{all} = (sum[e] G[e]*S{all}^2)/(1 + S{all}^2)",
    "O{all} = S{all}*S{all}/2 + S{all}*G{all}",
)
"""What follows S and reads one more input: a loss, attention, a weighted sum."""


def _brackets(*names: str) -> str:
    return f"[{','.join(names)}]" if names else ""


@st.composite
def field_laws(draw: DrawFn) -> str:
    """A law of the field: windows, products, distances; then an activation, a softmax, a normalisation or a loss."""
    head, axes = draw(st.one_of(st.sampled_from(HEADS), correlations(), pools()))
    # an index with a size of its own reads no other input bare: that would give it a second extent
    tail = draw(st.sampled_from(TAILS if "size" in head else (*TAILS, *TAILS_WITH_INPUTS)))
    *lead, last = names = tuple(f"y{k}" for k in range(len(axes)))
    return f"{head}; " + tail.format(
        all=_brackets(*names), lead=_brackets(*lead), more=_brackets(*lead, "e"), last=last, each=",".join(names)
    )


def random_laws() -> SearchStrategy[str]:
    """Laws of any shape, and laws of the field in variations."""
    return st.one_of(free_laws(), free_laws(), field_laws())
