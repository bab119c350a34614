"""What a request brings in its body: the fields of a form, and nothing else.

Not read by the framework's own `form()`: that keeps the last thousand bodies in memory, passwords among them.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from litestar.connection import Request
from litestar.datastructures import UploadFile
from litestar.exceptions import ClientException, HTTPException

from stratplan.i18n import _

URL_ENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
CHARSETS = ("", "utf-8", "utf8", "us-ascii")
MOST_FIELDS = 5_000  # a form with all its rows has some hundred

AnyRequest = Request[Any, Any, Any]


class NotAForm(HTTPException):
    """A body that is no form."""

    status_code = 415


def refuse_other_bodies(request: AnyRequest) -> None:
    """Raise NotAForm for a body that is not a form's: JSON, XML, text, or another alphabet. None at all is no body."""
    headers = request.headers
    if headers.get("content-length", "0").strip() in ("", "0") and "transfer-encoding" not in headers:
        return
    kind, options = request.content_type
    if kind.lower() not in (URL_ENCODED, MULTIPART) or options.get("charset", "").lower() not in CHARSETS:
        raise NotAForm(detail=_("A change is sent as a form."))
    if headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise NotAForm(detail=_("A change is sent as a form."))


async def fields_of(request: AnyRequest) -> list[tuple[str, str | UploadFile]]:
    """The fields of the form that was sent, in order; ClientException where there are too many or they cannot be read.

    What is not UTF-8 comes as U+FFFD, which no text may have.
    """
    kind, _options = request.content_type
    if kind.lower() != URL_ENCODED:
        try:
            return list((await request.form()).multi_items())
        except (UnicodeDecodeError, LookupError):  # not in the character set that it names, or in none that there is
            raise ClientException(_("The request was not understood.")) from None
    sent = request.scope["state"].get("fields")
    if sent is None:
        body = (await request.body()).decode("utf-8", "replace")
        try:
            sent = list(parse_qsl(body, keep_blank_values=True, errors="replace", max_num_fields=MOST_FIELDS))
        except ValueError:
            raise ClientException(_("The form has too many fields.")) from None
        request.scope["state"]["fields"] = sent
    return list(sent)
