"""The council's annex as DOCX: the report's texts and tables as the fields of a template."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from stratplan import i18n
from stratplan.exports.docx import About, to_docx
from stratplan.exports.docx_blocks import Block, Bullets, Contents, Signatures, Tables
from stratplan.exports.docx_template import Sort
from stratplan.i18n import N_, _
from stratplan.reviews.council import CouncilReport
from stratplan.reviews.pdf import grouped, title_notes

# Every field that a template may have, in the order in which people are told of them; docs/report-template.md says the
# same.
FIELDS: Final[Mapping[str, tuple[Sort, str]]] = MappingProxyType(
    {
        "title": (Sort.TEXT, N_("What the document is: a report on carrying out the plan")),
        "organisation": (Sort.TEXT, N_("The organisation's name")),
        "plan": (Sort.TEXT, N_("The plan's title")),
        "period": (Sort.TEXT, N_("The quarter, half-year or year of the review; nothing for a report of today")),
        "day": (Sort.TEXT, N_("The day that the figures are of")),
        "edition": (Sort.TEXT, N_("The number of the edition; nothing while the review is open")),
        "decision": (Sort.TEXT, N_("The council's decision with which the review was closed")),
        "plan_decision": (Sort.TEXT, N_("The decision by which the plan was approved")),
        "annex": (Sort.TEXT, N_("“Annex” and the decision, where there is one")),
        "notes": (Sort.TEXT, N_("The review, the day, filters and what else a reader should know, a line each")),
        "foot": (Sort.TEXT, N_("The period and the day, for the foot of pages")),
        "sentences": (Sort.BLOCK, N_("The most important in sentences, as a list")),
        "contents_title": (Sort.TEXT, N_("The heading of the contents")),
        "contents": (Sort.BLOCK, N_("The contents: all headings with their pages")),
        "summary_title": (Sort.TEXT, N_("The heading of the summary")),
        "summary": (Sort.BLOCK, N_("The figures, each with its chart and table")),
        "action_plan_title": (Sort.TEXT, N_("The heading of the action plan")),
        "action_plan": (Sort.BLOCK, N_("The action plan, as the council's table")),
        "investment_plan_title": (Sort.TEXT, N_("The heading of the investment plan")),
        "investment_plan": (Sort.BLOCK, N_("The investment plan, as the council's table")),
        "changes_title": (Sort.TEXT, N_("The heading of the changes")),
        "changes": (Sort.BLOCK, N_("What changed since the last review; nothing without one")),
        "swot_title": (Sort.TEXT, N_("The heading of the SWOT analysis")),
        "swot": (Sort.BLOCK, N_("The SWOT analysis")),
        "terms_title": (Sort.TEXT, N_("The heading of the terms")),
        "terms": (Sort.BLOCK, N_("Terms and abbreviations")),
        "signatures": (Sort.BLOCK, N_("Lines for who prepared and who approved the report")),
    }
)
SORTS: Final[Mapping[str, Sort]] = MappingProxyType({name: sort for name, (sort, _words) in FIELDS.items()})


def report_docx(report: CouncilReport, template: bytes | None = None) -> bytes:
    """The report in a template that was checked (without one, in the default); the same edition in the same template
    gives the same bytes. Blocks."""
    with i18n.use_language(report.language):
        fields = _fields(report)
    parts = (report.title, report.plan, report.review)
    about = About(
        title=" – ".join(part for part in parts if part),
        author=report.organisation or "stratplan",
        language=report.language,
        made_at=report.dated,
    )
    return to_docx(fields, about, template=template)


def _fields(report: CouncilReport) -> dict[str, str | Block | None]:
    changes = report.changes
    as_of = _("As of %(day)s", day=i18n.short_date(report.day))
    return {
        "title": report.title,
        "organisation": report.organisation,
        "plan": report.plan,
        "period": report.review,
        "day": i18n.short_date(report.day),
        "edition": "" if report.edition is None else str(report.edition),
        "decision": report.decision,
        "plan_decision": report.plan_decision,
        "annex": _lines(report.annex),
        "notes": _lines(title_notes(report)),
        "foot": " · ".join(part for part in (report.review, as_of) if part),
        "sentences": Bullets(report.sentences) if report.sentences else None,
        "contents_title": _("Contents"),
        "contents": Contents(),
        "summary_title": _("Summary"),
        "summary": Tables(report.summary, titled=True),
        "action_plan_title": report.action_plan.title,
        "action_plan": Tables([report.printed_action_plan]),
        "investment_plan_title": report.investments.title,
        "investment_plan": Tables([report.printed_investments]),
        "changes_title": "" if changes is None else changes.title,
        "changes": None if changes is None else Tables([replace(changes, notes=changes.notes[len(report.notes) :])]),
        "swot_title": report.swot.title,
        "swot": Tables([grouped(report.swot, 0)]),
        "terms_title": report.terms.title,
        "terms": Tables([grouped(report.terms, 2)]),
        "signatures": Signatures([_("Prepared by"), _("Approved by")], _("Position, name, signature, date")),
    }


def _lines(texts: Sequence[str]) -> str:
    return "\n".join(text for text in texts if text)
