"""A paper becomes a tagged PDF in a process with bounds: the same bytes for the same content, whatever texts hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest

from stratplan.exports.pdf import Paper, Section, to_pdf
from stratplan.exports.tables import Cell, Chart, ChartKind, Column, Kind, Row, RowKind, Table
from stratplan.exports.typesetting import TypesettingFailed, typeset
from tests.reading_pdf import flat, is_accessible, read_pdf, words_of

MADE_AT = datetime(2016, 10, 27, 8, 30, tzinfo=UTC)
TABLE = Table(
    "Plāns",
    "Rīcības plāns",
    [
        Column("Nr.", width=8),
        Column("Uzdevums", width=36),
        Column("", width=10),
        Column("Termiņš", Kind.DAY, 12),
        Column("Izpilde", Kind.PERCENT, 10),
        Column("EUR", Kind.MONEY, 14),
    ],
    [
        Row(["SM1 Pakalpojumi", None, None, None, Fraction(17, 20)], RowKind.GROUP),
        Row(
            ["1.1", "Izveidot darbnīcas", None, date(2016, 9, 30), Fraction(1, 3), Cell(Decimal(9000), Kind.MONEY, "*")]
        ),
        Row(["1.2", "Labot", None, None, None, Decimal("341482.5")]),
        Row(["SM2 Cilvēki", None, None, None, None], RowKind.GROUP),
        Row(["2.1", "Mācīt", None, None, Fraction(0), None]),
        Row([None, "Kopā", None, None, None, Decimal("350482.5")], RowKind.TOTAL),
    ],
    key="plan",
)
CHARTED = Table(
    "Kopsavilkums",
    "Nauda pa gadiem",
    [Column("Gads", width=10), Column("Plānots, EUR", Kind.MONEY, 20), Column("Iztērēts, EUR", Kind.MONEY, 20)],
    [Row(["2015.", Decimal(100), Decimal(50)]), Row(["2016.", Decimal(200), None])],
    key="years",
    chart=Chart("Nauda", "2015. gadā iztērēta puse", ChartKind.COLUMNS, 0, (1, 2)),
)


def paper(*sections: Section, language: str = "lv", title: str = "Pārskats", **values: object) -> Paper:
    made = Paper(
        language=language,
        title=title,
        organisation="Sociālo lietu pārvalde",
        plan="Stratēģija 2015–2017",
        period="2016. gada 3. ceturksnis",
        annex=["Pielikums", "27.10.2016. lēmums Nr. 388"],
        notes=["Stāvoklis uz 30.09.2016."],
        lead=["Plāns izpildīts par pusi."],
        foot="2016. gada 3. ceturksnis",
        sections=sections
        or [Section("Kopsavilkums", [CHARTED]), Section("Plāns", [TABLE], landscape=True, bookmarks=True)],
        made_at=MADE_AT,
    )
    return replace(made, **values) if values else made  # type: ignore[arg-type]


def test_a_paper_is_tagged_titled_and_says_its_language() -> None:
    found = read_pdf(to_pdf(paper()))
    is_accessible(found, "lv")
    assert found.facts["/Title"] == "Pārskats – Stratēģija 2015–2017 – 2016. gada 3. ceturksnis"
    assert found.facts["/CreationDate"] == found.facts["/ModDate"] == "D:20161027083000Z"
    assert found.alternatives == ["Nauda. 2015. gadā iztērēta puse"]
    assert found.bookmarks == [
        (0, "Kopsavilkums"),
        (1, "Nauda pa gadiem"),
        (0, "Plāns"),
        (1, "Rīcības plāns"),
        (1, "SM1 Pakalpojumi"),
        (1, "SM2 Cilvēki"),
    ]
    assert read_pdf(to_pdf(paper(language="en"))).root["/Lang"] == "en"


def test_the_plan_lies_across_and_the_rest_stands() -> None:
    assert read_pdf(to_pdf(paper())).pages == [(210, 297), (210, 297), (297, 210)]


def test_every_text_and_figure_of_a_table_is_in_it_as_pages_write_them() -> None:
    words = words_of(to_pdf(paper()))
    for text in ("1.1 Izveidot darbnīcas 30.09.2016. 33 % 9 000,00*", "1.2 Labot 341 482,50", "Kopā 350 482,50"):
        assert text in words
    assert "SM1 Pakalpojumi 85 %" in words
    assert "Jan" not in words
    assert "33% 9,000.00*" in words_of(to_pdf(paper(language="en")))


def test_headings_stand_on_every_page_of_a_table_and_in_the_bookmarks_once() -> None:
    rows = [Row(["SM1 Garais", None], RowKind.GROUP), *[Row([f"1.{at}", f"Uzdevums {at}"]) for at in range(150)]]
    table = Table("P", "Plāns", [Column("Numurs"), Column("Darbs", width=40)], rows, key="long")
    body = to_pdf(paper(Section("Plāns", [table], landscape=True, bookmarks=True)))
    found, words = read_pdf(body), words_of(body)
    pages = len(found.pages) - 1
    assert pages > 3
    assert words.count("Numurs Darbs SM1 Garais") == pages
    assert [title for _depth, title in found.bookmarks].count("SM1 Garais") == 1
    assert found.tags["/TH"] == 3


def test_the_same_paper_gives_the_same_bytes() -> None:
    assert to_pdf(paper()) == to_pdf(paper())
    assert to_pdf(paper()) != to_pdf(paper(made_at=datetime(2016, 10, 28, tzinfo=UTC)))


HOSTILE = [
    '#eval("1+1") #import "/etc/passwd" $x^2$ *treknraksts* = Virsraksts @sarkans <zīme> \\',
    "vadības\x00 zīmes\x07 un \u202eotrādi\u202c",
    "a" * 500,
    "vārds " * 5000,
    '=HYPERLINK("http://x")',
    "中文 🙂 العربية",
    "}]\"'\\u0000{{ 7*7 }}{% x %}",
]


def test_whatever_a_text_holds_is_set_as_text() -> None:
    rows = [Row([str(at), text, "x"]) for at, text in enumerate(HOSTILE)]
    columns = [Column("Nr.", width=6), Column("Teksts", width=30), Column("Z", width=12)]
    tables = [Table("T", HOSTILE[0], columns, [Row([HOSTILE[0], None], RowKind.GROUP), *rows], key="hostile")]
    sections = [Section(HOSTILE[1], tables, landscape=True, bookmarks=True), Section(HOSTILE[2], [CHARTED])]
    hostile = paper(*sections, title=HOSTILE[0], organisation=HOSTILE[3], plan=HOSTILE[6], lead=HOSTILE, notes=HOSTILE)
    body = to_pdf(hostile)
    is_accessible(read_pdf(body), "lv")
    words = words_of(body)
    assert '#eval("1+1") #import "/etc/passwd" $x^2$ *treknraksts*' in words
    assert "vadības zīmes un otrādi" in words
    assert words.replace(" ", "").count("a" * 500) >= 2
    assert words.count("vārds") >= 10_000
    assert flat("□□ □ □□□□□□□") in words


def test_a_paper_of_nothing_is_whole() -> None:
    empty = Table("T", "Plāns", [Column("Nr.")], [], key="plan")
    body = to_pdf(paper(Section("Plāns", [empty]), organisation="", period="", annex=[], notes=[], lead=[], foot=""))
    is_accessible(replace(read_pdf(body)), "lv")
    assert "Šeit nekā nav." in words_of(body)


def test_a_document_gets_no_more_memory_and_time_than_it_is_given() -> None:
    content = {"language": "lv"}
    with pytest.raises(TypesettingFailed, match="could not be set"):
        typeset("report.typ", content, made_at=MADE_AT, memory=64 * 1024**2)
    with pytest.raises(TypesettingFailed, match="was not set within"):
        typeset("report.typ", content, made_at=MADE_AT, seconds=0)


def test_a_template_that_fails_says_where() -> None:
    with pytest.raises(TypesettingFailed, match="does not contain key"):
        typeset("report.typ", {"language": "lv"}, made_at=MADE_AT)
