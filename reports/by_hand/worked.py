"""A worked example: an operation forward and backward by hand, every partial derivative written out and checked."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from derive.catalogue import op as build_op
from derive.catalogue.recipe import Setting
from derive.derivation import Derivation
from derive.expressions.expr import ZERO, Entry, Expr, Num
from derive.expressions.index import index
from derive.networks.expansion import expand
from derive.networks.instance import Shape
from derive.operation import Op, Value, with_values
from derive.sweep import gradient
from reports.by_hand.concrete import introduction
from reports.by_hand.friendly import Example, example
from reports.by_hand.hand_checks import verdict
from reports.by_hand.handwork import chain_rule, computed, numeral, partial, worth
from reports.by_hand.python_cells import cells
from reports.by_hand.reduction import from_one, reduced
from reports.by_hand.scale import scale
from reports.by_hand.window_picture import window_picture
from reports.document import Block, Document, Math, Prose, Section, Spans, Table, Text, spans
from reports.mathematics.abbreviations import Abbreviated, abbreviated
from reports.mathematics.forms import Form, form_of
from reports.mathematics.latex import latex
from reports.mathematics.matrices import form_equation, tensor_equations, whole
from reports.mathematics.named_results import title
from reports.mathematics.names import COTANGENT, Names
from reports.mathematics.plaintext import plaintext
from reports.sections.law_section import equality, math
from reports.sections.matrix_section import matrix_section
from reports.sections.narrate import provenance, where

_POOLS = ("max_pool", "avg_pool", "lp_pool")

# The sizes at which an operation is worked where none are given: its inputs, then its window.
SIZES: Mapping[str, tuple[Shape, ...]] = {
    **{f"{kind}1d": ((4,), (2,)) for kind in ("conv", *_POOLS)},
    **{f"{kind}3d": ((2, 2, 3), (1, 2, 2)) for kind in ("conv", *_POOLS)},
    **{f"{kind}1d": ((3,), (2,)) for kind in ("conv_transpose", "convolve")},
    **{f"{kind}2d": ((2, 2), (2, 2)) for kind in ("conv_transpose", "convolve")},
    "conv_transpose3d": ((1, 2, 2), (1, 2, 2)),
    "conv2d": ((3, 3), (2, 2)),
    **{f"{kind}2d": ((4, 4), (2, 2)) for kind in _POOLS},
    "linear": ((3,),),
    "flatten": ((2, 2, 2),),
    "batch_norm": ((3, 2),),
    "cross_entropy": ((2, 3),),
}
CHOSEN = {"norm_type": Fraction(2)}  # what an argument without a default is, where it is not given
SMALL: Shape = (3,)
MOST_PARTIALS = 150  # cells of a table that a reader still reads


def worked_example(
    law: str | Op,
    input: Shape | None = None,
    kernel: Shape | None = None,
    seed: int = 0,
    torch: bool = True,
    matrix: bool = False,
    **settings: Setting,
) -> Document:
    """An operation worked through: forward, every partial derivative, every gradient, in symbols, numbers and values.

    `input` and `kernel` are the shapes of the first input and of what slides over it (or of the second input), such as
    (3, 3) and (2, 2). Numbers are drawn by `seed`; `torch` compares them with autograd as well; `matrix` adds the
    operation as a matrix.
    Raises: OperationError, NotationError for a law, setting or shape that does not fit.
    """
    op = law if isinstance(law, Op) else build_op(law, **settings)
    op = _with_defaults(op)
    known = SIZES.get(op.name, (SMALL,)) if input is None else (input, *SIZES.get(op.name, ())[1:])
    shapes = known if kernel is None else (known[0], kernel)
    at = scale(op, shapes)
    # what is trained comes first, the data last, as lectures have it
    wanted = [t for t in sorted(op.differentiable, key=lambda t: t is op.inputs[0]) if t.name not in at.absent]
    ex = example(at, tuple(gradient(op, t.name) for t in wanted), seed)
    names = Names.of(op)
    forms = {d.target.tensor: f for d in ex.derivations if (f := form_of(d.target, d.result, ex, names)) is not None}
    backward = [_backward(d, forms.get(d.target.tensor), ex, names) for d in ex.derivations]
    sections = [_numbers(ex, names), _forward(ex, names), *backward, *([matrix_section(ex, names)] if matrix else ())]
    checks = Section(spans("How the numbers were checked"), (verdict(ex, forms, torch),))
    code = Section(spans("Compute it yourself"), (Prose(spans(_CODE)), *cells(ex)), collapsed=True)
    return Document(
        f"{op.name} by hand", (*sections, checks, code), _subtitle(ex), (*provenance(op), ("seed", str(seed)))
    )


def _with_defaults(op: Op) -> Op:
    """The operation with torch's default, or one of `CHOSEN`, in place of arguments: a law for this example."""
    given: dict[str, Value] = {
        p.name: p.default if isinstance(p.default, Fraction) else index(p.default)
        for p in op.parameters
        if isinstance(p.default, int | Fraction)
    }
    chosen = {p.name: CHOSEN[p.argument] for p in op.parameters if p.argument in CHOSEN}
    return with_values(op, {**given, **chosen})


