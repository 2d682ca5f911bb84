"""The nests of a step over vectors of samples, and the places of its tensors.

A nest whose indices do not fit lanes runs over single entries: slower, and as right.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from derive.expressions.expr import Entry
from derive.expressions.substitution import retensor
from derive.expressions.traversal import reads
from numeric.nests.alpha import by_height
from numeric.nests.lanes import vectorised
from numeric.nests.nest import Nest, Output
from numeric.nests.registers import Register
from numeric.networks.compiled.assemble import Assembly, cotangent_of
from numeric.networks.compiled.fusion import fuse
from numeric.networks.compiled.places import Place, Places, Step
from numeric.networks.compiled.rows import as_rows
from numeric.networks.compiled.samples import Samples


@dataclass(slots=True)
class Layout:
    """The steps of an assembly in order; `apart` says that chunks of the batch may be computed one after the other."""

    assembly: Assembly
    width: int
    places: Places = field(init=False)
    samples: Samples = field(init=False)
    apart: bool = True

    def __post_init__(self) -> None:
        a, fused = self.assembly, fuse(self.assembly)
        self.places = Places(a, self.width, fused.aliases)
        found = {
            t for n in fused.nests for o in n.outputs for t in (o.target.tensor, *(r.tensor for r in reads(o.body)))
        }
        found |= set(fused.aliases.values())
        for t in dict.fromkeys([*a.graph.inputs, *a.graph.parameters, *a.shapes]):
            if t in found:
                self.places.lay(t)
        if self.places.filled_up:
            self.places.lay_valid()
        for t in a.graph.inputs:
            if t in found & a.along_batch:
                self.places.take(t)
        cotangents = frozenset(map(cotangent_of, a.along_batch)) & a.along_batch
        self.samples = Samples(self.registers, self.places.lane, cotangents, self.places.filled_up)
        for n in fused.nests:
            self._add(n)
        for t in sorted(a.wanted & a.along_batch):
            self.places.give(t)

    @property
    def registers(self) -> Mapping[str, Register]:
        """The registers by the names that nests use."""
        return self.places.registers

    @property
    def memory(self) -> Mapping[str, Place]:
        """The memory by the registers' names."""
        return self.places.memory

    @property
    def steps(self) -> list[Step]:
        """Nests and copies in the order of their work."""
        return self.places.steps

    def _add(self, nest: Nest) -> None:
        results = self.assembly.wanted - self.assembly.along_batch
        self.apart = self.apart and all(self.samples.add_up(o, results) for o in nest.outputs)
        rows = as_rows(nest, self.places, self.samples)
        ready = replace(nest, outputs=tuple(map(self.samples.masked, nest.outputs)))
        if rows is not None:
            self.steps.append(Step(rows, "rows"))
        elif self.samples.fit(ready):
            ready = vectorised(ready, self.registers, self.places.lane, self.width)
            outputs = tuple(replace(o, body=by_height(o.body)) for o in ready.outputs)
            self.steps.append(Step(replace(ready, outputs=outputs), "lanes"))
        else:
            self.samples.doubtful, self.apart = True, False
            self.steps.append(Step(self._by_entries(nest), "entries"))

    def _by_entries(self, nest: Nest) -> Nest:
        """The nest over single entries of tensors in lanes."""
        names = {t: f"{t}:entries" for t in self.places.lane if f"{t}:entries" in self.registers}

        def renamed(o: Output) -> Output:
            target = Entry(names.get(o.target.tensor, o.target.tensor), o.target.indices)
            return Output(target, by_height(retensor(o.body, names)))

        return replace(nest, outputs=tuple(map(renamed, nest.outputs)))
