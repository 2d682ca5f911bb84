"""What `backproof list` shows: every operation by family, one in full, what torch takes and laws do not, examples."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from textwrap import wrap

from derive.catalogue import FAMILIES, RECIPES, Argument, op, variants
from derive.catalogue.limits import LIMITS
from derive.catalogue.recipe import Kinds
from derive.networks.network import NETWORKS
from derive.operation import Op, show_equation
from reports.document import (
    Block,
    Code,
    Definition,
    Definitions,
    Document,
    Items,
    Math,
    Prose,
    Section,
    Source,
    Spans,
    Table,
    spans,
)
from reports.mathematics.names import Names
from reports.mathematics.plaintext import in_signs
from reports.mathematics.size_text import size_text
from reports.sections.law_section import kinks, law_section
from reports.sections.size_section import learned_sentence

CALL_WIDTH = 74
EXAMPLES = Path(__file__).parent / "examples"


def overview() -> Document:
    """Every operation: its call, law, sizes, how much it learns, what is agreed; arguments once a family."""
    families = [_family(title, [op(name) for name in names]) for title, names in FAMILIES.items()]
    rows = tuple((spans(Code(name)), spans(n.summary), spans(n.source)) for name, n in NETWORKS.items())
    derived = Table(
        tuple(map(spans, ("name", "what it is", "source"))), rows, spans("Derived whole, by the reverse sweep.")
    )
    networks = Section(spans("Networks"), (derived,))
    more = spans(
        "An operation in full: ", Code("backproof list NAME"), "; a network: ",
        Code("backproof derive NAME --table"), "; what torch takes and laws do not: ",
        Code("backproof list --limits"), "; laws that anyone may write: ", Code("backproof list --examples"), ".",
    )  # fmt: skip
    return Document("Operations", (*families, networks, Prose(more)))


def in_full(ops: list[Op]) -> Document:
    """Operations with all that is known of each: tensors, arguments, sizes with their steps, all their laws."""
    if len(ops) == 1:
        return Document(ops[0].name, tuple(_in_full(ops[0])))
    return Document("Operations", tuple(Section(spans(Code(o.name)), tuple(_in_full(o))) for o in ops))


def limits() -> Document:
    """What torch accepts and is refused here, and why."""
    rows = [
        Definition(
            spans(Code(f"{', '.join(limit.operations)}: {limit.asked}")), spans(f"{limit.reason}; {limit.instead}.")
        )
        for limit in LIMITS
    ]
    told = "torch accepts these calls; here each is refused in one line, because there is no law for it:"
    return Document("What torch takes and laws do not", (Prose(spans(told)), Definitions(tuple(rows))))


def examples() -> Document:
    """The operations that no rule was written for, with the idea of each."""
    rows = [Definition(spans(Code(name)), spans(idea)) for name, idea in ideas().items()]
    told = spans("Each is a short file; run one with ", Code("python reports/examples/attention.py"), ".")
    return Document("Laws that anyone may write", (Prose(told), Definitions(tuple(rows))))


def ideas() -> Mapping[str, str]:
    """The examples by name, each with the sentences that it begins with; none of them is run."""
    files = sorted(p for p in EXAMPLES.glob("*.py") if p.stem != "__init__" and not p.stem.startswith("broken_"))
    return {p.stem: ast.get_docstring(ast.parse(p.read_text(encoding="utf-8"))) or "" for p in files}


# -- one operation -----------------------------------------------------------------------------------------------------


def signature(o: Op) -> str:
    """`conv2d(input, weight, bias=None, stride=1, ...)`, as torch.nn.functional has it."""
    tensors = [t.argument + ("=None" if t.optional else "") for t in o.inputs]
    arguments = [a.name if (d := default(a)) is None else f"{a.name}={d}" for a in RECIPES[o.name].arguments]
    lies = [f"dim={o.layout.dim}"] if o.layout.dim is not None else []
    shape = [o.layout.shape] if o.layout.shape else []
    return f"{o.name}({', '.join([tensors[0], *shape, *tensors[1:], *arguments, *lies])})"


def default(a: Argument) -> str | None:
    """torch's default as it is typed: a number, a choice, or the argument that it repeats."""
    if isinstance(a.default, tuple):
        return "kernel_size"
    if isinstance(a.default, Fraction):
        return f"{float(a.default):g}"
    return None if a.default is None and not a.choices else str(a.default)


def law(o: Op) -> str:
    """The equations, and the sizes that follow from them."""
    sizes = [f"{name} = {size_text(size, lambda n: Math(n, n)).plain}" for name, size in o.sizes]
    return "\n".join([*map(show_equation, o.equations), *sizes])


def _family(title: str, ops: list[Op]) -> Section:
    meanings: dict[str, Spans] = {}
    for o in ops:
        for a in RECIPES[o.name].arguments:
            meanings.setdefault(a.name, _meaning(a))
    told = Definitions(tuple(Definition(spans(Code(n)), m) for n, m in meanings.items()))
    return Section(spans(title.capitalize()), (*((told,) if meanings else ()), *map(_short, ops)))


def _short(o: Op) -> Section:
    facts = [spans(f"{c}.") for c in map(in_signs, o.conventions or kinks(o))]
    learned = learned_sentence(o, Names.of(o))
    items = (Items((*((learned,) if learned else ()), *facts)),) if learned or facts else ()
    summary = Prose(spans(_upper(f"{o.summary}; "), Code(o.source), "."))
    return Section(spans(Code(o.name)), (_call(o), summary, Source("text", law(o)), *items))


def _call(o: Op) -> Source:
    """How it is called, in lines that fit a narrow terminal."""
    return Source("python", "\n".join(wrap(signature(o), CALL_WIDTH, subsequent_indent=" " * (len(o.name) + 1))))


def _in_full(o: Op) -> Iterator[Block]:
    """The law as reports tell it, the meaning of every argument, and the laws under other arguments."""
    yield _call(o)
    yield law_section(o)
    arguments = RECIPES[o.name].arguments
    if arguments:
        rows = [(spans(Code(a.name)), _meaning(a), spans(default(a) or "must be given")) for a in arguments]
        yield Section(
            spans("Its arguments"), (Table(tuple(map(spans, ("argument", "meaning", "by default"))), tuple(rows)),)
        )
    others = [v for v in variants(o.name) if v.settings != o.settings or v.equations != o.equations]
    if others:
        blocks = [b for v in others for b in (Prose(spans("With ", Code(_kinds(v)), ":")), Source("text", law(v)))]
        yield Section(spans("Its laws under other arguments"), tuple(blocks))


def _kinds(v: Op) -> str:
    """`padding=same, groups=G`: what picks a law; an argument in numbers by its symbols."""
    fixed: Kinds = dict(v.settings)
    told = []
    for a in RECIPES[v.name].arguments:
        open_ = ",".join(p.name for p in v.parameters if p.argument == a.name)
        if a.varies and (a.name in fixed or open_):
            told.append(f"{a.name}={fixed.get(a.name, open_)}")
    return ", ".join(told)


def _meaning(a: Argument) -> Spans:
    choices = f"; one of {', '.join(a.choices)}" if a.choices and not a.symbols else ""
    return spans(f"{a.meaning}{choices}")


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
