"""The conventions that a hypothesis names, for a reader who has never heard of their authors."""

from __future__ import annotations

from collections.abc import Iterator

from derive.conventions import CONVENTIONS, TORCH, Choice, Convention


def plainly(hypothesis: str) -> str:
    """A hypothesis in which what is chosen comes first, and then who chooses so."""
    for said, convention, choice, _ in _named(hypothesis):
        hypothesis = hypothesis.replace(said, f"{choice.says} (the convention of {convention.name})")
    return hypothesis


def authors(hypothesis: str) -> tuple[str, ...]:
    """Who the authors are whose conventions a hypothesis names, and what torch has instead."""
    told = []
    for _, convention, _, op in _named(hypothesis):
        torch = TORCH.choices.get(op)
        told.append(f"{convention.name}: {convention.source}" + (f"; torch has {torch.says}" if torch else ""))
    return tuple(dict.fromkeys(told))


def _named(hypothesis: str) -> Iterator[tuple[str, Convention, Choice, str]]:
    for convention in CONVENTIONS.values():
        for op, choice in convention.choices.items():
            said = f"convention {convention.name}: {choice.says}"
            if said in hypothesis:
                yield said, convention, choice, op
