"""The council's report in type says what its tables say, with everything that a reader who does not see it needs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest

from stratplan import i18n
from stratplan.errors import RuleBroken
from stratplan.exports.pdf import printed
from stratplan.exports.tables import Table
from stratplan.goals.states import Schedule
from stratplan.plans.models import FundingKind, TermKind
from stratplan.reviews.comparing import compare
from stratplan.reviews.council import CouncilReport, council_report
from stratplan.reviews.models import Edition
from stratplan.reviews.pdf import report_pdf
from stratplan.reviews.statement import CellStated, PartStated, Statement, SwotStated, TermStated
from stratplan.swot.models import Quadrant
from tests.reading_pdf import flat, is_accessible, read_pdf, words_of
from tests.reviews.statements import DAY, amounts, goal, line, report, statement, task

EDITION = Edition(
    number=1,
    day=DAY,
    closed_at=datetime(2016, 10, 27, 8, 30, tzinfo=UTC),
    by="x",
    decision_number="388",
    decision_date=date(2016, 10, 27),
    digest="0" * 64,
    tasks=2,
    lines=1,
)


def stated(**late: object) -> Statement:
    """A plan with a bit of everything."""
    cells = (CellStated(source="PB", year=2016, sums=amounts(9000, 4000, 1250)),)
    parts = (PartStated(source="PB", funding=FundingKind.MUNICIPAL, percent=Decimal(100), amount=Decimal(9000)),)
    return statement(
        tasks=(
            task("t1", progress=Fraction(1, 3), report=report(obstacles="Trūkst „naudas”.")),
            task("t2", **{"schedule": Schedule.OVERDUE, "title": "Komunālsaimniecības pārkārtošana", **late}),
        ),
        lines=(line(cells=cells, parts=parts, amount=Decimal(9000), yearly=True, total=Decimal(9000)),),
        goals=(goal(progress=Fraction(1, 6), tasks=2, reported=2),),
        columns=(FundingKind.MUNICIPAL,),
        swot=(
            SwotStated(key="a", quadrant=Quadrant.STRENGTH, text="Zinoši cilvēki.", goals=("SM1",)),
            SwotStated(key="b", quadrant=Quadrant.THREAT, text="Maz naudas."),
        ),
        terms=(TermStated(word="PB", meaning="pašvaldības budžets", sort=TermKind.ABBREVIATION),),
    )


def the_report(
    language: str = "lv", plan: Statement | None = None, *, before: Statement | None = None
) -> CouncilReport:
    with i18n.use_language(language):
        found = plan or stated()
        comparison = None if before is None else compare(before, found)
        return council_report(found, edition=EDITION, comparison=comparison)


def texts_of(tables: Iterable[Table]) -> Iterable[str]:
    """Every cell as it is printed, and every column's heading."""
    for table in tables:
        yield from (column.title for column in table.columns)
        for row in table.rows:
            yield from (printed(table.cell(row, place)) for place in range(len(table.columns)))


async def test_it_says_every_text_and_figure_of_the_report_in_both_languages() -> None:
    for language in i18n.LANGUAGES:
        made = the_report(language, before=stated(progress=Fraction(1, 2), title="Cits nosaukums"))
        body = report_pdf(made)
        is_accessible(read_pdf(body), language)
        words = words_of(body).replace(" ", "")
        assert made.changes is not None
        tables = [
            *made.summary,
            made.printed_action_plan,
            made.printed_investments,
            made.changes,
            made.swot,
            made.terms,
        ]
        with i18n.use_language(language):
            wanted = {text for text in texts_of(tables) if text}
            wanted -= {made.swot.columns[0].title, made.terms.columns[2].title}  # what it heads are headings themselves
            assert len(wanted) > 60
        wanted |= {made.title, made.plan, made.organisation, *made.annex, *made.notes, *made.sentences}
        missing = [text for text in wanted if flat(text).replace(" ", "") not in words]
        assert missing == []


async def test_each_chart_says_in_words_what_it_shows() -> None:
    made = the_report()
    charts = [table.chart for table in made.summary if table.chart is not None]
    assert len(charts) >= 4
    alternatives = read_pdf(report_pdf(made)).alternatives
    assert alternatives == [f"{chart.title}. {chart.words}" for chart in charts]


async def test_bookmarks_lead_to_the_parts_and_to_the_goals_in_both_plans() -> None:
    made = the_report()
    found = read_pdf(report_pdf(made))
    top = [title for depth, title in found.bookmarks if depth == 0]
    assert top[1:] == [made.action_plan.title, made.investments.title, made.swot.title, made.terms.title]
    assert sum("Mērķis SM1" in title for _depth, title in found.bookmarks) == 2
    assert [title for depth, title in found.bookmarks if depth][-3:] == ["Stiprās puses", "Draudi", "Saīsinājums"]


async def test_the_same_edition_gives_the_same_bytes_and_is_dated_when_it_was_closed() -> None:
    body = report_pdf(the_report())
    assert body == report_pdf(the_report())
    assert read_pdf(body).facts["/CreationDate"] == "D:20161027083000Z"
    today = report_pdf(replace(the_report(), made_at=None))
    assert read_pdf(today).facts["/CreationDate"] == "D:20160930000000Z"


async def test_a_plan_of_nothing_has_a_report() -> None:
    body = report_pdf(the_report(plan=statement(goals=(), organisation="", title="Tukšs")))
    is_accessible(read_pdf(body), "lv")
    assert "Tukšs" in words_of(body)


async def test_a_report_that_is_too_long_for_paper_says_what_to_take() -> None:
    made = the_report()
    rows = [*made.printed_action_plan.rows] * 10_000
    with pytest.raises(RuleBroken, match="XLSX"):
        report_pdf(replace(made, printed_action_plan=replace(made.printed_action_plan, rows=rows)))
