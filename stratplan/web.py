"""All that pages and HTMX ask of Python: what a request asks for, rendering, forms read, answers after a change."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import date
from functools import lru_cache
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from beanie import PydanticObjectId
from litestar import Litestar, Response
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.exceptions import ClientException
from litestar.routes import HTTPRoute
from litestar_htmx import HTMXRequest

from stratplan import wording
from stratplan.accounts import cookies
from stratplan.accounts.models import Membership
from stratplan.audit import AuditEntry
from stratplan.errors import NotVisible
from stratplan.forms import Form, FormModel, chosen
from stratplan.frame import SAFE_METHODS, Reader
from stratplan.guard import open_plan, plan_of
from stratplan.i18n import _
from stratplan.permissions import NONE, Permission, Rights
from stratplan.sent import fields_of
from stratplan.view import Site, View

M = TypeVar("M", bound=FormModel)

OF_PEOPLE = frozenset({"members"})  # sections of a plan with addresses of people: no browser stores their pages


def site_of(request: HTMXRequest) -> Site:
    """The application's shared parts."""
    site: Site = request.app.state.site
    return site


def reader_of(request: HTMXRequest) -> Reader:
    """Who asks."""
    reader: Reader = request.scope["state"]["reader"]
    return reader


def account_of(request: HTMXRequest) -> PydanticObjectId:
    """The account that is signed in, where the guard lets nobody else in."""
    account = reader_of(request).account
    if account is None:
        raise NotVisible(_("There is no such page."))
    return account


def base_of(request: HTMXRequest) -> str:
    """The site's address without a path, for links that are read elsewhere: the one for people, else as it was called.

    What has to come back to this very browser, as from an OpenID provider, goes by the origin of the request instead.
    """
    return site_of(request).address or cookies.origin_of(request).base


def rights_of(request: HTMXRequest) -> Rights:
    """What the reader may do where the guard let them in; outside of plans, what they may do in the installation."""
    rights: Rights = request.scope["state"].get("rights", NONE)
    return rights


async def open_view(request: HTMXRequest, slug: str) -> View:
    """The plan in the address, for this reader, on the day asked for (`as_of`, else today)."""
    site, reader = site_of(request), reader_of(request)
    asked_for = request.path_params.get("slug") == slug
    found = await (
        open_plan(request.scope, site.snapshots) if asked_for else plan_of(slug, reader.account, site.snapshots)
    )
    if found is None:
        raise NotVisible(_("There is no such plan."))
    snapshot, rights = found
    day = day_asked(request)
    view = request.scope["state"]["view"] = View(
        site, snapshot, reader, rights, day, list(request.query_params.multi_items())
    )
    return view


def day_asked(request: HTMXRequest) -> date:
    """The day that the address asks for (`as_of`), else today."""
    asked = request.query_params.get("as_of", "")
    if not asked:
        return site_of(request).today()
    try:
        return date.fromisoformat(asked)
    except ValueError:
        raise ClientException(_("The day in as_of is written YYYY-MM-DD, such as 2016-09-30.")) from None


def wants_fragment(request: HTMXRequest) -> bool:
    """Whether HTMX asks for a part of a page; boosted links and history ask for whole ones."""
    return bool(request.htmx) and not request.htmx.boosted and not request.htmx.history_restore_request


async def page(
    request: HTMXRequest,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    view: View | None = None,
    section: str = "",
    fragment: str | None = None,
    status: int = 200,
    retarget: str | None = None,
) -> Response[str]:
    """The rendered page; for HTMX only `fragment`, where one is named, put in place of `retarget` (a CSS selector) when
    that is not the element which asked: a form with errors returns to itself."""
    notice = None
    entry_id = cookies.sent(request, "notice")
    if entry_id and view is not None and not wants_fragment(request):
        notice = await notice_told(entry_id, view)
    name = fragment if fragment and wants_fragment(request) else template
    content = (
        site_of(request)
        .environment.get_template(name)
        .render(
            {
                "view": view,
                "reader": reader_of(request),
                "path": _path(request),
                "section": section,
                "notice": notice,
                **(context or {}),
            }
        )
    )
    response = Response(
        content,
        status_code=status,
        media_type="text/html",
        headers={
            "vary": "Cookie, HX-Request, HX-Boosted",
            "cache-control": "no-store" if view is None or section in OF_PEOPLE else "private, no-cache",
            **({"HX-Retarget": retarget, "HX-Reswap": "outerHTML"} if retarget and name == fragment else {}),
        },
    )
    if entry_id and not wants_fragment(request):
        response.cookies.append(cookies.gone(request, "notice"))
    return response


def _path(request: HTMXRequest) -> str:
    """The address that a switch of language or theme comes back to: this one, or the page that its form was on."""
    query = request.scope["query_string"].decode("latin-1")
    here = quote(request.scope["path"])
    if request.method in SAFE_METHODS or request.scope["path_template"] in _pages(request.app):
        return here + (f"?{query}" if query else "")
    back = came_from(request)
    return back if back.partition("?")[0] != here else "/"  # sent again from what has no page of its own


@lru_cache(maxsize=1)
def _pages(app: Litestar) -> frozenset[str]:
    """The addresses that can be opened."""
    return frozenset(r.path_format for r in app.routes if isinstance(r, HTTPRoute) and "GET" in r.methods)


