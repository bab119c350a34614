"""The one place that answers failures: each with its real status, in the reader's language, in the house style."""

import logging
from collections.abc import Mapping
from typing import Any

from litestar import Response
from litestar.exceptions import HTTPException
from litestar_htmx import HTMXRequest
from pymongo.errors import PyMongoError

from stratplan import wording
from stratplan.documents import LivingDocument
from stratplan.errors import NotVisible, RuleBroken, StaleEdit, StratplanError
from stratplan.forms import Form
from stratplan.i18n import _
from stratplan.web import View, reader_of, site_of, wants_fragment

log = logging.getLogger("stratplan.failures")


def _render(request: HTMXRequest, template: str, status: int, **context: Any) -> Response[str]:
    content = (
        site_of(request)
        .environment.get_template(template)
        .render(
            {
                "view": None,
                "reader": reader_of(request),
                "path": request.scope["path"],
                "section": "",
                "notice": None,
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
    """404, whether it does not exist or may not be seen."""
    return _render(request, "errors/not_found.html", 404)


def refused(request: HTMXRequest, error: HTTPException) -> Response[str]:
    """What the framework refuses: 403, 404, 405, 400 and the like."""
    if error.status_code in (404, 405):
        return _render(request, "errors/not_found.html", error.status_code)
    if error.status_code in (401, 403):
        return _render(request, "errors/forbidden.html", error.status_code)
    if error.status_code >= 500:
        return failed(request, error)
    sentence = error.detail if error.status_code == 400 and error.detail else _("The request was not understood.")
    return _render(request, "errors/refused.html", error.status_code, sentence=sentence)


def rule_broken(request: HTMXRequest, error: RuleBroken) -> Response[str]:
    """409 with the rule, where no form shows it at its field."""
    return _render(request, "errors/refused.html", 409, sentence=str(error))


def stale(request: HTMXRequest, error: StaleEdit) -> Response[str]:
    """409 with both versions side by side; the reader sends their own again, based on the newer one, or leaves it."""
    view: View = request.scope["state"]["view"]
    form: Form[Any] | None = request.scope["state"].get("form")
    texts = dict(form.texts) if form else {}
    texts["version"] = [str(error.current.version)]
    return _render(
        request,
        "errors/stale.html",
        409,
        view=view,
        caption=error.current.caption,
        differences=_differences(error.current, error.mine, view),
        gone=error.current.deleted,
        action=request.scope["path"],
        fields=[(name, value) for name, values in texts.items() for value in values],
    )


def _differences(current: LivingDocument, mine: Mapping[str, Any], view: View) -> list[wording.Difference]:
    labels = wording.labels_of(type(current), mine)
    return [
        wording.Difference(
            label,
            wording.text_of(getattr(current, name), view.snapshot),
            wording.text_of(mine[name], view.snapshot),
        )
        for name, label in labels.items()
        if hasattr(current, name) and getattr(current, name) != mine[name]
    ]


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
    StratplanError: rule_broken,
    HTTPException: refused,
    PyMongoError: unreachable,
    500: failed,
}
