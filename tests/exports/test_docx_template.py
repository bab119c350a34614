"""A template that cannot be filled is refused, and told with its place what is wrong."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from time import perf_counter
from typing import Any

import pytest
from docx import Document

from stratplan import i18n
from stratplan.exports.docx_package import Package
from stratplan.exports.docx_parts import LARGEST_TEXT
from stratplan.exports.docx_template import (
    LONGEST_PARAGRAPH,
    MOST_NESTED,
    MOST_TAGS,
    Sort,
    TemplateRefused,
    check_template,
)

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


def with_bytes(**parts: bytes) -> bytes:
    """A sound template in which parts, by name, are other bytes, or are added."""
    package = Package.read(made(paragraphs("{{ title }}")))
    package.parts |= parts
    return package.to_bytes()


def in_tables(depth: int, inside: str) -> str:
    """Tables in one another, as a word processor writes them, around paragraphs."""
    for _level in range(depth):
        inside = f"<w:tbl><w:tr><w:tc>{inside}<w:p/></w:tc></w:tr></w:tbl>"
    return inside


def in_boxes(depth: int, inside: str) -> str:
    """Text boxes in one another."""
    for _level in range(depth):
        inside = f"<w:p><w:r><w:pict><w:txbxContent>{inside}</w:txbxContent></w:pict></w:r></w:p>"
    return inside


def written(text: str) -> str:
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def in_text(xml: str) -> bytes:
    """A sound template with this at the beginning of its text."""
    return with_part("word/document.xml", lambda text: text.replace("<w:body>", f"<w:body>{xml}", 1))


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


ATTACHED = (
    '<?xml version="1.0" encoding="{encoding}"?>'
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1"'
    ' Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/attachedTemplate"'
    ' Target="http://example.org/x.dotm" TargetMode="External"/></Relationships>'
)


@pytest.mark.parametrize(
    "body",
    [
        ATTACHED.format(encoding="UTF-16").encode("utf-16"),
        ATTACHED.format(encoding="UTF-16").encode("utf-16-be"),
        ATTACHED.format(encoding="UTF-16").encode("utf-16-le"),
        ATTACHED.format(encoding="UTF-32").encode("utf-32-be"),
        ATTACHED.format(encoding="ISO-8859-1").encode(),
        ATTACHED.format(encoding="UTF-7").replace("<Rel", "+ADw-Rel").encode(),
    ],
)
@pytest.mark.parametrize("name", ["word/_rels/settings.xml.rels", "customXml/item9.xml", "word/media/image9.png"])
def test_nothing_comes_from_elsewhere_in_another_encoding(name: str, body: bytes) -> None:
    assert problems_of(with_bytes(**{name: body})) == [
        f"{name} is not written in UTF-8, as documents are. Save the file anew."
    ]


def test_the_types_of_the_file_say_too_what_is_xml() -> None:
    package = Package.read(made(paragraphs("{{ title }}")))
    package.parts["word/settings.bin"] = "š".encode("utf-16")
    check_template(package.to_bytes(), FIELDS)
    package.declare("application/vnd.openxmlformats-officedocument.wordprocessingml.settings+xml", ending="bin")
    assert problems_of(package.to_bytes())[0].startswith("word/settings.bin is not written in UTF-8")


def test_a_mark_before_utf_8_and_pictures_are_taken() -> None:
    marked = b"\xef\xbb\xbf" + b'<?xml version="1.0" encoding="utf-8"?><a/>'
    check_template(
        with_bytes(**{"customXml/item9.xml": marked, "word/media/image9.png": b"\x89PNG\r\n\x1a\n\0\0\0"}), FIELDS
    )


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


def test_a_problem_in_a_table_in_a_table_is_told_once() -> None:
    assert problems_of(in_text(in_tables(3, written("{{ x }}")))) == [
        "table 1, row 1, cell 1, table 1, row 1, cell 1, table 1, row 1, cell 1, paragraph 1:"
        " “{{ x }}” is not a field; the fields are: title, terms."
    ]
    assert len(problems_of(in_text(in_boxes(3, written("{{ x }}"))))) == 1


@pytest.mark.parametrize(
    ("opening", "closing"),
    [
        ("<w:sdt><w:sdtContent>", "</w:sdtContent></w:sdt>"),
        ("<w:ins>", "</w:ins>"),
        ("<w:customXml>", "</w:customXml>"),
    ],
)
def test_rows_and_cells_are_found_in_what_stands_around_them(opening: str, closing: str) -> None:
    cell = f"{opening}<w:tc>{opening}{written('{{ x }}')}{closing}</w:tc>{closing}"
    table = f"<w:tbl><w:tr><w:tc><w:p/></w:tc></w:tr>{opening}<w:tr><w:tc><w:p/></w:tc>{cell}</w:tr>{closing}</w:tbl>"
    assert problems_of(in_text(table))[0].startswith("table 1, row 2, cell 2, paragraph 1: “{{ x }}” is not a field")


@pytest.mark.parametrize("nested", [in_tables, in_boxes])
def test_what_stands_in_one_another_too_deep_is_refused_with_its_place(nested: Callable[[int, str], str]) -> None:
    check_template(in_text(nested(MOST_NESTED, written("{{ title }}"))), FIELDS)
    found = problems_of(in_text(nested(MOST_NESTED + 1, written("{{ title }}"))))
    assert len(found) == 1
    assert found[0].startswith(("table 1, row 1, cell 1, table 1", "text box at paragraph 1, text box"))
    assert found[0].endswith(f": Tables and text boxes stand in one another more than {MOST_NESTED} deep.")


@pytest.mark.parametrize("nested", [in_tables, in_boxes])
def test_deep_nesting_is_read_in_no_time(nested: Callable[[int, str], str]) -> None:
    body = in_text(nested(50, written("{{ x }}")))
    begun = perf_counter()
    problems_of(body)
    assert perf_counter() - begun < 1


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a" * (LONGEST_PARAGRAPH + 1) + "{{ title }}", "The paragraph is longer than"),
        ("{{ title }}" * (MOST_TAGS + 1), "The paragraph has more than"),
        ("{{" * 20_000, "The paragraph has more than"),
        ("{{ " * 20_000, "The paragraph is longer than"),
    ],
)
def test_a_paragraph_that_nobody_wrote_is_refused_with_its_place(text: str, wanted: str) -> None:
    begun = perf_counter()
    assert problems_of(made(paragraphs("a", text)))[0].startswith(f"paragraph 2: {wanted}")
    assert perf_counter() - begun < 1
    check_template(made(paragraphs("{{ title }}" * MOST_TAGS)), FIELDS)


@pytest.mark.parametrize("text", ["{{", "{{ x }}", "{% if x", "{%p if title %}", "}}"])
def test_many_paragraphs_with_problems_are_read_in_no_time(text: str) -> None:
    body = in_text(written(text) * 20_000)
    begun = perf_counter()
    assert problems_of(body)
    assert perf_counter() - begun < 2


def test_links_to_pages_are_taken() -> None:
    relation = (
        '<Relationship Id="rId99" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink"'
        ' Target="https://example.org" TargetMode="External"/></Relationships>'
    )
    check_template(
        with_part("word/_rels/document.xml.rels", lambda text: text.replace("</Relationships>", relation)), FIELDS
    )
