"""`backproof check FORMULA`: judge a formula, and put the verdict where it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from derive.catalogue.recipe import Setting
from numeric.audit.formula import check_formula
from reports.emit import emit, emit_json, emit_text, refuse_mixed, refuse_unwritable
from reports.sections.audit_formula import exit_code, formula_document, formula_junit


def judge_formula(
    text: str,
    op: str,
    settings: Mapping[str, Setting],
    json: str | None = None,
    junit: str | None = None,
    output: Path | None = None,
    form: str | None = None,
) -> int:
    """The exit code: 0 verified, under a hypothesis or without; 1 refuted; 5 undecided; what cannot be read raises.

    Raises: NotationError, OperationError, NotDerived, UsageError, WriteError.
    """
    refuse_mixed(json=json, junit=junit, output=output)
    refuse_unwritable(json, junit, output)
    found = check_formula(text, op, **settings)
    if junit is not None:
        emit_text(formula_junit(found, op), Path(junit))
    if json is not None:
        emit_json(found.plain(), json)
    elif junit != "-":
        emit(formula_document(found, op), form, output)
    return exit_code(found)