_CODE = "The same formulas in Python, with NumPy alone; indices count from 0 there."


def _subtitle(ex: Example) -> Spans:
    at = ex.at
    shapes = {
        t.argument: [str(at.shape(t.name)[k]) for k in at.kept(t.name)] for t in at.op.inputs if t.name not in at.absent
    }
    told = ", ".join(f"{argument} {' × '.join(shape)}" for argument, shape in shapes.items() if shape)
    return spans(f"Forward and backward, every partial derivative written out: {told}")


# -- what is given -----------------------------------------------------------------------------------------------------


def _numbers(ex: Example, names: Names) -> Section:
    op = ex.at.op
    given = [t.name for t in op.inputs if t.name not in ex.at.absent]
    cotangent = f"{COTANGENT}{op.output.name}"
    blocks: list[Block] = [Prose(introduction(ex.at, names))]
    for e in op.equations:
        blocks += _formula(Entry(e.target, tuple(map(index, e.names))), e.body, ex, names)
    blocks += [equation for t in given for equation in tensor_equations(t, ex, names)]
    if any(op.tensor(t).integer for t in given):
        blocks.append(Prose(spans("Classes count from 1 as indices do; in torch they count from 0.")))
    out = whole(op.output.name, names)
    if ex.at.axes(op.output.name):
        blocks.append(
            Prose(spans("The gradient of the loss E with respect to ", out, " arrives from the layer behind:"))
        )
    else:
        blocks.append(Prose(spans(out, " is the loss E itself here, so the gradient that arrives is 1:")))
    blocks += tensor_equations(cotangent, ex, names)
    return Section(spans("The numbers"), tuple(blocks))


def _formula(left: Entry, body: Expr, ex: Example, names: Names) -> list[Block]:
    """A formula at these sizes, as textbooks write it: over the shown axes, counted from 1."""
    short = abbreviated(body, ex.at.op)
    kept = [left.indices[k] for k in ex.at.kept(left.tensor)]
    used = [name for name, _ in short.meanings]
    free = [*(i.name for i in left.indices if i.name), *used]
    right = from_one(reduced(short.expr, ex.at, left.tensor), free, ex.at)
    blocks: list[Block] = [equality(Entry(left.tensor, tuple(kept)), right, names)]
    if used:
        sizes = {n: index(v) for n, v in ex.at.names.items()}
        one_less = {n: index(n) - 1 for _, i in short.meanings for n in i.names() - sizes.keys()}
        told = Abbreviated(right, tuple((n, i.substitute(sizes | one_less) + 1) for n, i in short.meanings))
        blocks.append(Prose(spans(*where(told, names), "; where one of these is not whole, the term is 0.")))
    return blocks


# -- forward -----------------------------------------------------------------------------------------------------------


def _forward(ex: Example, names: Names) -> Section:
    blocks: list[Block] = []
    for e in ex.at.op.equations:
        target = Entry(e.target, tuple(map(index, e.names)))
        form = form_of(target, e.body, ex, names)
        if form is not None and (picture := window_picture(form)) is not None:
            blocks += [Prose(spans(_moves(form))), picture]
        for place in ex.at.places(e.target):
            point = dict(zip(e.names, place, strict=True))
            blocks.append(computed(ex.at.entry(e.target, place), e.body, point, ex, names))
        if form is not None:
            blocks.append(form_equation(whole(e.target, names), form))
        elif ex.at.kept(e.target):
            blocks += tensor_equations(e.target, ex, names)
    return Section(spans("Forward"), tuple(blocks))


