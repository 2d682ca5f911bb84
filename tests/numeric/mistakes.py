"""Realistic mistakes in gradients, one of each kind, for tests of what must see them."""

from dataclasses import dataclass

from derive.catalogue.recipe import Setting
from derive.expressions.expr import Expr
from numeric.mistakes.formulas import RULES
from numeric.mistakes.layers import wrong_formula
from numeric.mistakes.mutants import DERIVATION, Mutant, one_each

AT_ZERO = 45
"""Shows where a whole window is 0 and nowhere else: no random data do."""


@dataclass(frozen=True)
class Mistake:
    """A wrong gradient: its number in the catalogue of mistakes, its name, and where it is made."""

    mutant: Mutant

    @property
    def number(self) -> int:
        return self.mutant.number

    @property
    def name(self) -> str:
        return self.mutant.mistake.name

    @property
    def law(self) -> str:
        return self.mutant.law

    @property
    def wrt(self) -> str:
        return self.mutant.wrt

    @property
    def settings(self) -> dict[str, Setting]:
        return self.mutant.arguments

    def wrong(self, right: Expr) -> Expr:
        """The formula with the mistake in it."""
        found = wrong_formula(self.mutant)
        assert found != right
        return found


MISTAKES = [Mistake(m) for m in one_each() if m.where == DERIVATION and m.number in RULES and m.number != AT_ZERO]
