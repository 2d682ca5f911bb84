"""What a user's kernel is asked: configurations that expose mistakes, data whose answer is known, ways of calling.

stage     data                                          memory                   compared
values    integers on which no float rounds,            contiguous               bit for bit
          or numbers of which the law takes exp, log    contiguous               within the rounding of each entry
zero      the same with a cotangent of zeros            contiguous               as before
strided   the same                                      views with gaps          as before
expanded  a cotangent of one number, as that of sum()   stride 0                 as before
large     integers beyond float32, exact in float64     contiguous               bit for bit
real      real numbers: wide, saturated, with ties      contiguous               within the rounding of each entry
float32   the data of the first stage in float32        contiguous               bit for bit, or within rounding

interleaved  as in the first stage, the second of three forwards and the last of their backwards (autograd only)
subsets      as in the first stage, each choice of the tensors that require a gradient (autograd only)
extents      as in the first stage, at large sizes

Then come shapes that torch takes as well: batches of two axes and more, or none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from itertools import combinations, islice
from math import lcm
from typing import Any

import numpy as np
from numpy.typing import NDArray

from derive.conventions import by_rule
from derive.errors import MeaningError, OperationError
from derive.operation import Op
from numeric.audit.kernel.extents import four_axes, large_sizes
from numeric.audit.kernel.signatures import Signature
from numeric.audit.kernel.subjects import EXPANDED, INTERLEAVED, PLAIN, STRIDED
from numeric.backend import Formula, gradient_formula
from numeric.checks.bounds import Bounds, bounds_on, exact_sample
from numeric.checks.rounding import FLOAT32, FLOAT64, Precision
from numeric.checks.samples import Sample, at_sizes, draw, passed_shape, sized

FACTORS = (1_048_583, 4099, 67)
"""What integers are multiplied by so that float32 no longer holds them: the first with which float64 still does."""

SUBSETS, EXTENTS = "subsets", "extents"
SMALL_NUMBERS = 3
DRAWS, FEWEST = 16, 6
"""Seeds that are tried for shapes of one family at given sizes; trials of a law at large sizes, at least."""

SEEDS, MORE_SEEDS = 60, 600
"""Seeds that are tried for the configurations of one family of shapes, and of a rare one that is all there is."""

Family = tuple[bool, int, int]


@dataclass(frozen=True, slots=True)
class Trial:
    """One call: data, the bounds around the exact results, the arrays' precision and memory, the rule at ties.

    `leaves` are the tensors that alone require a gradient; where there are none, all that are judged do.
    """

    stage: str
    sample: Sample
    bounds: Bounds
    precision: Precision = FLOAT64
    way: str = PLAIN
    rule: str = ""
    leaves: tuple[str, ...] = ()

    @property
    def exact(self) -> bool:
        """Whether results have to be equal bit for bit."""
        return self.bounds.exact

    @property
    def layer(self) -> str:
        return "6" if self.exact else "7"


@dataclass(frozen=True, slots=True)
class Suite:
    """The laws that a kernel stands for, how it is called, and how much it is asked; `dim` where it is settled."""

    laws: Sequence[Op]
    signature: Signature
    wrt: frozenset[str]
    configurations: int
    seed: int
    rule: str = ""
    dim: int | None = None

    @property
    def for_autograd(self) -> bool:
        """Whether autograd calls the kernel, and may leave out or put off what it asks."""
        return self.signature.kind != "function"

    def family(self, family: Family, seeds: int = SEEDS) -> list[Trial]:
        """The first stage with shapes of one family: as many configurations of each law, as far as they fit."""
        share = max(1, -(-self.configurations // len(self.laws)))
        found = [list(islice(self._of(law, family, seeds), share)) for law in self.laws]
        return [t for group in zip(*found, strict=False) for t in group] + [
            t for one in found for t in one[min(map(len, found)) :]
        ]

    def families(self) -> list[Family]:
        """The shapes in which tensors may come: with one leading axis first, then others that torch takes."""
        seen = {family_of(draw(law, self.seed + k)) for law in self.laws for k in range(SEEDS)}
        star = int(any(law.layout.dim is not None for law in self.laws))  # one more axis than the one that dim names
        leading = 1 + all(
            b.name == "..." for law in self.laws for t in law.tensors for b in t.axes
        )  # entry by entry: two
        return sorted(seen, key=lambda f: (f[0], f[2] != star, f[1] != leading, f))

    def later(self, first: Sequence[Trial]) -> Iterator[list[Trial]]:
        """The stages after the first, on the configurations of the first."""
        for stage in STAGES[1:]:
            asked = first if stage == "real" else first[: max(2, len(first) // 2)]
            yield [found for t in asked if (found := self.staged(stage, t)) is not None]
        yield self.subsets(first)

    def staged(self, stage: str, t: Trial) -> Trial | None:
        """A trial of the first stage as one of another; None where that says nothing new."""
        return STAGED[stage](self, t)

    def subsets(self, first: Sequence[Trial]) -> list[Trial]:
        """Each choice of the tensors that require a gradient but all, once a law: where most are, and most outputs."""
        ample = sorted(first, key=lambda t: (len(t.sample.wrt), t.sample.cotangent.size)) if self.for_autograd else ()
        found = []
        for t in {t.sample.op: t for t in ample}.values():
            names = [x.argument for x in t.sample.wrt if x.argument in self.wrt]
            chosen = (leaves for several in range(1, len(names)) for leaves in combinations(names, several))
            found += [replace(t, stage=SUBSETS, leaves=leaves) for leaves in chosen]
        return found

    def extents(self, first: Sequence[Trial]) -> Iterator[Trial]:
        """Trials at large sizes: all that there are of the law with the most settings, one of each other."""
        ample = max(self.laws, key=lambda law: len(law.symbols))
        for like in {t.sample.op: t for t in reversed(first)}.values():
            each = list(islice(large_sizes(like.sample.op), None if like.sample.op == ample else 1))
            for names in each:
                drawn = (self.at_sizes(names, like, seed) for seed in range(DRAWS))
                few = 1 if like.sample.op != ample else -(-FEWEST // len(each))
                yield from (replace(t, stage=EXTENTS) for t in islice(filter(None, drawn), few))

    def four_axes(self, first: Sequence[Trial]) -> list[Trial]:
        """The first stage with inputs of four axes, where they may have any number."""
        found = ((t, self._of_four_axes(t)) for t in {t.sample.op: t for t in reversed(first)}.values())
        return [trial for like, trial in found if trial is not None and (trial.exact or not like.exact)]

    def _of_four_axes(self, like: Trial) -> Trial | None:
        multiple = 1
        for _ in range(2):
            style = "integer" if like.exact else "positive"
            drawn = (four_axes(like.sample.op, k, style, SMALL_NUMBERS, multiple) for k in range(DRAWS))
            star = len(like.sample.shared.star)
            sample = next((s for s in drawn if s is None or len(s.shared.star) == star), None)
            found = None if sample is None else self.trial("values", sample)
            if found is None or not like.exact:
                return found
            multiple = lcm(multiple, *found.bounds.divisors)
        return found

    def _of(self, law: Op, family: Family, seeds: int) -> Iterator[Trial]:
        for k in range(seeds):
            shaped = sized(law, self.seed + k)
            if shaped is not None and family_of(shaped) != family:
                continue
            for sample in self._drawn(law, self.seed + k):
                if family_of(sample) == family and self._along_dim(sample):
                    yield self.trial("values", sample)
                    break

    def _drawn(self, law: Op, seed: int) -> Iterator[Sample]:
        found = exact_sample(law, formulas(law, self.rule), seed)
        try:
            yield draw(law, seed, "real") if found is None else found[0]
        except OperationError:  # sizes that do not fit: another seed
            return

    def _along_dim(self, sample: Sample) -> bool:
        """Whether the named axis is where the kernel has it."""
        rank = len(sample.shared.star) + 1
        named = sample.arranged.dim
        return self.dim is None or named is None or (-rank <= self.dim < rank and (named - self.dim) % rank == 0)

    def trial(self, stage: str, sample: Sample, precision: Precision = FLOAT64, way: str = PLAIN) -> Trial:
        """A call on a sample without the tensors that the kernel does not take. Raises: MeaningError."""
        kept = self.kept(sample)
        return Trial(stage, kept, self.bounded(kept, precision), precision, way, self.rule)

    def at_sizes(self, names: Mapping[str, Any], like: Trial, seed: int) -> Trial | None:
        """A trial of the first stage at these sizes, with small numbers, as exact as another; None where none is."""
        law, multiple = like.sample.op, 1
        for _ in range(2 if like.exact else 1):  # the second time as multiples of what the first time was divided by
            kind = "real" if not like.exact and seed % 2 else "integer"
            sample = at_sizes(law, names, seed, kind, SMALL_NUMBERS, multiple)
            if sample is None or family_of(sample) != family_of(like.sample) or not self._along_dim(sample):
                return None
            found = self.trial("values", sample)
            needed = lcm(multiple, *found.bounds.divisors)
            if not like.exact or (found.exact and needed == multiple):
                return replace(found, leaves=like.leaves)
            multiple = needed
        return None

    def untied(self, like: Trial) -> Trial | None:
        """The same configuration with integers that are all different and not 0: no ties, no kinks."""
        random, unit = np.random.default_rng(like.sample.seed), lcm(*like.bounds.divisors)

        def different(a: NDArray) -> NDArray:
            numbers = (random.permutation(a.size) + 1.0) * random.choice((-1, 1), a.size) * unit
            return numbers.reshape(a.shape)

        return self._if_as_exact(like, self.trial("values", with_numbers(like.sample, different)))

    def bounded(self, sample: Sample, precision: Precision = FLOAT64) -> Bounds:
        with np.errstate(all="ignore"):
            return bounds_on(sample.op, formulas(sample.op, self.rule), sample, precision)

    def kept(self, sample: Sample) -> Sample:
        """The sample without optional tensors that the kernel does not take; those it holds or needs are there."""
        arrays = dict(sample.arrays)
        for t in sample.op.inputs:
            if t.optional and not self.signature.takes(t):
                arrays[t.argument] = None
            elif arrays[t.argument] is None and t.argument in {*self.signature.held, *self.signature.required}:
                arrays[t.argument] = np.full(passed_shape(t, sample), float(t.absent))
        return replace(sample, arrays=arrays)

    def _expanded(self, t: Trial) -> Trial | None:
        dy = t.sample.cotangent
        there = dy[dy != 0]
        if dy.ndim == 0 or dy.size < 2 or there.size == 0:
            return None
        sample = replace(t.sample, cotangent=np.full(dy.shape, there.reshape(-1)[0]))
        return self._if_as_exact(t, replace(self.trial("expanded", sample), way=EXPANDED))

    def _zero(self, t: Trial) -> Trial | None:
        return self.trial("zero", replace(t.sample, cotangent=np.zeros_like(t.sample.cotangent)))

    def _large(self, t: Trial) -> Trial | None:
        for factor in FACTORS if t.exact else ():
            sample = with_numbers(t.sample, partial(np.multiply, factor))
            found = self._if_as_exact(t, self.trial("large", sample))
            if found is not None:
                return found
        return None

    def _real(self, t: Trial) -> Trial | None:
        if not t.exact:
            return None
        try:
            return self.trial("real", draw(t.sample.op, t.sample.seed, "real"))
        except (MeaningError, OperationError):
            return None

    def _interleaved(self, t: Trial) -> Trial | None:
        return replace(t, stage=INTERLEAVED, way=INTERLEAVED) if self.for_autograd else None

    def _single(self, t: Trial) -> Trial | None:
        return self._if_as_exact(t, self.trial("float32", t.sample, FLOAT32))

    @staticmethod
    def _if_as_exact(before: Trial, after: Trial) -> Trial | None:
        return after if after.exact or not before.exact else None


STAGED: dict[str, Callable[[Suite, Trial], Trial | None]] = {
    "values": lambda suite, t: t,
    "zero": Suite._zero,
    "strided": lambda suite, t: replace(t, stage="strided", way=STRIDED),
    "expanded": Suite._expanded,
    "large": Suite._large,
    "real": Suite._real,
    "float32": Suite._single,
    INTERLEAVED: Suite._interleaved,
    SUBSETS: lambda suite, t: replace(t, stage=SUBSETS),
    EXTENTS: lambda suite, t: replace(t, stage=EXTENTS),
}
STAGES = tuple(stage for stage in STAGED if stage not in (SUBSETS, EXTENTS))
"""Those on the configurations of the first."""


def with_numbers(sample: Sample, change: Callable[[NDArray], NDArray]) -> Sample:
    """The sample with other numbers in its real tensors and its cotangent."""
    arrays = {n: a if a is None or n in sample.op.labels else change(a) for n, a in sample.arrays.items()}
    return replace(sample, arrays=arrays, cotangent=change(sample.cotangent))


def family_of(sample: Sample) -> Family:
    """How a sample's tensors are shaped: whether the batch is left out, and what `...` and `*` stand for."""
    return sample.shared.left_out, len(sample.shared.leading), len(sample.shared.star)


def axes_of(trials: Sequence[Trial]) -> set[int]:
    """How many axes the first input of a law has in some trials."""
    return {t.sample.given[t.sample.op.inputs[0].argument].ndim for t in trials}


@lru_cache(maxsize=256)
def formulas(law: Op, rule: str = "") -> Mapping[str, Formula]:
    """The derived gradients of a law by letter, under a rule of `derive.conventions` where one is given.

    Raises: NotDerived.
    """
    own = replace(law, hypotheses=())  # a kernel takes any data
    found = {t.name: gradient_formula(own, t) for t in own.differentiable}
    return {n: replace(f, body=by_rule(law, f.body, rule)) for n, f in found.items()} if rule else found
