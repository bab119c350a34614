"""A template that cannot be filled is refused, and told with its place what is wrong."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from docx import Document

from stratplan import i18n
from stratplan.exports.docx_template import LARGEST_TEXT, Sort, TemplateRefused, check_template

FIELDS = {"title": Sort.TEXT, "terms": Sort.BLOCK}
Changing = Callable[[Any], None]


def made(change: Changing) -> bytes:
    document = Document()
    change(document)
    held = io.BytesIO()
    document.save(held)
    return held.getvalue()


def with_part(name: str, edit: Callable[[str], str]) -> bytes:
    """A sound template in which one part was edited."""
    held = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(made(paragraphs("{{ title }}")))) as old, zipfile.ZipFile(held, "w") as new:
        for entry in old.infolist():
            text = old.read(entry)
            new.writestr(entry, edit(text.decode()).encode() if entry.filename == name else text)
    return held.getvalue()


def paragraphs(*texts: str) -> Changing:
    def change(document: Any) -> None:
        for text in texts:
            document.add_paragraph(text)

    return change


def in_cell(text: str) -> Changing:
    def change(document: Any) -> None:
        document.add_table(1, 1)
        document.add_table(3, 2).cell(2, 1).text = text

    return change


def in_part(name: str, text: str) -> Changing:
    def change(document: Any) -> None:
        getattr(document.sections[0], name).paragraphs[0].text = text

    return change


def problems_of(body: bytes) -> list[str]:
    with i18n.use_language("en"), pytest.raises(TemplateRefused) as refused:
        check_template(body, FIELDS)
    return refused.value.problems


@pytest.mark.parametrize(
    "texts",
    [
        ("{{ title }} un {{title}}", "{{ terms }}"),
        ("{%p if terms %}", "{{ terms }}", "{%p else %}", "nav", "{%p endif %}"),
        ("{% if not title %}bez{% endif %} nosaukuma",),
        ("cena { 5 } un 100 %",),
    ],
)
def test_fields_and_if_are_taken(texts: tuple[str, ...]) -> None:
    check_template(made(paragraphs(*texts)), FIELDS)


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        (
            paragraphs("a", "b", "{{ titel }}"),
            "paragraph 3: “{{ titel }}” is not a field; the fields are: title, terms.",
        ),
        (in_cell("{{ x }}"), "table 2, row 3, cell 2, paragraph 1: “{{ x }}” is not a field"),
        (in_part("header", "{{ x }}"), "header (header1.xml), paragraph 1: “{{ x }}” is not a field"),
        (
            in_part("footer", "{{ terms }}"),
            "footer (footer1.xml), paragraph 1: “{{ terms }}” can only stand in the text",
        ),
        (paragraphs("{{ title"), "paragraph 1: “{{ title” is not closed"),
        (paragraphs("title }}"), "paragraph 1: “}}” is not closed, or not opened."),
        (paragraphs("vārdi {{ terms }}"), "paragraph 1: “{{ terms }}” must have a paragraph of its own."),
        (paragraphs("{%p if title %}", "a"), "the text: “{%p if title %}” has no endif."),
        (
            paragraphs("{% if title %}", "{% endif %}"),
            "paragraph 1: “{% if title %}” has no endif in the same paragraph.",
        ),
        (paragraphs("{%p endif %}"), "paragraph 1: “{%p endif %}” has no if before it."),
        (paragraphs("{% for x in title %}a{% endfor %}"), "paragraph 1: “{% for x in title %}” is not understood"),
        (paragraphs("{{ title.__class__ }}"), "paragraph 1: “{{ title.__class__ }}” is not a field"),
        (paragraphs("{{ title * 999999 }}"), "is not a field"),
        (paragraphs("{{ title|upper }}"), "is not a field"),
        (paragraphs("{{p title }}"), "is not a field"),
        (paragraphs("{# title #}"), "is not closed, or not opened."),
        (paragraphs("{% include 'x' %}"), "is not understood"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(change: Changing, wanted: str) -> None:
    assert any(wanted in problem for problem in problems_of(made(change)))


@pytest.mark.parametrize(
    ("kind", "mode", "wanted"),
    [
        ("image", ' TargetMode="External"', "fetched from elsewhere"),
        ("attachedTemplate", ' TargetMode="External"', "embedded or attached"),
        ("oleObject", "", "embedded or attached"),
        ("aFChunk", "", "embedded or attached"),
    ],
)
def test_nothing_comes_from_elsewhere(kind: str, mode: str, wanted: str) -> None:
    relation = (
        '<Relationship Id="rId99" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/'
        f'{kind}" Target="http://example.org/x"{mode}/></Relationships>'
    )
    body = with_part("word/_rels/document.xml.rels", lambda text: text.replace("</Relationships>", relation))
    assert wanted in problems_of(body)[0]


def test_types_of_its_own_are_refused() -> None:
    body = with_part(
        "word/document.xml", lambda text: text.replace("<w:document", '<!DOCTYPE x [<!ENTITY a "b">]><w:document', 1)
    )
    assert "declares types" in problems_of(body)[0]


def field_of(*pieces: str) -> str:
    """A field with its instruction in pieces, as word processors write it."""
    runs = "".join(f"<w:r><w:instrText>{piece}</w:instrText></w:r>" for piece in pieces)
    return f'<w:r><w:fldChar w:fldCharType="begin"/></w:r>{runs}<w:r><w:fldChar w:fldCharType="end"/></w:r>'


@pytest.mark.parametrize(
    "written",
    [
        '<w:r><w:instrText> INCLUDETEXT "http://example.org" </w:instrText></w:r>',
        '<w:fldSimple w:instr=" INCLUDEPICTURE &quot;http://example.org&quot; "/>',
        field_of(" INCL", 'UDETEXT "http://example.org" '),
        field_of(" IF 1 = 1 " + field_of("DDE", "AUTO excel")),
    ],
)
def test_fields_that_fetch_are_refused_however_they_are_written(written: str) -> None:
    body = with_part("word/document.xml", lambda text: text.replace("</w:p>", f"{written}</w:p>", 1))
    assert problems_of(body)[0].startswith("the text: The field “")
    body = with_part("word/styles.xml", lambda text: text.replace("</w:styles>", f"{written}</w:styles>", 1))
    assert problems_of(body)[0].startswith("word/styles.xml: The field “")


def test_fields_for_pages_and_contents_are_taken() -> None:
    written = field_of(" PA", "GE ") + field_of(' TOC \\o "1-2" ', " \\h ")
    check_template(with_part("word/document.xml", lambda text: text.replace("</w:p>", f"{written}</w:p>", 1)), FIELDS)


@pytest.mark.parametrize("attribute", ["src", "o:href"])
def test_older_drawings_fetch_nothing(attribute: str) -> None:
    drawing = (
        '<w:r><w:pict><v:shape xmlns:v="urn:schemas-microsoft-com:vml"'
        ' xmlns:o="urn:schemas-microsoft-com:office:office">'
        f'<v:imagedata {attribute}="http://example.org/x.png"/></v:shape></w:pict></w:r></w:p>'
    )
    body = with_part("word/document.xml", lambda text: text.replace("</w:p>", drawing, 1))
    assert "“http://example.org/x.png” is fetched from elsewhere" in problems_of(body)[0]


@pytest.mark.parametrize("name", ["word/document.xml", "word/styles.xml"])
def test_a_part_that_unpacks_to_megabytes_is_refused(name: str) -> None:
    body = with_part(name, lambda text: text + f"<!--{'a' * LARGEST_TEXT}-->")
    assert "too long" in problems_of(body)[0]


def test_links_to_pages_are_taken() -> None:
    relation = (
        '<Relationship Id="rId99" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink"'
        ' Target="https://example.org" TargetMode="External"/></Relationships>'
    )
    check_template(
        with_part("word/_rels/document.xml.rels", lambda text: text.replace("</Relationships>", relation)), FIELDS
    )
