"""What `backproof verify` says of whole networks and of kernels on many integers: verdicts, each with its own words."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from derive.catalogue import RECIPES, op
from derive.lazy import LazyModule
from derive.networks.network import NETWORKS
from numeric.checks.campaign import plain
from reports.document import Document, Verdict
from reports.emit import emit, emit_json
from reports.exits import GOOD, REFUTED, UsageError
from reports.sections.verdicts import claim

if TYPE_CHECKING:
    from numeric.checks import at_scale as scale
    from numeric.checks.checking import Check
    from numeric.field import identity
else:
    scale = LazyModule("numeric.checks.at_scale")
    identity = LazyModule("numeric.field.identity")

Advance = Callable[[int, int], None]


def claims(
    what: Sequence[str], inputs: int | None, seed: int, backends: tuple[str, ...], advance: Advance
) -> dict[str, Any]:
    """Networks' gradients as identities over the prime field, or operations' kernels with so many numbers going in.

    Raises: UsageError for networks among others.
    """
    named = [name for name in what if name in NETWORKS]
    if named and (len(named) < len(what) or inputs):
        raise UsageError(f"verify: got the network {named[0]} with others, expected networks by themselves; ask twice")
    work: dict[str, Callable[[], list[Check]]] = {}
    for text in what or RECIPES:
        if inputs is None:
            work[text] = partial(identity.check_network, NETWORKS[text].build(), seed=seed)
        else:
            work[text] = partial(scale.at_scale, op(text), inputs, seed, backends)
    return _timed(work, seed, advance)


def _timed(work: Mapping[str, Callable[[], list[Check]]], seed: int, advance: Advance) -> dict[str, Any]:
    started, found = time.perf_counter(), dict[str, "list[Check]"]()
    for done, (name, run) in enumerate(work.items(), 1):
        found[name] = run()
        advance(done, len(work))
    checks = [c for own in found.values() for c in own]
    counts = {"claims": len(checks), "passed": sum(map(bool, checks)), "failed": sum(not c for c in checks)}
    return {**counts, "seconds": round(time.perf_counter() - started, 3), "seed": seed, "found": found}


def tell(found: Mapping[str, Any], json: str | None) -> int:
    """The verdicts on paper or as JSON, and the exit code."""
    if json is None:
        claims = tuple(claim(c) for own in found["found"].values() for c in own)
        emit(Document("Verification", (Verdict(claims),)), None, None)
    else:
        of = {name: [plain(c) for c in own] for name, own in found["found"].items()}
        emit_json({**{k: v for k, v in found.items() if k != "found"}, "of": of}, json)
    return REFUTED if found["failed"] else GOOD
