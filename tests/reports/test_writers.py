"""Every format from the one model: complete, the same every time, and deaf to what users write."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
from markdown_it import MarkdownIt

from reports.document import Block, Document, Equation, Math, Prose, Source, Table, parts, spans
from reports.plain_data import DocumentError
from reports.writers import FORMATS, MissingTool, WriteError, format_of, render, write, write_files
from reports.writers.notebook import check
from tests.reports.nasty import NASTY, nasty_document
from tests.reports.repeated import printed
from tests.reports.specimen import specimen

EVERY = sorted(FORMATS)


@pytest.mark.parametrize("form", EVERY)
def test_the_same_document_gives_the_same_text(form: str) -> None:
    assert render(specimen(), form) == render(specimen(), form)


def test_the_bytes_do_not_depend_on_the_hash_seed_or_the_time_zone(tmp_path: Path) -> None:
    program = (
        "from tests.reports.specimen import specimen; from reports.writers import FORMATS, render; import hashlib;"
        "print([hashlib.sha256(render(specimen(), f).encode()).hexdigest() for f in sorted(FORMATS)])"
    )
    assert printed(program)


def test_bytes_that_depend_on_the_hash_seed_or_the_time_zone_are_seen() -> None:
    for changing in ("print(hash('a'))", "import time; print(time.localtime(0).tm_hour)"):
        with pytest.raises(AssertionError):
            printed(changing)


@pytest.mark.parametrize("form", EVERY)
def test_every_writer_knows_every_kind_of_block(form: str) -> None:
    for kind in Block.__args__:
        block = next(part for part in parts(specimen()) if type(part) is kind)
        assert render(Document("t", (block,)), form).strip()


@pytest.mark.parametrize("form", EVERY)
def test_no_format_holds_a_date_or_a_path(form: str) -> None:
    text = render(specimen(), form)
    assert not re.search(r"20\d\d-\d\d-\d\d|/(home|root|Users)/", text)


# Files


@pytest.mark.parametrize("form", EVERY)
def test_the_suffix_chooses_the_format(form: str, tmp_path: Path) -> None:
    for suffix in FORMATS[form].suffixes:
        assert format_of(f"a.b{suffix.upper()}").name == form
    path = write(specimen(), tmp_path / f"new/folder/x{FORMATS[form].suffixes[0]}")
    assert path.read_text("utf-8")


def test_a_named_format_wins_over_the_suffix(tmp_path: Path) -> None:
    assert write(specimen(), tmp_path / "x.html", "text").read_text("utf-8") == render(specimen(), "text")


@pytest.mark.parametrize(
    ("path", "form", "says"),
    [
        ("x.doc", None, "no format has the suffix '.doc'; use one of .txt .md .html .ipynb .tex .json"),
        ("x", None, "no format has the suffix ''"),
        ("x.md", "pdf", "format 'pdf' is unknown; choose one of text, md, html, ipynb, tex, json"),
    ],
)
def test_an_unknown_format_is_refused_in_one_line(path: str, form: str | None, says: str, tmp_path: Path) -> None:
    with pytest.raises(WriteError) as error:
        write(specimen(), tmp_path / path, form)
    assert says in str(error.value)
    assert "\n" not in str(error.value)
    assert not list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "folder.md").mkdir()
    for path in (tmp_path / "file/x.md", tmp_path / "folder.md", tmp_path / ("n" * 300 + ".md")):
        with pytest.raises(WriteError, match="cannot be written") as error:
            write(Document("t"), path)
        assert "\n" not in str(error.value)


def test_a_device_is_written_to_and_not_replaced() -> None:
    assert write(Document("t"), "/dev/null", "md").is_char_device()


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(Document("old"), tmp_path / "x.txt")
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(WriteError, match="No space left on device"):
        write(Document("new"), path)
    assert [p.name for p in tmp_path.iterdir()] == ["x.txt"]
    assert path.read_text("utf-8").startswith("old")


def test_a_link_to_a_file_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.txt").write_text("x")
    (tmp_path / "link.txt").symlink_to("real.txt")
    write(Document("t"), tmp_path / "link.txt")
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "real.txt").read_text("utf-8").startswith("t\n")


def test_a_new_file_has_the_rights_that_the_user_gives_new_files(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("x")
    write_files(tmp_path, [("written", "x")])
    assert (tmp_path / "written").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_pictures_of_markdown_lie_beside_it(tmp_path: Path) -> None:
    path = write(specimen(), tmp_path / "conv.md")
    assert "](conv_figures/figure-1.svg)" in path.read_text("utf-8")
    assert (tmp_path / "conv_figures/figure-1.svg").read_text("utf-8").startswith("<svg")


def test_a_missing_package_is_named_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("html", "html_page", "html_spans", "mathml"):
        monkeypatch.delitem(sys.modules, f"reports.writers.{name}", raising=False)
    monkeypatch.setitem(sys.modules, "quickjs", None)
    with pytest.raises(MissingTool, match=r"HTML needs the package quickjs-ng.*pip install quickjs-ng"):
        render(specimen(), "html")


def test_the_model_and_the_plain_writers_import_no_optional_package() -> None:
    program = (
        "import sys; from reports.document import Document; from reports.writers import render;"
        "[render(Document('t'), f) for f in ('text', 'md', 'tex', 'json')];"
        "print(sorted({'quickjs', 'nbformat', 'pygments', 'markupsafe', 'numpy', 'torch', 'sympy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# What users write


class Page(HTMLParser):
    """The elements of a page with their attributes, and the text outside of style sheets."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in ("meta", "input", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data