# -- backward ----------------------------------------------------------------------------------------------------------


def _backward(d: Derivation, form: Form | None, ex: Example, names: Names) -> Section:
    target, output = d.target.tensor, ex.at.op.output.name
    blocks: list[Block] = _formula(d.target, d.formula, ex, names)
    table = _partials(d, ex, names)
    if table is not None:
        blocks += [Prose(spans("How each entry of ", whole(output, names), " changes with each entry of ",
                               whole(d.wrt.name, names), ":")), table]  # fmt: skip
        blocks.append(Prose(spans("By the chain rule each of them counts as much as the gradient that arrives there:")))
    for place in ex.at.places(target):
        point = ex.at.point(target, place)
        written = expand(d.formula, ex.at, point)
        first = chain_rule(ex, output, ex.at.entry(d.wrt.name, place), written)
        blocks.append(computed(ex.at.entry(target, place), d.formula, point, ex, names, first))
    if ex.at.kept(target):
        blocks += tensor_equations(target, ex, names)
    if form is not None:
        blocks.append(_same_by(d, form, ex, names))
    return Section(spans("Backward: the gradient of ", whole(d.wrt.name, names)), tuple(blocks))


def _partials(d: Derivation, ex: Example, names: Names) -> Table | None:
    """Every partial derivative: a row for each entry, a column for each output; None where there is one output only."""
    output = ex.at.op.output.name
    columns, rows = list(ex.at.places(output)), list(ex.at.places(d.wrt.name))
    if len(columns) < 2 or len(columns) * len(rows) > MOST_PARTIALS:
        return None
    body = []
    for place in rows:
        written = expand(d.formula, ex.at, ex.at.point(d.target.tensor, place))
        cells_ = [_partial(partial(written, output, a), ex, names) for a in columns]
        body.append((spans(math(ex.at.shown(ex.at.entry(d.wrt.name, place)), names)), *cells_))
    head = [spans(math(ex.at.shown(ex.at.entry(output, a)), names)) for a in columns]
    corner = Math(rf"\partial {names[output]} / \partial {names[d.wrt.name]}", f"∂{output}/∂{d.wrt.name}")
    return Table((spans(corner), *head), tuple(body))


def _partial(e: Expr, ex: Example, names: Names) -> Spans:
    value = numeral(worth(e, ex))
    if e == ZERO or isinstance(e, Num):
        return spans(value)
    shown = ex.at.shown(e)
    sign = "=" if ex.whole else r"\approx"
    plain = "=" if ex.whole else "≈"
    return spans(Math(f"{latex(shown, names)} {sign} {value.latex}", f"{plaintext(shown)} {plain} {value.plain}"))


def _same_by(d: Derivation, form: Form, ex: Example, names: Names) -> Section:
    """The same gradient as a product of matrices or as one matrix slid over another."""
    blocks: list[Block] = [form_equation(whole(d.target.tensor, names), form)]
    blocks.insert(0, Prose(spans(*_sentence(title(d, names)), _moves(form))))
    if (picture := window_picture(form)) is not None:
        blocks.append(picture)
    return Section(spans("The same by matrices"), tuple(blocks))


def _sentence(words: Spans) -> Spans:
    """Words with a capital letter and a full stop."""
    if not words:
        return ()
    first, *others = words
    begun = Text(first.text[:1].upper() + first.text[1:]) if isinstance(first, Text) else first
    return (begun, *others, Text(". "))


def _moves(form: Form) -> str:
    """How the window of a form moves, in words; nothing for a product."""
    if not form.step:
        return ""
    words = ["The second matrix slides over the first; where it stands, entries that meet are multiplied and added up."]
    if set(form.step) != {1}:
        words.append(f"It moves {_by(form.step)} cells at a time.")
    if set(form.spread) != {1}:
        words.append(f"Its own cells are {_by(form.spread)} apart.")
    return " ".join(words)


def _by(numbers: tuple[int, ...]) -> str:
    return str(numbers[0]) if len(set(numbers)) == 1 else " by ".join(map(str, numbers))
