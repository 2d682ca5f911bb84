"""`backproof check --kernel`: judge somebody's backward pass, and put the verdict where it is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from derive.catalogue.recipe import Setting
from numeric.audit.kernel.isolation import Limits
from numeric.audit.kernels import check_kernel
from reports.emit import emit, emit_json, emit_text, refuse_mixed, refuse_unwritable
from reports.sections.audit_kernel import exit_code, kernel_document, kernel_junit


def judge_kernel(
    target: str,
    op: str,
    settings: Mapping[str, Setting],
    wrt: Sequence[str] | None = None,
    seed: int = 0,
    limits: Limits | None = None,
    json: str | None = None,
    junit: str | None = None,
    output: Path | None = None,
    form: str | None = None,
) -> int:
    """The exit code: 0 right (or right under a named convention), 1 wrong, 5 undecided; what cannot be called raises.

    Raises: CannotLoad, OperationError, NotationError, NotDerived, UsageError, WriteError.
    """
    refuse_mixed(json=json, junit=junit, output=output)
    refuse_unwritable(json, junit, output)
    found = check_kernel(target, op, settings, wrt, seed=seed, limits=limits or Limits())
    if junit is not None:
        emit_text(kernel_junit(found), Path(junit))
    if json is not None:
        emit_json(found.plain(), json)
    elif junit != "-":
        emit(kernel_document(found), form, output)
    return exit_code(found)
