"""Pages of terms and abbreviations."""

from typing import Any

from litestar import get, post
from litestar.response import Response
from litestar_htmx import HTMXRequest

from stratplan import i18n
from stratplan.documents import Line, Prose
from stratplan.errors import RuleBroken
from stratplan.forms import Form, FormModel, Versioned
from stratplan.permissions import Permission
from stratplan.plans.models import Term, TermKind
from stratplan.snapshot import Snapshot
from stratplan.web import View, done, page, read_form


class TermForm(FormModel):
    """A word and what it means."""

    word: Line
    meaning: Prose
    sort: TermKind


class TermEdit(TermForm, Versioned):
    """The same, of a term that exists."""


class Deletion(Versioned):
    """Confirms which version is deleted."""


def terms_of(snapshot: Snapshot) -> dict[TermKind, list[Term]]:
    """The plan's terms and abbreviations, each in alphabetical order."""

    def sorted_terms() -> dict[TermKind, list[Term]]:
        terms = sorted(snapshot.all(Term).values(), key=lambda term: i18n.sort_key(term.word))
        return {sort: [term for term in terms if term.sort is sort] for sort in TermKind}

    return snapshot.derive("terms", sorted_terms)


def _context(view: View, **more: Any) -> dict[str, Any]:
    return {"terms": terms_of(view.snapshot), "editing": None, "adding": False, "form": None, **more}


@get("/plans/{slug:str}/terms", permission=Permission.PLANS_READ, kept=True)
async def list_terms(request: HTMXRequest, view: View) -> Response[str]:
    """Terms and abbreviations of the plan."""
    return await page(
        request, "plans/terms.html", _context(view), view=view, section="terms", fragment="plans/_terms.html"
    )


@get("/plans/{slug:str}/terms/new", permission=Permission.PLANS_WRITE)
async def new_term(request: HTMXRequest, view: View, sort: TermKind = TermKind.TERM) -> Response[str]:
    """The form for one more."""
    form = Form.filled(TermForm, {"sort": sort})
    return await _form_page(request, view, form, adding=True)


@post("/plans/{slug:str}/terms", permission=Permission.PLANS_WRITE)
async def create_term(request: HTMXRequest, view: View) -> Response[Any]:
    """Add a term."""
    form = await read_form(request, TermForm)
    if form.data is None:
        return await _form_page(request, view, form, adding=True, status=422)
    try:
        entry = await Term.new(scope=view.plan.key, **dict(form.data)).add(by=view.reader.account)
    except RuleBroken as broken:
        form.refuse(broken)
        return await _form_page(request, view, form, adding=True, status=409)
    return await _list_again(request, view, entry)


@get("/plans/{slug:str}/terms/{term:str}/edit", permission=Permission.PLANS_WRITE)
async def edit_term(request: HTMXRequest, view: View, term: str) -> Response[str]:
    """The form of one term, in its place."""
    document = view.get(Term, term)
    return await _form_page(request, view, Form.filled(TermEdit, dict(document)), editing=document)


@post("/plans/{slug:str}/terms/{term:str}", permission=Permission.PLANS_WRITE)
async def update_term(request: HTMXRequest, view: View, term: str) -> Response[Any]:
    """Change a term."""
    document = view.get(Term, term)
    form = await read_form(request, TermEdit)
    if form.data is None:
        return await _form_page(request, view, form, editing=document, status=422)
    try:
        entry = await document.edit(
            form.data.model_dump(exclude={"version"}), by=view.reader.account, based_on=form.data.version
        )
    except RuleBroken as broken:
        form.refuse(broken)
        return await _form_page(request, view, form, editing=document, status=409)
    return await _list_again(request, view, entry)


@post("/plans/{slug:str}/terms/{term:str}/delete", permission=Permission.PLANS_WRITE)
async def delete_term(request: HTMXRequest, view: View, term: str) -> Response[Any]:
    """Delete a term; the notice has the way back."""
    document = view.get(Term, term)
    form = await read_form(request, Deletion)
    version = form.data.version if form.data else document.version
    entry = await document.remove(by=view.reader.account, based_on=version)
    return await _list_again(request, view, entry)


async def _form_page(
    request: HTMXRequest,
    view: View,
    form: Form[Any],
    *,
    editing: Term | None = None,
    adding: bool = False,
    status: int = 200,
) -> Response[str]:
    return await page(
        request,
        "plans/terms.html",
        _context(view, form=form, editing=editing, adding=adding),
        view=view,
        section="terms",
        fragment="plans/_term_form.html",
        status=status,
        retarget=f"#term-{editing.key if editing else 'new'}",
    )


async def _list_again(request: HTMXRequest, view: View, entry: Any) -> Response[Any]:
    fresh = await view.fresh()
    return await done(
        request, entry, view=fresh, to=fresh.url("/terms"), fragment="plans/_terms.html", context=_context(fresh)
    )


handlers = [list_terms, new_term, create_term, edit_term, update_term, delete_term]