def _dangers(page: Page) -> Iterator[str]:
    for tag, attributes in page.elements:
        if tag in ("script", "img", "iframe", "object", "embed", "base", "form", "link", "foreignobject"):
            yield tag
        for name, value in attributes.items():
            if name.startswith("on") or (
                name in ("src", "href") and not re.match(r"#|data:image/png|[\w.]+$", value or "")
            ):
                yield f"{tag} {name}={value}"


@pytest.mark.parametrize("text", NASTY)
def test_a_page_shows_what_users_write_and_does_not_obey_it(text: str) -> None:
    page = Page(render(nasty_document(text), "html"))
    assert not page.open
    assert not list(_dangers(page))
    elements = {tag for tag, _ in page.elements if tag not in _MATHML}
    assert elements <= {tag for tag, _ in Page(render(specimen(), "html")).elements}
    assert " ".join(_shown(text).split()) in " ".join(page.text.split())


_MATHML = {"math", "semantics", "annotation", "mrow", "mi", "mo", "mn", "mtext", "mspace"}


def _shown(text: str) -> str:
    return re.sub("[\x00\x07\x08\x1b\u202e]", "\ufffd", text)


def test_the_search_for_dangers_can_fail() -> None:
    assert list(_dangers(Page("<p onclick=x><script></script><a href='javascript:x'></a></p>"))) == [
        "p onclick=x",
        "script",
        "a href=javascript:x",
    ]


def test_a_page_needs_nothing_from_elsewhere_and_runs_nothing() -> None:
    text = render(specimen(), "html")
    outside = re.sub(r'<annotation.*?</annotation>|xmlns="http://www.w3.org/2000/svg"', "", text)
    assert not re.findall(r"https?://|//cdn|@import|<link|<script", outside)
    policies = [attributes.get("content") for _, attributes in Page(text).elements if "http-equiv" in attributes]
    assert policies == [policy for policy in policies if policy and policy.startswith("default-src 'none';")] != []


@pytest.mark.parametrize("text", NASTY)
def test_markdown_shows_what_users_write_and_does_not_obey_it(text: str) -> None:
    html = MarkdownIt("commonmark").enable("table").render(render(nasty_document(text), "md"))
    page = Page(re.sub(r"<(hr|br) />", "", html))
    assert not list(_dangers(page))
    known = MarkdownIt("commonmark").enable("table").render(render(specimen(), "md"))
    assert {tag for tag, _ in page.elements} <= {tag for tag, _ in Page(re.sub(r"<(hr|br) />", "", known)).elements}
    assert " ".join(_shown(text).split()) in " ".join(page.text.split())


@pytest.mark.parametrize("text", NASTY)
def test_latex_holds_no_command_that_users_write(text: str) -> None:
    written = render(nasty_document(text), "tex")
    commands = set(re.findall(r"\\([A-Za-z]+|.)", written)) - set(
        re.findall(r"\\([A-Za-z]+|.)", render(specimen(), "tex"))
    )
    assert commands <= {"textbackslash", "textless", "textgreater", "textbar", "textquotedbl", "textasciigrave"} | {
        "textasciicircum",
        "textasciitilde",
        *"#$%&_{}",
    }
    body = re.sub(r"\\.", "", written.split(r"\begin{document}")[1])
    assert body.count("{") == body.count("}")
    assert "%" not in body


