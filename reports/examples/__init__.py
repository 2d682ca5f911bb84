"""Operations that nobody has written a rule for: each file states a law, derives its gradient and verifies the kernels.

Run one with `python reports/examples/attention.py`; it ends with exit code 1 where a claim is refuted.
"""

from __future__ import annotations

from collections.abc import Iterable

import derive
import numeric
from derive.catalogue.recipe import Setting
from numeric.audit.kernel.isolation import Limits
from numeric.audit.kernels import check_kernel
from numeric.audit.verdict import REFUTED

FIRST, LAST = 2, 4


def key_lines(d: derive.Derivation) -> str:
    """A derivation as text; of a long one where it begins and how it ends."""
    lines = str(d).splitlines()
    left = len(lines) - FIRST - LAST
    return "\n".join(lines if left < FIRST + LAST else [*lines[:FIRST], f"    ... {left} lines", *lines[-LAST:]])


def verdict(checks: Iterable[numeric.Check]) -> int:
    """Print what was refuted and how many claims hold; 0 where all of them do, as an exit code, else 1."""
    told = list(checks)
    refuted = [c for c in told if not c]
    for c in refuted:
        print(c)
    print(f"\n{len(told) - len(refuted)} of {len(told)} claims about the kernels hold")
    return 1 if refuted or not told else 0


def audited(kernel: str, op: str, seconds: float = 10.0, **settings: Setting) -> int:
    """Print what an audit says of a kernel that is broken on purpose; 0 where it is found out, as an exit code."""
    found = check_kernel(kernel, op, settings, limits=Limits(call=seconds))
    print(found)
    return 0 if found.verdict.verdict == REFUTED else 1
