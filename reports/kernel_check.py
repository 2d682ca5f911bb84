"""`backproof check --kernel`: judge somebody's backward pass, and put the verdict where it is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from derive.catalogue.recipe import Setting
from numeric.audit.kernel.isolation import Limits
from numeric.audit.kernels import check_kernel
from reports.sections.audit_kernel import kernel_document, kernel_junit
from reports.targets import STANDARD_OUTPUT, Targets, exit_code


def judge_kernel(
    target: str,
    op: str,
    settings: Mapping[str, Setting],
    wrt: Sequence[str] | None = None,
    seed: int = 0,
    limits: Limits | None = None,
    to: Targets = STANDARD_OUTPUT,
) -> int:
    """The exit code: 0 right (or right under a named convention), 1 wrong, 5 undecided; what cannot be called raises.

    Raises: CannotLoad, OperationError, NotationError, NotDerived, UsageError, WriteError.
    """
    to.refuse()
    found = check_kernel(target, op, settings, wrt, seed=seed, limits=limits or Limits())
    to.put(found.plain, lambda: kernel_junit(found), lambda: kernel_document(found))
    return exit_code([found.verdict.verdict])
