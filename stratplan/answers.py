"""The one place that answers failures: each with its real status, in the reader's language, in the house style."""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from litestar import Response
from litestar.exceptions import HTTPException
from litestar_htmx import HTMXRequest
from pymongo.errors import PyMongoError

from stratplan import wording
from stratplan.audit import AuditEntry, values_before
from stratplan.errors import NotVisible, RuleBroken, SecondFactorNeeded, StaleEdit, TooManyAttempts
from stratplan.forms import Form
from stratplan.frame import SAFE_METHODS
from stratplan.i18n import _
from stratplan.view import View
from stratplan.web import came_from, reader_of, rights_of, site_of, wants_fragment

log = logging.getLogger("stratplan.failures")


def _render(request: HTMXRequest, template: str, status: int, **context: Any) -> Response[str]:
    content = (
        site_of(request)
        .environment.get_template(template)
        .render(
            {
                "view": None,
                "reader": reader_of(request),
                "path": quote(request.scope["path"]),
                "section": "",
                "notice": None,
                "rights": rights_of(request),
                "request_id": request.scope["state"]["request_id"],
                **context,
            }
        )
    )
    headers = {"cache-control": "no-store", "vary": "Cookie, HX-Request"}
    if wants_fragment(request):
        headers |= {"HX-Retarget": "body", "HX-Reswap": "innerHTML"}
    return Response(content, status_code=status, media_type="text/html", headers=headers)


def not_visible(request: HTMXRequest, error: Exception) -> Response[str]:
    """404, whether it does not exist or may not be seen; what was typed into a form of it is given back."""
    if _is_signed_out(request):
        return _signed_out(request, 404)
    return _render(request, "errors/not_found.html", 404, typed=_typed_texts(request))


def _is_signed_out(request: HTMXRequest) -> bool:
    """Whether a form was sent by somebody who has not signed in: in most cases, who is not signed in any more."""
    return request.method not in SAFE_METHODS and reader_of(request).account is None


def _signed_out(request: HTMXRequest, status: int) -> Response[str]:
    """That one is not signed in, before all else; what was typed is given back, and the way leads to its page."""
    context = {"typed": _typed_texts(request), "path": came_from(request), "code": status}
    return _render(request, "errors/signed_out.html", status, **context)


def _typed_texts(request: HTMXRequest) -> list[str]:
    """The texts of the form that was sent, without choices, amounts and days."""
    form: Form[Any] | None = request.scope["state"].get("form")
    if form is None:
        refused_at_the_door: list[str] = request.scope["state"].get("typed", [])
        return refused_at_the_door
    worded = [name for name, field in form.model.model_fields.items() if field.annotation is str]
    return [text for name in worded for text in form.values(name) if text.strip()]


def refused(request: HTMXRequest, error: HTTPException) -> Response[str]:
    """What the framework refuses: 403, 404, 405, 400 and the like."""
    if error.status_code in (404, 405):
        return _render(request, "errors/not_found.html", error.status_code, typed=[])
    if error.status_code == 401 and request.method == "GET" and not wants_fragment(request):
        way = urlencode({"next": _asked_for(request)})
        return Response("", status_code=303, headers={"location": f"/sign-in?{way}"})
    if error.status_code in (401, 403) and _is_signed_out(request):
        return _signed_out(request, 403)
    if error.status_code in (401, 403):
        return _render(request, "errors/forbidden.html", 403, typed=_typed_texts(request))
    if error.status_code >= 500:
        return failed(request, error)
    has_reason = error.status_code in (400, 415) and error.detail
    sentence = error.detail if has_reason else _("The request was not understood.")
    if error.status_code == 413:
        sentence = _("This is more than can be sent at once. Send less, or smaller files.")
    return _render(request, "errors/refused.html", error.status_code, sentence=sentence)


def _asked_for(request: HTMXRequest) -> str:
    query = request.url.query
    return quote(request.scope["path"]) + (f"?{query}" if query else "")


def second_factor_needed(request: HTMXRequest, error: SecondFactorNeeded) -> Response[str]:
    """The way to giving the second factor, or to setting one up, and back."""
    here = _asked_for(request) if request.method in SAFE_METHODS else came_from(request)
    return _way(request, f"/me/second-factor/needed?next={quote(here, safe='')}")


def _way(request: HTMXRequest, to: str) -> Response[str]:
    if wants_fragment(request):
        return Response("", status_code=200, media_type="text/plain", headers={"HX-Redirect": to})
    headers = {"location": to, "cache-control": "no-store"}
    return Response("", status_code=303, media_type="text/plain", headers=headers)