@pytest.mark.parametrize("text", NASTY)
def test_a_terminal_shows_what_users_write_and_does_not_obey_it(text: str) -> None:
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202e]", render(nasty_document(text), "text"))


@pytest.mark.parametrize("text", NASTY)
def test_a_notebook_is_valid_whatever_users_write(text: str) -> None:
    notebook = nbformat.reads(render(nasty_document(text), "ipynb"), as_version=4)
    nbformat.validate(notebook)
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    assert len(code) == 1  # the one source that the document marks as runnable


@pytest.mark.parametrize("text", NASTY)
def test_json_holds_what_users_write(text: str) -> None:
    assert Document.from_json(render(nasty_document(text), "json")) == nasty_document(text)


# Formulas


@pytest.mark.parametrize("form", ["md", "html", "ipynb", "tex"])
def test_latex_that_is_no_formula_is_replaced_by_its_plain_text(form: str) -> None:
    document = Document("t", (Prose(spans(Math(r"\input{x}", "WORDS"))), Equation(r"\frac{1", "LINES")))
    text = render(document, form)
    assert "WORDS" in text
    assert "LINES" in text
    assert r"\input{x}" not in text


def test_every_formula_of_the_specimen_is_mathml_with_its_tex() -> None:
    text = render(specimen(), "html")
    assert 'class="formula"' not in text
    math = {part.latex for part in parts(specimen()) if isinstance(part, Math | Equation)}
    assert text.count("<math") == text.count("application/x-tex") >= len(math)


def test_a_line_is_not_repeated_where_a_step_starts_from_it() -> None:
    text = render(specimen(), "text")
    assert text.count("sum[n',k',i,j] dE/dO[n',k',i,j] * d(O[n',k',i,j])/dF[k,c,p,q]") == 1


def test_a_wide_table_is_wrapped_to_the_terminal_and_loses_no_word() -> None:
    row = (spans("word " * 40), spans("x"), spans("term " * 40))
    lines = render(Document("t", (Table((spans("a"), spans("b"), spans("c")), (row,)),)), "text").splitlines()
    assert max(map(len, lines)) <= 96
    assert sum(line.count("word") for line in lines) == sum(line.count("term") for line in lines) == 40


# Notebooks


def test_cells_are_the_blocks_and_their_ids_are_their_contents() -> None:
    notebook = nbformat.reads(render(specimen(), "ipynb"), as_version=4)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert notebook.metadata.kernelspec == {"name": "python3", "display_name": "Python 3", "language": "python"}
    assert all(re.fullmatch(r"s\d\d-[0-9a-f]{8}", cell.id) for cell in notebook.cells)
    assert [cell.source for cell in notebook.cells if cell.cell_type == "code"] == ["1 + 1"]
    assert any("image/svg+xml" in mime for cell in notebook.cells for mime in cell.get("attachments", {}).values())


def test_a_notebook_with_a_bad_or_repeated_id_is_refused() -> None:
    notebook = nbformat.reads(render(specimen(), "ipynb"), as_version=4)
    for spoil in ("has space", "", notebook.cells[1].id):
        notebook.cells[0].id = spoil
        with pytest.raises(WriteError, match="distinct ids"):
            check(notebook)


def test_an_invalid_notebook_is_refused() -> None:
    notebook = nbformat.reads(render(specimen(), "ipynb"), as_version=4)
    notebook.cells[0].cell_type = "poem"
    with pytest.raises(WriteError, match=r"not valid nbformat 4\.5"):
        check(notebook)


def test_a_runnable_source_keeps_its_caption_and_formula_above_it() -> None:
    source = Source("python", "print(1)\n", spans("A cell"), Equation("x=1", "x=1"), runnable=True)
    cells = nbformat.reads(render(Document("t", (source,)), "ipynb"), as_version=4).cells
    assert [(cell.cell_type, cell.source) for cell in cells[1:]] == [
        ("markdown", "A cell"),
        ("markdown", "$$\nx=1\n$$"),
        ("code", "print(1)"),
    ]


def test_errors_are_of_the_house() -> None:
    assert issubclass(WriteError, ValueError)
    assert issubclass(DocumentError, ValueError)
