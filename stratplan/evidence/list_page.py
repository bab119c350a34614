"""All files of a plan, newest first, with filters: a unit, a kind of file, a person."""

from dataclasses import dataclass
from typing import Any

from beanie import PydanticObjectId
from litestar import get
from litestar.response import Response
from litestar_htmx import HTMXRequest

from stratplan.alphabet import sort_key
from stratplan.evidence.file_types import FileType
from stratplan.evidence.models import Evidence
from stratplan.evidence.panel import FileRow, row_of
from stratplan.evidence.queries import newest_first
from stratplan.goals.models import Task
from stratplan.i18n import _, day_of
from stratplan.permissions import Permission
from stratplan.typed import page_number
from stratplan.units.models import Unit
from stratplan.view import View
from stratplan.web import page

ON_A_PAGE = 50


@dataclass(frozen=True, slots=True)
class Selection:
    """What the address asks for; what this plan does not have is not in it."""

    unit: str = ""
    file_type: str = ""
    person: str = ""
    page: int = 1

    @property
    def is_filtered(self) -> bool:
        """Whether some files may be left out."""
        return bool(self.unit or self.file_type or self.person)

    def query(self, **changes: Any) -> dict[str, Any]:
        """The parameters of the address that asks for this, from the first page, with `changes`."""
        return {"unit": self.unit, "type": self.file_type, "by": self.person} | changes


@dataclass(frozen=True, slots=True)
class Row:
    """A file with the task that it is evidence for."""

    file: FileRow
    task: Task


@get("/plans/{slug:str}/evidence", permission=Permission.EVIDENCE_READ)
async def list_evidence(request: HTMXRequest, view: View) -> Response[str]:
    """The plan's files, filtered as the address asks."""
    tasks, units = view.snapshot.all(Task), view.snapshot.all(Unit)
    files = [one for one in view.snapshot.all(Evidence).values() if one.task in tasks]
    if not view.is_today:
        files = [one for one in files if day_of(one.created_at) <= view.day]
    responsible = {key for one in files for key in tasks[one.task].responsible if key in units}
    choices = {
        "unit": _by_name({str(key): units[key].name for key in responsible}),
        "type": [(one.value, _(one.label)) for one in FileType if any(file.file_type is one for file in files)],
        "by": _by_name({file.uploaded_by: view.name_of(file.uploaded_by) for file in files}),
    }
    asked = dict(view.asked)
    chosen = {
        name: asked.get(name, "") if asked.get(name, "") in dict(options) else "" for name, options in choices.items()
    }
    selection = Selection(
        chosen["unit"],
        chosen["type"],
        chosen["by"],
        page_number(asked),
    )
    found = [one for one in newest_first(files) if _is_asked_for(one, selection, tasks[one.task])]
    pages = max(1, -(-len(found) // ON_A_PAGE))
    at = min(selection.page, pages)
    context = {
        "rows": [
            Row(row_of(view, one, tasks[one.task]), tasks[one.task])
            for one in found[(at - 1) * ON_A_PAGE : at * ON_A_PAGE]
        ],
        "selection": selection,
        "choices": choices,
        "count": len(found),
        "number": at,
        "pages": pages,
    }
    return await page(
        request,
        "evidence/list.html",
        context,
        view=view,
        section="discussion",
        fragment="evidence/_list.html",
    )


def _by_name(names: dict[str, str]) -> list[tuple[str, str]]:
    return sorted(names.items(), key=lambda item: sort_key(item[1]))


def _is_asked_for(file: Evidence, selection: Selection, task: Task) -> bool:
    return (
        (not selection.unit or PydanticObjectId(selection.unit) in task.responsible)
        and (not selection.file_type or file.file_type.value == selection.file_type)
        and (not selection.person or file.uploaded_by == selection.person)
    )


handlers = [list_evidence]