def too_many(request: HTMXRequest, error: TooManyAttempts) -> Response[str]:
    """429 with how long to wait, where no form shows it."""
    response = _render(request, "errors/refused.html", 429, sentence=str(error))
    response.headers["retry-after"] = str(error.seconds)
    return response


def rule_broken(request: HTMXRequest, error: RuleBroken) -> Response[str]:
    """409 with the rule, where no form shows it at its field."""
    return _render(request, "errors/refused.html", 409, sentence=str(error))


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One field in which the reader's version differs from the one that is now kept.

    `opened` is what it was when the reader began, None where nobody else has changed it since. `theirs` are the texts
    that stand for the kept value in the form, None where the form has no such field and there is nothing to choose.
    """

    name: str
    label: str
    opened: str | None
    now: str
    mine: str
    theirs: list[tuple[str, str]] | None

    @property
    def is_mine_alone(self) -> bool:
        """Whether only the reader has changed it."""
        return self.opened is None

    @property
    def is_theirs_alone(self) -> bool:
        """Whether only the other person has changed it: what the reader sent is what they were shown."""
        return self.opened == self.mine


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """What somebody did between the reader's opening a form and sending it."""

    at: datetime
    by: str
    deed: str
    differences: list[wording.Difference]


def stale(request: HTMXRequest, error: StaleEdit) -> Response[str]:
    """409 with both versions field by field; the reader chooses and sends again, based on the newer one, or leaves it.

    All that was typed goes along in the page, so that nothing is lost whatever is chosen.
    """
    view: View = request.scope["state"]["view"]
    form: Form[Any] | None = request.scope["state"].get("form")
    texts = dict(form.texts) if form else {}
    texts["version"] = [str(error.current.version)]
    back = came_from(request)
    is_part = error.kind is not type(error.current)
    return _render(
        request,
        "errors/stale.html",
        409,
        view=view,
        caption=error.current.caption,
        gone=error.current.deleted,
        is_own=bool(error.since) and all(entry.by == view.reader.actor.id for entry in error.since),
        meanwhile=[_meanwhile(entry, view) for entry in error.since],
        disagreements=[] if is_part else _disagreements(error, form, view),
        mine=_mine(error, view) if is_part or error.current.deleted else [],
        means_values=bool(error.mine),
        action=request.scope["path"],
        back=view.url("/history") if back == "/" else back,
        fields=[(name, value) for name, values in texts.items() for value in values],
    )


def _disagreements(error: StaleEdit, form: Form[Any] | None, view: View) -> list[Disagreement]:
    current, before = error.current, values_before(error.current, error.since)
    found = []
    for name, label in wording.labels_of(error.kind, error.mine).items():
        now, mine = getattr(current, name), error.mine[name]
        if now == mine:
            continue
        theirs = None
        if form is not None and name in form.model.model_fields:
            texts = Form.filled(form.model, {name: now}).texts
            theirs = [(field, text) for field, values in texts.items() for text in values]
        opened = wording.said(error.kind, name, before[name], view.snapshot) if name in before else None
        found.append(
            Disagreement(
                name,
                label,
                opened,
                wording.text_of(now, view.snapshot),
                wording.text_of(mine, view.snapshot),
                theirs,
            )
        )
    return found


def _mine(error: StaleEdit, view: View) -> list[tuple[str, str]]:
    """What the reader meant to write, by label, where there is nothing to compare it with."""
    labels = wording.labels_of(error.kind, error.mine)
    return [(label, wording.text_of(error.mine[name], view.snapshot)) for name, label in labels.items()]


def _meanwhile(entry: AuditEntry, view: View) -> Meanwhile:
    differences = [one for change in entry.changes for one in wording.differences(change, view.snapshot)]
    return Meanwhile(entry.at, view.name_of(entry.by), wording.deed(entry), differences)


def unreachable(request: HTMXRequest, error: PyMongoError) -> Response[str]:
    """503: the database does not answer; nothing was written."""
    log.error("request %s: the database failed: %s", request.scope["state"]["request_id"], type(error).__name__)
    return _render(request, "errors/failure.html", 503)


def failed(request: HTMXRequest, error: Exception) -> Response[str]:
    """500 with the request's id and nothing of the inside; the log has the rest."""
    log.exception("request %s failed", request.scope["state"]["request_id"], exc_info=error)
    return _render(request, "errors/failure.html", 500)


exception_handlers: dict[int | type[Exception], Any] = {
    NotVisible: not_visible,
    RuleBroken: rule_broken,
    StaleEdit: stale,
    SecondFactorNeeded: second_factor_needed,
    TooManyAttempts: too_many,
    HTTPException: refused,
    PyMongoError: unreachable,
    500: failed,
}
