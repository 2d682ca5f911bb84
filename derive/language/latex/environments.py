"""Reads environments with cells: cases and matrices."""

from __future__ import annotations

from derive.language.latex.cursor import Cursor
from derive.language.latex.nodes import (
    Case,
    Choice,
    Matrix,
    Node,
    Relation,
)
from derive.language.latex.tokens import Token, words

MAX_CELLS = 100
_MATRICES = words("matrix bmatrix pmatrix vmatrix Bmatrix smallmatrix")


class Environments(Cursor):
    """One method an environment, entered behind its begin and left behind its end."""

    def sum(self) -> Node:
        raise NotImplementedError

    def relation(self) -> Node:
        raise NotImplementedError

    def environment(self) -> Node:
        token = self.take()
        if token.text == "cases":
            return self.cases(token)
        if token.text in _MATRICES or token.text.startswith("array"):
            return self.matrix(token)
        return self.fail("cases or a matrix", "put the environment around the whole formula", token)

    def close(self, name: str) -> None:
        if self.here.kind != "close" or self.here.text != name.partition(":")[0]:
            self.fail(f"\\end{{{name.partition(':')[0]}}}", "close the environment")
        self.take()

    def accept_row(self) -> bool:
        if self.here.kind == "row":
            self.take()
            return True
        return False

    def matrix(self, token: Token) -> Node:
        rows: list[list[Node]] = [[]]
        while self.here.kind not in ("close", "end"):
            rows[-1].append(self.sum())
            if self.accept("&"):
                continue
            if self.accept_row() and self.here.kind != "close":
                rows.append([])
            elif self.here.kind != "close" and self.tokens[self.at - 1].kind != "row":
                self.fail("'&', '\\\\' or the end of the matrix", "separate cells by & and rows by \\\\")
        self.close(token.text)
        if sum(map(len, rows)) > MAX_CELLS:
            self.fail(f"at most {MAX_CELLS} cells", "check a smaller example", token)
        if not rows[0] or any(len(r) != len(rows[0]) for r in rows):
            self.fail("as many cells in every row", "write a full matrix", token)
        return Matrix(token.at, tuple(map(tuple, rows)))

    def cases(self, token: Token) -> Node:
        found: list[Case] = []
        while self.here.kind not in ("close", "end"):
            value = self.sum()
            self.accept(",")
            self.accept("&")
            found.append(Case(value.at, value, self.conditions()))
            self.accept(".", ",", ";")
            if not self.accept_row() and self.here.kind != "close":
                self.fail("'\\\\' or the end of the cases", "write: value & condition \\\\")
            if len(found) > MAX_CELLS:
                self.fail(f"at most {MAX_CELLS} cases", "write fewer")
        self.close("cases")
        if not found:
            self.fail("a case", "write: value & condition \\\\", token)
        return Choice(token.at, tuple(found))

    def conditions(self) -> tuple[Node, ...]:
        """`\\text{if } x > 0`, `\\text{otherwise}`, or nothing."""
        found: list[Node] = []
        while self.here.kind == "word" and self.here.text in ("if", "for", "and", "all", "with"):
            self.take()
        if self.here.kind == "word" and self.here.text in ("otherwise", "else"):
            self.take()
            return ()
        if self.here.kind in ("row", "close"):
            return ()
        while True:
            item = self.relation()
            if not isinstance(item, Relation):
                self.source.fail(item.at, "no relation", "a condition such as x > 0", r"or \text{otherwise}")
            found.append(item)
            more = self.here.kind == "word" and self.here.text in ("and", "if")
            if not more and not self.accept(",", r"\land", r"\wedge"):
                return tuple(found)
            if self.here.kind in ("row", "close"):
                return tuple(found)
            if more:
                self.take()
