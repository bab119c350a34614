"""The report that the council gets, ready to print: title block, summary, tables and charts, in the language in force.

Made once of a statement; XLSX, DOCX, PDF and ODS differ in how they write it, not in what it says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from stratplan import i18n
from stratplan.exports.tables import Table
from stratplan.i18n import _
from stratplan.reviews.changes import changes_table
from stratplan.reviews.comparison import Comparison
from stratplan.reviews.models import Edition, Review
from stratplan.reviews.money_tables import breakdown_table, investment_table, printed_investments
from stratplan.reviews.statement import Statement
from stratplan.reviews.summary import missing_units, summary_sentences, summary_tables
from stratplan.reviews.tables import action_plan_table, count_of_tasks, printed_action_plan, swot_table, terms_table


@dataclass(frozen=True, slots=True)
class CouncilReport:
    """What a document of a review, or of today, says.

    `made_at` is when the edition was closed (None for today), for documents' own dates: the same edition gives the same
    bytes. `decision` and `plan_decision` are sentences, empty where there is none; `annex` are the lines above the
    title. `chosen` tells the filters that the rows of both plans were chosen with; `notes` stand under the title.
    `summary` are small tables, most with a chart. `printed_*` are for paper, `action_plan` and `investments` for
    spreadsheets. `changes` is None without a comparison.
    """

    slug: str
    language: str
    title: str
    organisation: str
    plan: str
    review: str
    code: str
    day: date
    edition: int | None
    made_at: datetime | None
    decision: str
    annex: Sequence[str]
    plan_decision: str
    chosen: Sequence[str]
    notes: Sequence[str]
    sentences: Sequence[str]
    summary: Sequence[Table]
    action_plan: Table
    printed_action_plan: Table
    investments: Table
    printed_investments: Table
    breakdown: Table
    changes: Table | None
    swot: Table
    terms: Table

    @property
    def dated(self) -> datetime:
        """The moment that dates a document: when the edition was closed, else the midnight of its day."""
        return self.made_at or datetime.combine(self.day, time(), UTC)


def council_report(
    statement: Statement,
    *,
    whole: Statement | None = None,
    review: Review | None = None,
    edition: Edition | None = None,
    comparison: Comparison | None = None,
    chosen: Sequence[str] = (),
) -> CouncilReport:
    """The report of a statement. Where filters left rows out of it, `whole` is the statement without them, which the
    figures are of, and `chosen` tells the filters."""
    whole = whole or statement
    plan = whole.plan
    notes = list(_notes(statement, whole, review, edition, chosen))
    return CouncilReport(
        slug=plan.slug,
        language=i18n.language.get(),
        title=_("Report on carrying out the plan"),
        organisation=plan.organisation,
        plan=plan.title,
        review="" if review is None else review.name,
        code="" if review is None else review.code,
        day=statement.day,
        edition=None if edition is None else edition.number,
        made_at=None if edition is None else edition.closed_at,
        decision="" if edition is None else _decision(edition.decision_number, edition.decision_date),
        annex=[] if edition is None else _annex(edition.decision_number, edition.decision_date),
        plan_decision=_decision(plan.decision_number, plan.decision_date),
        chosen=chosen,
        notes=notes,
        sentences=summary_sentences(whole),
        summary=summary_tables(whole),
        action_plan=action_plan_table(statement, notes),
        printed_action_plan=printed_action_plan(statement),
        investments=investment_table(statement, notes),
        printed_investments=printed_investments(statement),
        breakdown=breakdown_table(whole, notes),
        changes=None if comparison is None else changes_table(comparison, notes),
        swot=swot_table(statement, notes),
        terms=terms_table(statement, notes),
    )


def _notes(
    statement: Statement, whole: Statement, review: Review | None, edition: Edition | None, chosen: Sequence[str]
) -> Sequence[str]:
    plan = whole.plan
    notes = [plan.title]
    if review is not None:
        notes.append(_review_line(review, edition))
    notes.append(_("As of %(day)s", day=i18n.short_date(statement.day)))
    if edition is not None and (missing := missing_units(edition, whole)):
        notes.append(_("Had not sent their parts: %(units)s", units="; ".join(missing)))
    if chosen:
        notes.append(_("Filters: %(filters)s", filters="; ".join(chosen)))
        notes.append(count_of_tasks(len(statement.tasks), len(whole.tasks)))
        notes.append(_("The summary and the sums are those of the whole plan."))
    if plan.illustrative:
        notes.append(_("Progress and spending here are made-up demonstration data; the plan itself is real."))
    return notes


def _review_line(review: Review, edition: Edition | None) -> str:
    if edition is None:
        return _("Review of %(review)s, open: the figures still change", review=review.name)
    return _(
        "Review of %(review)s, edition %(edition)s, closed on %(day)s",
        review=review.name,
        edition=edition.number,
        day=i18n.date_and_time(edition.closed_at),
    )


def _annex(number: str, day: date | None) -> Sequence[str]:
    """That the report is an annex, and to which decision; nothing where there is none."""
    if number and day:
        return [_("Annex"), _("to decision No. %(number)s of %(day)s", number=number, day=i18n.short_date(day))]
    decision = _decision(number, day)
    return [_("Annex"), decision] if decision else []


def _decision(number: str, day: date | None) -> str:
    if number and day:
        return _("Decision No. %(number)s of %(day)s", number=number, day=i18n.short_date(day))
    if number:
        return _("Decision No. %(number)s", number=number)
    return _("Decision of %(day)s", day=i18n.short_date(day)) if day else ""