class Notice:
    """What has just been done, with the way to undo it."""

    def __init__(self, text: str, undo_url: str | None, entry: AuditEntry | None = None) -> None:
        self.text = text
        self.entry = "" if entry is None else str(entry.id)
        self.undo_url = undo_url


async def notice_told(entry_id: str, view: View) -> Notice | None:
    """The notice of the change that the reader has just made in this plan, by what the cookie `notice` says."""
    if not PydanticObjectId.is_valid(entry_id):
        return None
    if view.reader.account is None:
        return None
    # The cookie is only the browser's word: what it names is told to the one who did it.
    own = {"scope": {"$in": [view.plan.key, view.plan.organisation]}, "by": view.reader.actor.id}
    entry = await AuditEntry.find_one({"_id": PydanticObjectId(entry_id), **own})
    return None if entry is None else notice_of(entry, view, await _whose_role(entry, view))


async def _whose_role(entry: AuditEntry, view: View) -> str:
    """Whose role was given, changed or taken away: names are not in the history."""
    first = entry.changes[0]
    if first.kind != Membership.kind or not view.rights.allow(Permission.MEMBERS_READ):
        return ""
    membership = await Membership.get(first.document)
    return "" if membership is None else view.name_of(str(membership.account))


def notice_of(entry: AuditEntry, view: View, name: str = "") -> Notice:
    """The notice of a recorded change; `name` as in `wording.deed`."""
    undo = (
        view.url(f"/changes/{entry.id}/undo")
        if view.can_undo(entry.by, {change.kind for change in entry.changes}, entry.tag)
        else None
    )
    return Notice(wording.deed(entry, name), undo, entry)


async def done(
    request: HTMXRequest,
    entry: AuditEntry | None,
    *,
    view: View,
    to: str,
    fragment: str | None = None,
    context: Mapping[str, Any] | None = None,
) -> Response[Any]:
    """The answer after a change: to HTMX the `fragment` (of the plan as it is now: pass `await view.fresh()`) with the
    notice beside it and one event for each kind that changed; to a plain form, the way `to` the page that shows it."""
    if not wants_fragment(request) or fragment is None:
        if wants_fragment(request):
            response = Response[Any]("", status_code=200, headers={"HX-Redirect": to})
        else:
            response = Response("", status_code=303, media_type="text/plain", headers={"location": to})
        if entry is not None:
            response.cookies.append(cookies.kept(request, "notice", str(entry.id), seconds=60))
        return response
    environment = site_of(request).environment
    shared = {"view": view, "reader": reader_of(request), "path": to, "section": ""}
    content = environment.get_template(fragment).render({**shared, "notice": None, **(context or {})})
    if entry is not None:
        content += environment.get_template("_notice.html").render(
            {**shared, "notice": notice_of(entry, view), "oob": True}
        )
    kinds = sorted({change.kind for change in entry.changes}) if entry else []
    return Response(
        content,
        status_code=200,
        media_type="text/html",
        headers={
            "vary": "Cookie, HX-Request, HX-Boosted",
            "cache-control": "no-store",
            **({"HX-Trigger": ", ".join(f"{kind}-changed" for kind in kinds)} if kinds else {}),
        },
    )


async def read_form(request: HTMXRequest, model: type[M]) -> Form[M]:
    """The form that was sent, checked; kept with the request for the comparison that a stale edit answers with."""
    items = []
    for name, value in await fields_of(request):
        if not isinstance(value, str):
            raise ClientException(_("This form takes no files."))
        items.append((name, value))
    return _submitted(request, model, items)


@asynccontextmanager
async def read_upload(
    request: HTMXRequest, model: type[M], field: str
) -> AsyncIterator[tuple[Form[M], list[UploadFile]]]:
    """The form that was sent, checked, and the files in its `field`, each on disk where it is large; gone afterwards.

    Refuses files anywhere else, and what is not sent as a form with files.
    """
    if request.content_type[0] != RequestEncodingType.MULTI_PART:
        raise ClientException(_("The files did not arrive. Choose them again and send the form once more."))
    sent = await fields_of(request)
    files = [value for _name, value in sent if not isinstance(value, str)]
    try:
        items = []
        for name, value in sent:
            if isinstance(value, str):
                # A browser sends an empty text where no file was chosen.
                if name != field or value:
                    items.append((name, value))
            elif name != field:
                raise ClientException(_("This form takes no files there."))
        yield _submitted(request, model, items), files
    finally:
        for file in files:
            await file.close()


def _submitted(request: HTMXRequest, model: type[M], items: list[tuple[str, str]]) -> Form[M]:
    form = Form.submitted(model, chosen(items))
    request.scope["state"]["form"] = form
    return form


def local_path(to: str) -> str:
    """An address of this site to go back to, or the front page if it leads elsewhere."""
    safe = to.startswith("/") and not to.startswith("//") and "\\" not in to
    return to if safe and to.isascii() and to.isprintable() else "/"


def way_back(to: str) -> str:
    """The page of this site that a form was begun on, as its address said; empty where it said none."""
    path = local_path(to)
    return "" if path == "/" else path


def came_from(request: HTMXRequest) -> str:
    """The page of this site, with its query, on which a form was opened; the front page where that is not known."""
    try:
        parts = urlsplit(request.headers.get("hx-current-url") or request.headers.get("referer") or "")
    except ValueError:
        return "/"
    return local_path(parts.path + (f"?{parts.query}" if parts.query else ""))
