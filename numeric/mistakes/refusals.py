"""Layer 1 against a mutant: the certificate with the mistake written into it, shown to the checker."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from derive import checker
from derive.certificate import written
from derive.derivation import Derivation
from derive.expressions.expr import Expr

JSON = dict[str, Any]


def refusal_of_result(d: Derivation, wrong: Expr) -> str:
    """Why the checker refuses a derivation that ends in another formula; empty where it does not."""
    length = next((k for k, line in enumerate(d.lines) if line == d.formula), len(d.steps))
    return refusal(edited(d, length, wrong))


def refusal_of_line(d: Derivation, number: int, wrong: Expr) -> str:
    """Why the checker refuses a derivation with another line in the middle; empty where it does not."""
    whole = d.certificate()
    return refusal({**edited(d, number, wrong), "steps": edited(d, number, wrong)["steps"] + whole["steps"][number:]})


def edited(d: Derivation, length: int, last: Expr) -> JSON:
    """The certificate of the first `length` steps, the last of which arrives at another line."""
    data = deepcopy(d.certificate())
    # all that could be stated: a mistake is to be refused for what it is, not for a name that the proof did not need
    data["tensors"] = {t.name: [written(b.extent) for b in t.axes] for t in d.op.tensors}
    data["sizes"] = {n: written(i) for n, i in d.op.sizes}
    data["steps"] = data["steps"][:length]
    if last == d.lines[length]:
        return data
    if length:
        data["steps"][-1]["moves"][-1] |= {"at": [], "to": written(last), "line": written(last)}
    else:
        data["start"] = written(last)
    return data


def refusal(data: JSON) -> str:
    """Why the checker refuses the moves of a certificate; empty where it accepts them."""
    try:
        checker.examine(data)
    except (checker.Refuted, checker.Malformed) as error:
        return str(error)
    return ""
