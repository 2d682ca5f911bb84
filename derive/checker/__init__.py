"""Re-checks certificates without the deriver: `python -S -m derive.checker FILE...`; standard library only.

A certificate claims that, under its equations and assumptions, dE/dX is its last line: the chain rule gives its first
line, and every move is an instance of one law. Nothing here is shared with the deriver. Expressions and indices are
tuples such as ("add", (f, g)). Reading gives every bound name a name of its own ("i#7"), so that substitution captures
nothing. Two expressions are equal when their normal forms are: sums and products flat, constants and equal factors
collected, divisors as negative exponents, guards idempotent, bound names by depth; products of sums are multiplied out
in indices only, so that a law of sums is more than a rewriting of equals. Equality is meant wherever both sides have a
value.
"""

from derive.checker.claim import STATED, Claim, examine, verdict, verdicts
from derive.checker.families import LAWS
from derive.checker.files import main
from derive.checker.refusal import Malformed, Refuted

__all__ = ["LAWS", "STATED", "Claim", "Malformed", "Refuted", "examine", "main", "verdict", "verdicts"]
