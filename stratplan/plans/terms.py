"""Pages of terms and abbreviations."""

from typing import Any

from litestar import get, post
from litestar.response import Response
from litestar_htmx import HTMXRequest

from stratplan.alphabet import fold, sort_key
from stratplan.documents import Line, Prose
from stratplan.forms import FormModel, Versioned
from stratplan.in_place import InPlace
from stratplan.permissions import Permission
from stratplan.plans.models import Term, TermKind
from stratplan.snapshot import Snapshot
from stratplan.view import View


class TermForm(FormModel):
    """A word and what it means."""

    word: Line
    meaning: Prose
    sort: TermKind


class TermEdit(TermForm, Versioned):
    """The same, of a term that exists."""


def terms_of(snapshot: Snapshot) -> dict[TermKind, list[Term]]:
    """The plan's terms and abbreviations, each in alphabetical order."""

    def sorted_terms() -> dict[TermKind, list[Term]]:
        terms = sorted(snapshot.all(Term).values(), key=lambda term: sort_key(term.word))
        return {sort: [term for term in terms if term.sort is sort] for sort in TermKind}

    return snapshot.derive("terms", sorted_terms)


def _context(view: View) -> dict[str, Any]:
    asked = dict(view.asked).get("q", "").strip()
    wanted = fold(asked)
    terms = {
        sort: [term for term in found if wanted in fold(f"{term.word}\n{term.meaning}")]
        for sort, found in terms_of(view.snapshot).items()
    }
    return {"terms": terms, "asked": asked, "found": sum(map(len, terms.values()))}


TERMS = InPlace(
    kind=Term,
    form=TermForm,
    edit_form=TermEdit,
    path="/terms",
    section="terms",
    template="plans/terms.html",
    fragment="plans/_terms.html",
    context=_context,
)


@get("/plans/{slug:str}/terms", permission=Permission.PLANS_READ, kept=True)
async def list_terms(request: HTMXRequest, view: View) -> Response[str]:
    """Terms and abbreviations of the plan; `q` searches both words and meanings."""
    return await TERMS.show(request, view)


@get("/plans/{slug:str}/terms/new", permission=Permission.PLANS_WRITE)
async def new_term(request: HTMXRequest, view: View) -> Response[str]:
    """The form for one more; `sort=abbreviation` for an abbreviation."""
    asked = dict(view.asked).get("sort")
    return await TERMS.new(
        request, view, sort=TermKind.ABBREVIATION if asked == TermKind.ABBREVIATION else TermKind.TERM
    )


@post("/plans/{slug:str}/terms", permission=Permission.PLANS_WRITE)
async def create_term(request: HTMXRequest, view: View) -> Response[Any]:
    """Add a term."""
    return await TERMS.create(request, view)


@get("/plans/{slug:str}/terms/{term:str}/edit", permission=Permission.PLANS_WRITE)
async def edit_term(request: HTMXRequest, view: View, term: str) -> Response[str]:
    """The form of one term, in its place."""
    return await TERMS.edit(request, view, term)


@post("/plans/{slug:str}/terms/{term:str}", permission=Permission.PLANS_WRITE)
async def update_term(request: HTMXRequest, view: View, term: str) -> Response[Any]:
    """Change a term."""
    return await TERMS.update(request, view, term)


@post("/plans/{slug:str}/terms/{term:str}/delete", permission=Permission.PLANS_WRITE)
async def delete_term(request: HTMXRequest, view: View, term: str) -> Response[Any]:
    """Delete a term."""
    return await TERMS.delete(request, view, term)


handlers = [list_terms, new_term, create_term, edit_term, update_term, delete_term]
