"""The council's annex as DOCX says what its tables say, is whole for programs that read it aloud, and never differs."""

from __future__ import annotations

import io
import subprocess
import time
import zipfile
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from docx import Document
from docx.oxml.ns import qn
from docx.table import Table as WordTable

from stratplan import i18n
from stratplan.exports.docx import default_template
from stratplan.exports.docx_template import TemplateRefused, check_template
from stratplan.exports.pdf import printed
from stratplan.exports.tables import Table
from stratplan.reviews.council import CouncilReport
from stratplan.reviews.docx import FIELDS, SORTS, report_docx
from stratplan.reviews.pdf import grouped
from tests.reviews.statements import report, statement, task
from tests.reviews.test_pdf import stated, the_report

HOSTILE = "=1+1\x07<w:p/>{{ title }}{% if %}\u202eABC & „ē”\ue0f0terms\ue0f1"


def in_order(made: CouncilReport) -> list[Table]:
    """The tables of a report as they follow each other in the document."""
    assert made.changes is not None
    return [
        *made.summary,
        made.printed_action_plan,
        made.printed_investments,
        made.changes,
        grouped(made.swot, 0),
        grouped(made.terms, 2),
    ]


def cells_of(table: WordTable) -> list[list[str]]:
    """The texts of a table, row by row; a cell over several columns once."""
    return [[cell.text for cell in dict.fromkeys(row.cells)] for row in table.rows]


def wanted(table: Table) -> list[list[str]]:
    """What a table says, as people read it; a group's empty cells run on from the one before."""
    rows = [[column.title for column in table.columns]]
    for row in table.rows:
        texts = [printed(table.cell(row, place)) for place in range(len(table.columns))]
        rows.append([text for place, text in enumerate(texts) if place == 0 or text] if row.kind == "group" else texts)
    return rows


def with_changes(language: str = "lv") -> CouncilReport:
    return the_report(language, before=stated(progress=Fraction(1, 2), title="Cits nosaukums"))


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_its_tables_read_back_cell_by_cell(language: str) -> None:
    made = with_changes(language)
    document = Document(io.BytesIO(report_docx(made)))
    tables = in_order(made)
    assert len(document.tables) == len(tables)
    with i18n.use_language(language):
        for read, table in zip(document.tables, tables, strict=True):
            assert cells_of(read) == wanted(table)
    words = "\n".join(paragraph.text for paragraph in document.paragraphs)
    for text in (made.title, made.plan, *made.annex, *made.sentences, *made.notes[1:]):
        assert text in words


@pytest.mark.parametrize(("language", "tag"), [("lv", "lv-LV"), ("en", "en-GB")])
def test_who_does_not_see_it_is_told_everything(language: str, tag: str) -> None:
    made = with_changes(language)
    body = report_docx(made)
    document = Document(io.BytesIO(body))
    levels = [
        int(paragraph.style.name[-1])
        for paragraph in document.paragraphs
        if paragraph.style is not None and paragraph.style.name.startswith("Heading ")
    ]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    for table in document.tables:
        first, *others = table.rows
        assert first._tr.find(f"{qn('w:trPr')}/{qn('w:tblHeader')}") is not None
        assert not any(row._tr.findall(f"{qn('w:trPr')}/{qn('w:tblHeader')}") for row in others)
        assert all(row._tr.find(f"{qn('w:trPr')}/{qn('w:cantSplit')}") is not None for row in table.rows)
        assert table._tbl.tblPr.find(qn("w:tblCaption")).get(qn("w:val"))
    pictures = [one.get("descr") for one in document.element.iter(qn("wp:docPr"))]
    charts = [table.chart for table in made.summary if table.chart is not None]
    assert pictures == [f"{chart.title}. {chart.words}" for chart in charts]
    facts = document.core_properties
    assert (facts.title, facts.author, facts.language) == (
        f"{made.title} – {made.plan}",
        made.organisation,
        tag,
    )
    assert facts.created is not None
    assert facts.created.isoformat()[:19] == "2016-10-27T08:30:00"
    assert document.styles.element.find(f".//{qn('w:rPrDefault')}//{qn('w:lang')}").get(qn("w:val")) == tag
    assert [section.orientation for section in document.sections] == [0, 1, 0]


