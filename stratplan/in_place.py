"""A list edited in place: the same page shows it, the form of a new entry in it, or one entry as a form.

One form is open at a time, so HTMX gets the whole list each time and no field's id stands twice on a page.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from litestar.exceptions import ClientException
from litestar.response import Response
from litestar_htmx import HTMXRequest

from stratplan.audit import AuditEntry, entries_since
from stratplan.documents import LivingDocument
from stratplan.errors import RuleBroken, StaleEdit
from stratplan.forms import Form, FormModel, Versioned
from stratplan.i18n import _
from stratplan.moves import Move
from stratplan.view import View
from stratplan.web import done, page, read_form

D = TypeVar("D", bound=LivingDocument)
V = TypeVar("V", bound=Versioned)
F = TypeVar("F", bound=FormModel)


class Deletion(Versioned):
    """Confirms which version is deleted."""


@dataclass(frozen=True)
class InPlace(Generic[D]):
    """What is listed, where, and with which form; `context` gives the template the list itself.

    Template and fragment also get `form`, `editing` (the entry that is a form now) and `adding`. An entry's element has
    the id "<kind>-<id>".
    """

    kind: type[D]
    form: type[FormModel]
    edit_form: type[Versioned]
    path: str
    section: str
    template: str
    fragment: str
    context: Callable[[View], Mapping[str, Any]]

    async def show(
        self,
        request: HTMXRequest,
        view: View,
        form: Form[Any] | None = None,
        *,
        editing: D | None = None,
        status: int = 200,
    ) -> Response[str]:
        """The list, with a form in it where there is one."""
        more = {"form": form, "editing": editing, "adding": form is not None and editing is None}
        return await page(
            request,
            self.template,
            {**self.context(view), **more},
            view=view,
            section=self.section,
            fragment=self.fragment,
            status=status,
        )

    async def new(self, request: HTMXRequest, view: View, **values: Any) -> Response[str]:
        """The form of one more entry, with `values` filled in."""
        return await self.show(request, view, Form.filled(self.form, values))

    async def edit(self, request: HTMXRequest, view: View, key: str) -> Response[str]:
        """One entry as a form."""
        entry = view.get(self.kind, key)
        values = {name: value for name, value in dict(entry).items() if name in self.edit_form.model_fields}
        return await self.show(request, view, Form.filled(self.edit_form, values), editing=entry)

    async def create(self, request: HTMXRequest, view: View, **values: Any) -> Response[Any]:
        """Add what the form says, and `values` beside it."""
        form = await read_form(request, self.form)
        if form.data is None:
            return await self.show(request, view, form, status=422)
        document = self.kind.new(scope=view.plan.key, **values, **dict(form.data))
        try:
            entry = await document.add(by=view.reader.actor)
        except RuleBroken as broken:
            form.refuse(broken)
            return await self.show(request, view, form, status=409)
        return await self.again(request, view, entry, at=document)

    async def update(self, request: HTMXRequest, view: View, key: str) -> Response[Any]:
        """Change an entry to what the form says."""
        form = await read_form(request, self.edit_form)
        document = view.get(self.kind, key)
        if form.data is None:
            return await self.show(request, view, form, editing=document, status=422)
        values = {name: value for name, value in form.data if name != "version"}
        try:
            entry = await document.edit(values, by=view.reader.actor, based_on=form.data.version)
        except RuleBroken as broken:
            form.refuse(broken)
            return await self.show(request, view, form, editing=document, status=409)
        return await self.again(request, view, entry, at=document)

    async def delete(self, request: HTMXRequest, view: View, key: str) -> Response[Any]:
        """Delete an entry; the notice has the way back."""
        document = view.get(self.kind, key)
        sent = await read_action(request, Deletion)
        entry = await document.remove(by=view.reader.actor, based_on=sent.version)
        return await self.again(request, view, entry)

    async def move(self, request: HTMXRequest, view: View, key: str, order: list[D]) -> Response[Any]:
        """Move an entry within `order`, the list as it is."""
        document = view.get(self.kind, key)
        sent = await read_action(request, Move)
        place = sent.place(order.index(document) + 1)
        if sent.version != document.version:
            raise StaleEdit(document, {"order": place}, await entries_since(document, sent.version))
        others = [entry for entry in order if entry.key != document.key]
        others.insert(place - 1, document)
        entry = await self.kind.arrange(others, by=view.reader.actor)
        return await self.again(request, view, entry, at=document)

    async def again(
        self,
        request: HTMXRequest,
        view: View,
        entry: AuditEntry | None,
        *,
        at: D | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> Response[Any]:
        """The list after a change; a plain form is sent on to the page, `at` the entry."""
        fresh = await view.fresh()
        to = fresh.url(self.path, **dict(view.query)) + (f"#{at.kind}-{at.key}" if at is not None else "")
        context = {**self.context(fresh), "form": None, "editing": None, "adding": False, **(more or {})}
        return await done(request, entry, view=fresh, to=to, fragment=self.fragment, context=context)


async def read_action(request: HTMXRequest, model: type[F]) -> F:
    """What a form without fields of its own sent (a button, a drop); 400 when it is not one of ours."""
    form = await read_form(request, model)
    if form.data is None:
        raise ClientException(_("This was not understood, so nothing was changed. Reload the page and try again."))
    return form.data
