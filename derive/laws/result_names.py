"""What a result is called in words: by the named results it is made of, or as a softmax minus its target."""

from __future__ import annotations

from derive.expressions.build import factors
from derive.expressions.expr import Add, Apply, Compare, Contract, Div, Entry, Expr, Fn, Mul, Num, Winner
from derive.laws.definitions import definition
from derive.operation import Op


def result_name(e: Expr, op: Op) -> str:
    """What an expression is called by the named result that it is, up to factors; empty where it has no name.

    A rotated, stuffed or one-hot tensor alone is no name, and neither is what stands in a sum, except a winner.
    """
    match e:
        case Apply():
            d = definition(e.definition, op)
            return "" if isinstance(d.body, Entry | Compare) else d.title.format(*e.tensors)
        case Mul(items):
            return next((name for f in items if (name := result_name(f, op))), "")
        case Div(above, _):
            return result_name(above, op)
        case Contract(_, body):
            winners = [f for f, _ in factors(body) if isinstance(f, Apply)]
            routed = [f for f in winners if isinstance(definition(f.definition, op).body, Winner)]
            return result_name(routed[0], op) if routed else ""
        case Add((Entry(tensor), subtrahend)) if _is_softmax(tensor, op):
            less = _subtracted(subtrahend, op)
            return f"softmax {tensor} minus {less}" if less else ""
        case Add((Mul((Entry(tensor), Contract(_, Entry(summed)))), less)) if _is_softmax(tensor, op):
            return (
                f"softmax {tensor} times the sum of {summed}, minus {summed}" if _subtracted(less, op) == summed else ""
            )
    return ""


def _subtracted(e: Expr, op: Op) -> str:
    match e:
        case Mul((Num() as sign, Entry(tensor))) if sign.value == -1:
            return tensor
        case Mul((Num() as sign, Apply() as a)) if sign.value == -1:
            return definition(a.definition, op).title.format(*a.tensors)
    return ""


def _is_softmax(tensor: str, op: Op) -> bool:
    """Whether the operation says `tensor = U/Z` with `U = exp(..)` and Z the sum of U."""
    quotient = op.equation(tensor)
    match quotient.body if quotient else None:
        case Div(Entry(above), Entry(below)):
            u, z = op.equation(above), op.equation(below)
            match u.body if u else None, z.body if z else None:
                case Fn("exp"), Contract(_, Entry(summed)):
                    return summed == above
    return False