def test_the_contents_name_every_heading_and_lead_to_it() -> None:
    made = with_changes()
    document = Document(io.BytesIO(report_docx(made)))
    root = document.element
    marks = {one.get(qn("w:name")) for one in root.iter(qn("w:bookmarkStart"))}
    entries = {
        link.get(qn("w:anchor")): "".join(text.text or "" for text in link.iter(qn("w:t")))
        for link in root.iter(qn("w:hyperlink"))
    }
    assert set(entries) <= marks
    assert [made.action_plan.title, made.investments.title] == [
        text for text in entries.values() if text in (made.action_plan.title, made.investments.title)
    ]
    instructions = [one.text.strip() for one in root.iter(qn("w:instrText"))]
    assert instructions[0].startswith("TOC ")
    assert sum(one.startswith("PAGEREF") for one in instructions) == len(entries)
    feet = [section.footer._element for section in document.sections]
    for foot in feet:
        assert {(one.text or "").strip() for one in foot.iter(qn("w:instrText"))} == {"PAGE", "NUMPAGES"}


def test_the_same_edition_is_the_same_bytes() -> None:
    first = report_docx(with_changes())
    time.sleep(2.1)  # archives tell time in steps of two seconds
    assert report_docx(with_changes()) == first
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_hostile_texts_are_words_and_an_empty_plan_has_a_document() -> None:
    plan = statement(
        tasks=(task("t1", title=HOSTILE, report=report(text="a" * 30_000)),), title=HOSTILE, organisation=HOSTILE
    )
    document = Document(io.BytesIO(report_docx(the_report(plan=plan))))
    cells = [text for table in document.tables for row in cells_of(table) for text in row]
    assert "=1+1<w:p/>{{ title }}{% if %}ABC & „ē”\ue0f0terms\ue0f1" in cells
    assert "a" * 30_000 in "".join(cells)
    assert document.core_properties.author.startswith("=1+1<w:p/>{{ title }}")
    empty = Document(io.BytesIO(report_docx(the_report(plan=statement(goals=(), organisation="", title="Tukšs")))))
    assert "Tukšs" in [paragraph.text for paragraph in empty.paragraphs]


def test_a_report_of_thousands_of_tasks_is_made_in_seconds() -> None:
    made = with_changes()
    plan = made.printed_action_plan
    long = replace(made, printed_action_plan=replace(plan, rows=[*plan.rows] * 700))
    began = time.perf_counter()
    report_docx(long)
    assert time.perf_counter() - began < 10


def test_the_default_template_has_every_block_and_passes_its_own_check() -> None:
    check_template(default_template(), SORTS)
    with zipfile.ZipFile(io.BytesIO(default_template())) as archive:
        text = archive.read("word/document.xml").decode()
    missing = [name for name in FIELDS if f"{{{{ {name} }}}}" not in text]
    assert missing == ["day", "edition", "decision", "plan_decision", "foot"]  # in `annex` and `notes`; at the foot


def test_the_documentation_names_every_field() -> None:
    words = (Path(__file__).parents[2] / "docs" / "report-template.md").read_text("utf-8")
    assert [name for name in FIELDS if f"`{{{{ {name} }}}}`" not in words] == []


def test_libreoffice_opens_it(tmp_path: Path) -> None:
    file = tmp_path / "report.docx"
    file.write_bytes(report_docx(with_changes()))
    subprocess.run(
        ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "pdf", file.name],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        timeout=120,
    )
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")


def test_an_own_template_without_our_styles_is_filled() -> None:
    own = Document()
    own.add_heading("Mūsu pārskats: {{ title }}", 1)
    table = own.add_table(1, 2)
    table.cell(0, 0).text = "{{ organisation }}"
    table.cell(0, 1).text = "{{ terms }}"
    for text in ("{%p if changes %}", "{{ changes }}", "{%p endif %}", "{{ sentences }}", "{{ contents }}"):
        own.add_paragraph(text)
    split = own.add_paragraph()
    for piece in ("{", "{ pla", "n }", "} beigas"):
        split.add_run(piece)
    own.sections[0].footer.paragraphs[0].text = "{{ foot }}"
    held = io.BytesIO()
    own.save(held)
    check_template(held.getvalue(), SORTS)
    made = the_report()
    read = Document(io.BytesIO(report_docx(made, held.getvalue())))
    words = [paragraph.text for paragraph in read.paragraphs]
    assert f"Mūsu pārskats: {made.title}" in words
    assert f"{made.plan} beigas" in words
    assert not any("{" in text for text in words)
    assert read.tables[0].cell(0, 1).tables
    assert "30.09.2016" in read.sections[0].footer.paragraphs[0].text


def test_a_template_with_something_hidden_is_refused() -> None:
    own = Document()
    paragraph = own.add_paragraph("Teksts")
    paragraph._p.set(qn("w:rsidR"), "{{ 7 * 7 }}")
    held = io.BytesIO()
    own.save(held)
    with pytest.raises(TemplateRefused):
        check_template(held.getvalue(), SORTS)
