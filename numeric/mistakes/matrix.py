"""The power of verification: every mutant against every layer, shared among processes, as plain data."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from numeric.checks.sharing import Jobs, shared
from numeric.mistakes.layers import CONFIGURATIONS, LAYERS, Judgement, judge
from numeric.mistakes.mutants import Mutant, mutants

ORACLE = 8
"""The layer that asks another author: every mutant must be seen without it."""
CHECKER = 1
"""The layer that refuses what no law gives, even where it is true: what it alone sees may be equivalent."""
Progress = Callable[[int, int], None]
Plain = dict[str, Any]


def power(
    chosen: Iterable[Mutant] | None = None,
    configurations: int = CONFIGURATIONS,
    seed: int = 0,
    jobs: Jobs = 1,
    progress: Progress | None = None,
) -> Plain:
    """Judge mutants (None: all) by every layer, each kernel on that many configurations at most.

    `{"mutants": n, "killed": n, "survivors": [{"name", "proof", "equivalent"}], "only_by_autograd": [name],
    "by_layer": {layer: {"killed", "passed", "sole_killer": [name]}}, "redundant": [layer], "matrix": [{"name",
    "number", "mistake", "where", "killed": {layer: why}, "passed": [layer], "equivalent"}], "seconds", "seed"}`.
    A sole killer is one but for autograd; a layer is redundant that never is one. All but `seconds` is the same for the
    same arguments. Raises: ModuleNotFoundError where z3 is not installed.
    """
    started = time.perf_counter()
    all_of_them = list(mutants() if chosen is None else chosen)
    groups: dict[object, list[Mutant]] = defaultdict(list)
    for m in all_of_them:
        groups[m.law, m.settings, m.wrt].append(m)
    tasks = list(groups.values())
    found: dict[Mutant, Judgement] = {}
    for task, judged in zip(tasks, shared(partial(_judged, configurations, seed), tasks, jobs), strict=True):
        found |= zip(task, judged, strict=True)
        if progress is not None:
            progress(len(found), len(all_of_them))
    seconds = round(time.perf_counter() - started, 3)
    return {**summary([(m, found[m]) for m in all_of_them]), "seconds": seconds, "seed": seed}


def _judged(configurations: int, seed: int, task: Sequence[Mutant]) -> list[Judgement]:
    return [judge(m, configurations, seed) for m in task]


def summary(judged: Sequence[tuple[Mutant, Judgement]]) -> Plain:
    """What the judgements come to."""
    matrix = [_row(m, j) for m, j in judged]
    survivors = [{"name": m.name, "proof": j.proof, "equivalent": bool(j.proof)} for m, j in judged if survives(j)]
    alone = [(m.name, _without_oracle(j)) for m, j in judged if not survives(j)]
    sole = {layer: [name for name, layers in alone if layers == {layer}] for layer in LAYERS}
    killed, passed = Counter[int](), Counter[int]()
    for _, j in judged:
        killed.update(j.killed.keys())
        passed.update(j.passed)
    return {
        "mutants": len(matrix),
        "killed": len(matrix) - len(survivors),
        "survivors": survivors,
        "only_by_autograd": [name for name, layers in alone if not layers],
        "by_layer": {
            str(n): {"killed": killed[n], "passed": passed[n], "sole_killer": sole[n]}
            for n in LAYERS
            if killed[n] or passed[n]
        },
        "redundant": [n for n in LAYERS if (killed[n] or passed[n]) and not sole[n]],
        "matrix": matrix,
    }


def survives(j: Judgement) -> bool:
    """Whether no layer sees a mutant, or the checker alone refuses what is proved to be equal."""
    return not j.killed or (j.killed.keys() == {CHECKER} and bool(j.proof))


def _without_oracle(j: Judgement) -> set[int]:
    return {*j.killed} - {ORACLE}


def _row(m: Mutant, j: Judgement) -> Plain:
    return {
        "name": m.name,
        "number": m.number,
        "mistake": m.mistake.sentence,
        "where": m.where,
        "killed": {str(layer): why for layer, why in sorted(j.killed.items())},
        "passed": sorted(j.passed),
        "equivalent": survives(j) and bool(j.proof),
    }


def refuted(found: Plain) -> bool:
    """Whether a mutant survives that is not proved to be equivalent, or none but autograd sees one."""
    return bool(found["only_by_autograd"]) or not all(s["equivalent"] for s in found["survivors"])
