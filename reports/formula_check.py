"""`backproof check FORMULA`: judge a formula, and put the verdict where it is asked for."""

from __future__ import annotations

from collections.abc import Mapping

from derive.catalogue.recipe import Setting
from numeric.audit.formula import check_formula
from reports.sections.audit_formula import formula_document, formula_junit
from reports.targets import STANDARD_OUTPUT, Targets, exit_code


def judge_formula(
    text: str,
    op: str,
    settings: Mapping[str, Setting],
    to: Targets = STANDARD_OUTPUT,
) -> int:
    """The exit code: 0 verified, under a hypothesis or without; 1 refuted; 5 undecided; what cannot be read raises.

    Raises: NotationError, OperationError, NotDerived, UsageError, WriteError.
    """
    to.refuse()
    found = check_formula(text, op, **settings)
    to.put(found.plain, lambda: formula_junit(found, op), lambda: formula_document(found, op))
    return exit_code([found.verdict])
