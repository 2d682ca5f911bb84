"""The document model: what it holds, what it refuses, and that JSON gives back what it took."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.document import (
    Callout,
    Claim,
    Code,
    Definition,
    Definitions,
    Document,
    Emphasis,
    Entries,
    Entry,
    Equation,
    Figure,
    Items,
    Link,
    Math,
    Prose,
    Section,
    Source,
    Step,
    StepGroup,
    StepTable,
    Strong,
    Table,
    Tally,
    Text,
    Verdict,
    parts,
    plain,
    spans,
)
from reports.plain_data import DocumentError
from tests.reports.specimen import SVG, specimen

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
SPANS = st.lists(
    st.one_of(
        st.builds(Text, WORDS),
        st.builds(Emphasis, WORDS),
        st.builds(Strong, WORDS),
        st.builds(Code, WORDS),
        st.builds(Math, WORDS, WORDS),
        st.builds(Link, WORDS, st.just("page.html#part")),
    ),
    max_size=3,
).map(tuple)
MATH = st.builds(Math, WORDS, WORDS)
STEPS = st.builds(Step, st.integers(0, 99), WORDS, SPANS, MATH, MATH, st.lists(SPANS, max_size=2).map(tuple), SPANS)
CLAIMS = st.builds(Claim, SPANS, WORDS, WORDS, SPANS, st.sampled_from([True, False, None]))
LEAVES = st.one_of(
    st.builds(Prose, SPANS),
    st.builds(Items, st.lists(SPANS, max_size=2).map(tuple), st.booleans()),
    st.builds(Equation, WORDS, WORDS, WORDS),
    st.builds(
        StepTable,
        st.lists(
            st.one_of(STEPS, st.builds(StepGroup, SPANS, st.lists(STEPS, min_size=1, max_size=2).map(tuple))),
            max_size=3,
        ).map(tuple),
        SPANS,
    ),
    st.builds(lambda rows: Table(((), ()), tuple(rows), (), "lr"), st.lists(st.tuples(SPANS, SPANS), max_size=2)),
    st.builds(Figure, st.just(SVG), WORDS, SPANS),
    st.builds(Source, WORDS, WORDS, SPANS, st.none() | st.builds(Equation, WORDS, WORDS), st.booleans()),
    st.builds(Verdict, st.lists(CLAIMS, max_size=2).map(tuple), SPANS),
    st.builds(Definitions, st.lists(st.builds(Definition, SPANS, SPANS), max_size=2).map(tuple)),
    st.builds(Entries, st.lists(st.builds(Entry, WORDS, st.just("a.html"), SPANS), max_size=2).map(tuple)),
)
BLOCKS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(Section, SPANS, st.lists(inner, max_size=2).map(tuple), st.booleans()),
        st.builds(
            Callout, st.sampled_from(["note", "warning", "result"]), SPANS, st.lists(inner, max_size=2).map(tuple)
        ),
    ),
    max_leaves=4,
)
DOCUMENTS = st.builds(
    Document,
    WORDS,
    st.lists(BLOCKS, max_size=3).map(tuple),
    SPANS,
    st.lists(st.tuples(WORDS, WORDS), max_size=2).map(tuple),
)


@given(DOCUMENTS)
def test_json_gives_back_the_document_it_took(document: Document) -> None:
    assert Document.from_json(document.to_json()) == document


def test_the_specimen_holds_every_kind_of_part_so_that_tests_of_writers_see_all_of_them() -> None:
    import reports.document as model

    kinds = {k for k in vars(model).values() if isinstance(k, type) and hasattr(k, "__dataclass_fields__")}
    assert {type(part) for part in parts(specimen())} == kinds


def test_json_of_a_document_is_the_same_on_every_call() -> None:
    assert specimen().to_json() == specimen().to_json()


def test_half_of_a_surrogate_pair_becomes_a_mark_when_it_is_written() -> None:
    assert "\\ud800" not in Document("a\ud800").to_json()
    assert Document.from_json(Document("a\ud800").to_json()).title == "a?"


def _edited(edit: Callable[[dict[str, Any]], None]) -> str:
    data = json.loads(specimen().to_json())
    edit(data)
    return json.dumps(data)


BAD: list[tuple[str, Callable[[dict[str, Any]], Any], str]] = [
    ("another schema", lambda d: d.update(schema="backproof.document/0"), "document.schema: expected"),
    ("no schema", lambda d: d.pop("schema"), "got None"),
    ("unknown field", lambda d: d.update(author="me"), "document.author: document has no such field"),
    ("missing field", lambda d: d.pop("title"), "document: document lacks its field title"),
    ("wrong type", lambda d: d.update(title=3), "document.title: expected str, got int '3'"),
    ("not a list", lambda d: d.update(blocks="x"), "document.blocks: expected a list, got str 'x'"),
    ("unknown kind", lambda d: d["blocks"][0].update(type="script"), "document.blocks[0].type: expected section or"),
    ("span for block", lambda d: d["blocks"].insert(0, {"type": "text", "text": "x"}), "document.blocks[0].type"),
    (
        "deep inside",
        lambda d: d["blocks"][0]["blocks"][0]["spans"][1].update(text=None),
        "blocks[0].blocks[0].spans[1]",
    ),
    ("pair of three", lambda d: d["provenance"].append(["a", "b", "c"]), "expected a list of 2, got 3"),
    ("number for truth", lambda d: d["blocks"][0].update(collapsed=1), "expected bool, got int '1'"),
    ("surrogate", lambda d: d.update(title="\ud800"), "half of a surrogate pair"),
]


@pytest.mark.parametrize(("edit", "says"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_the_reader_refuses_what_is_no_document_and_says_where(
    edit: Callable[[dict[str, Any]], Any], says: str
) -> None:
    with pytest.raises(DocumentError) as error:
        Document.from_json(_edited(edit))
    assert says in str(error.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "line 1, column 2: not JSON"),
        ("[]", "expected 'backproof.document/1', got 'list'"),
        ('{"schema": 1, "schema": 2}', "given twice"),
        ('{"schema": NaN}', "NaN is not a JSON number"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_the_reader_refuses_text_that_is_not_strict_json(text: str, says: str) -> None:
    with pytest.raises(DocumentError) as error:
        Document.from_json(text)
    assert says in str(error.value)


def test_a_document_nested_without_end_is_refused() -> None:
    section = '{"type": "section", "title": [], "blocks": ['
    frame = '{{"schema": "backproof.document/1", "type": "document", "title": "t", "blocks": [{}]}}'
    for depth in (100, 100_000):
        with pytest.raises(DocumentError) as error:
            Document.from_json(frame.format(section * depth + "]}" * depth))
        assert "nested too deeply" in str(error.value)
    assert Document.from_json(frame.format(section * 20 + "]}" * 20))


@pytest.mark.parametrize(
    ("build", "says"),
    [
        (lambda: Table((spans("a"),), ((spans("1"), spans("2")),)), "row 0 of the table has 2 cells, its header 1"),
        (lambda: Table((spans("a"),), (), (), "x"), "align takes one of l, c, r"),
        (lambda: Table((spans("a"),), (), (), "ll"), "align takes one of l, c, r"),
        (lambda: Callout("danger", (), ()), "a callout is a note, a warning or a result"),
        (lambda: StepGroup(spans("t"), ()), "at least one step"),
        (lambda: Link("x", "javascript:alert(1)"), "a link leads to"),
        (lambda: Link("x", " javascript:alert(1)"), "a link leads to"),
        (lambda: Link("x", "data:text/html,x"), "a link leads to"),
        (lambda: Link("x", "//evil.example"), "a link leads to"),
        (lambda: Entry("x", "vbscript:x"), "a link leads to"),
    ],
)
def test_a_malformed_part_cannot_be_built(build: Callable[[], Any], says: str) -> None:
    with pytest.raises(DocumentError) as error:
        build()
    assert says in str(error.value)


@pytest.mark.parametrize(
    "target", ["https://pytorch.org/docs", "#law", "conv2d.html", "ops/conv2d.html#law", "../a", "./a"]
)
def test_a_link_may_lead_to_the_web_or_nearby(target: str) -> None:
    assert Link("x", target).target == target


FRAME = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1">{}</svg>'


@pytest.mark.parametrize(
    "inside",
    [
        "<script>alert(1)</script>",
        "<foreignObject/>",
        "<style>*{}</style>",
        "<a href='https://evil.example'><text>x</text></a>",
        "<rect onclick='alert(1)'/>",
        "<rect fill='url(https://evil.example/x)'/>",
        "<image href='https://evil.example/x.png'/>",
        "<image href='data:image/svg+xml;base64,AAAA'/>",
        "<rect style='background:red'/>",
        "<x:script xmlns:x='http://www.w3.org/1999/xhtml'/>",
        "<!-- --><rect/>",
        "<rect>",
        "</svg><script/><svg>",
        "<text>\ud800</text>",
    ],
)
def test_a_picture_that_could_act_is_refused(inside: str) -> None:
    with pytest.raises(DocumentError):
        Figure(FRAME.format(inside), "x")


def test_a_picture_with_a_document_type_is_refused() -> None:
    with pytest.raises(DocumentError):
        Figure('<!DOCTYPE svg [<!ENTITY a "b">]>' + FRAME.format(""), "x")


def test_a_still_picture_is_accepted() -> None:
    assert Figure(FRAME.format("<rect width='1' height='1' fill='red'/>"), "x")


def test_a_sentence_is_built_from_strings_and_spans_and_read_back_as_words() -> None:
    sentence = spans("where ", Math(r"p \lt K", "p<K"), " holds")
    assert sentence == (Text("where "), Math(r"p \lt K", "p<K"), Text(" holds"))
    assert plain(sentence) == "where p<K holds"


def test_the_tally_counts_the_claims_of_the_whole_document() -> None:
    assert specimen().tally() == Tally(holds=2, refuted=1, undecided=1)
