"""Where a document is shown, and where its history is."""

from __future__ import annotations

from beanie import PydanticObjectId

from stratplan.documents import LivingDocument
from stratplan.goals.models import Goal, Task
from stratplan.i18n import _
from stratplan.investments.models import InvestmentLine
from stratplan.plans.models import FundingSource, Plan, Section, Term
from stratplan.swot.models import SwotEntry
from stratplan.units.models import Unit
from stratplan.view import View

# The kinds that have pages of their own: the folder, and the field that names the page in it.
PAGES = {
    Goal.kind: ("/goals", "code"),
    Task.kind: ("/tasks", "number"),
    Unit.kind: ("/units", "key"),
    InvestmentLine.kind: ("/investments", "number"),
}
# Those that stand in a list, each in an element called by its kind and id.
_LISTS = {Section.kind: "/sections", Term.kind: "/terms", FundingSource.kind: "/sources", SwotEntry.kind: "/swot"}
_ON_TASKS = frozenset({"report", "comment", "evidence"})  # stand so on the page of their task


def place_of(document: LivingDocument, view: View) -> str | None:
    """The address at which a living document is shown; None where no page shows it."""
    if document.kind in PAGES:
        folder, name = PAGES[document.kind]
        return view.url(f"{folder}/{getattr(document, name)}")
    if document.kind in _LISTS:
        return f"{view.url(_LISTS[document.kind])}#{document.kind}-{document.key}"
    if document.kind in _ON_TASKS:
        task = view.snapshot.find(Task, vars(document)["task"])
        return None if task is None else f"{view.url(f'/tasks/{task.number}')}#{document.kind}-{document.key}"
    if document.kind == "report_template":
        return view.url("/report-template")
    return view.url() if document.kind == Plan.kind else None


def history_of(kind: str, key: PydanticObjectId, view: View) -> str:
    """The address of a document's whole history."""
    return view.url(f"/history/{kind}/{key}")


def noun_of(kind: type[LivingDocument]) -> str:
    """What documents of a kind are called, to stand alone."""
    noun = _(kind.noun)
    return noun[:1].upper() + noun[1:]


def version_of(document: LivingDocument, version: int, view: View, *, restoring: bool = False) -> str:
    """The address of one of its versions, or of the question whether it is to be restored."""
    return view.url(f"/history/{document.kind}/{document.key}/versions/{version}" + ("/restore" if restoring else ""))
