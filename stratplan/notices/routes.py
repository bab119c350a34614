"""The pages of a person's notices: the list, what was read, and what they want to be told of."""

from typing import Annotated, Any
from urllib.parse import urlencode

from beanie import PydanticObjectId
from litestar import get, post
from litestar.response import Response
from litestar_htmx import HTMXRequest
from pydantic import Field

from stratplan import mail
from stratplan.accounts.answering import go
from stratplan.accounts.models import Profile
from stratplan.errors import NotVisible
from stratplan.forms import Form, FormModel
from stratplan.i18n import _
from stratplan.notices import calendar_routes
from stratplan.notices.inbox import COUNTED_TO, inbox, is_theirs, read, unread
from stratplan.notices.kinds import OFFERED, When
from stratplan.notices.mine import settings_of
from stratplan.notices.models import Choices, Delivered, Delivery
from stratplan.permissions import Permission
from stratplan.typed import page_number
from stratplan.web import account_of, page, read_form, reader_of, site_of, wants_fragment

LIST = "/me/notices"


class ReadForm(FormModel):
    """What came with a button: the filters to come back to."""

    kind: Annotated[str, Field(pattern=r"^[a-z0-9-]{0,40}$")] = ""
    plan: Annotated[str, Field(pattern=r"^[a-z0-9-]{0,60}$")] = ""


class ChoicesForm(FormModel):
    """How to be told of each kind; fields are named as the kinds are, with a low line."""

    asked: When
    mentioned: When
    overdue: When
    due_7: Annotated[When, Field(alias="due-7")]
    due_30: Annotated[When, Field(alias="due-30")]
    changed: When
    review_opened: Annotated[When, Field(alias="review-opened")]
    review_due: Annotated[When, Field(alias="review-due")]
    review_late: Annotated[When, Field(alias="review-late")]


@get(LIST, permission=Permission.ME_READ)
async def list_notices(request: HTMXRequest) -> Response[str]:
    """The notices, unread first."""
    kind, plan = request.query_params.get("kind", ""), request.query_params.get("plan", "")
    found = await inbox(
        site_of(request),
        account_of(request),
        is_strong=reader_of(request).is_strong,
        kind=kind,
        plan=plan,
        page=page_number(request.query_params),
    )
    context = {"inbox": found, "kinds": _kinds(), "kind": kind, "plan": plan, "address": _address(kind, plan)}
    return await page(request, "notices/list.html", context)


def _kinds() -> list[tuple[str, str]]:
    return [(kind.value, _(kind.label)) for kind in OFFERED]


def _address(kind: str, plan: str) -> Any:
    def of_page(number: int) -> str:
        kept = {"kind": kind, "plan": plan, "page": str(number) if number > 1 else ""}
        asked = {name: value for name, value in kept.items() if value}
        return LIST + (f"?{urlencode(asked)}" if asked else "")

    return of_page


@get(f"{LIST}/count", permission=Permission.ME_READ)
async def count_notices(request: HTMXRequest) -> Response[Any]:
    """How many are unread, for the header of a page that may be older; without HTMX the way to the list."""
    if not wants_fragment(request):
        return go(request, LIST)
    count = await unread(account_of(request), is_strong=reader_of(request).is_strong)
    answer = await page(
        request, "notices/_count.html", {"count": count, "counted_to": COUNTED_TO}, fragment="notices/_count.html"
    )
    answer.headers["cache-control"] = "no-store"
    return answer


@post(f"{LIST}/read", permission=Permission.ME_WRITE)
async def read_all(request: HTMXRequest) -> Response[Any]:
    """All are read, or all of a plan."""
    form = await read_form(request, ReadForm)
    if form.data is None:
        return await _list_again(request)
    await read(account_of(request), is_strong=reader_of(request).is_strong, plan=form.data.plan)
    return _back(request, form.data)


@post(f"{LIST}/{{notice:str}}/read", permission=Permission.ME_WRITE)
async def read_one(request: HTMXRequest, notice: str) -> Response[Any]:
    """One is read."""
    form = await read_form(request, ReadForm)
    account, is_strong = account_of(request), reader_of(request).is_strong
    if not PydanticObjectId.is_valid(notice) or not await is_theirs(
        account, PydanticObjectId(notice), is_strong=is_strong
    ):
        raise NotVisible(_("There is no such page."))
    if form.data is None:
        return await _list_again(request)
    await read(account, PydanticObjectId(notice), is_strong=is_strong)
    return _back(request, form.data)


def _back(request: HTMXRequest, form: ReadForm) -> Response[Any]:
    return go(request, _address(form.kind, form.plan)(1))


async def _list_again(request: HTMXRequest) -> Response[str]:
    found = await inbox(site_of(request), account_of(request), is_strong=reader_of(request).is_strong)
    context = {"inbox": found, "kinds": _kinds(), "kind": "", "plan": "", "address": _address("", "")}
    return await page(request, "notices/list.html", context, status=422)


@get(f"{LIST}/settings", permission=Permission.ME_READ)
async def edit_choices(request: HTMXRequest) -> Response[str]:
    """What the person wants to be told of."""
    choices = await Choices.of_account(account_of(request))
    form = Form.filled(ChoicesForm, {kind.value: choices.of(kind) for kind in OFFERED})
    return await _choices_page(request, form, saved="saved" in request.query_params)


@post(f"{LIST}/settings", permission=Permission.ME_WRITE)
async def choose(request: HTMXRequest) -> Response[Any]:
    """Keep what the person wants to be told of."""
    form = await read_form(request, ChoicesForm)
    if form.data is None:
        return await _choices_page(request, form, status=422)
    chosen = form.data.model_dump(by_alias=True)
    await Choices.choose(account_of(request), {kind: chosen[kind.value] for kind in OFFERED})
    return go(request, f"{LIST}/settings?saved")


async def _choices_page(
    request: HTMXRequest, form: Form[ChoicesForm], *, status: int = 200, saved: bool = False
) -> Response[str]:
    account = account_of(request)
    profile = await Profile.get(account)
    last = await Delivery.find({"account": account}).sort("-at").first_or_none()
    context = {
        "form": form,
        "kinds": OFFERED,
        "ways": list(When),
        "email": "" if profile is None else profile.email,
        "is_mailed": mail.is_set(settings_of(request)),
        "failed": last is not None and last.state is Delivered.FAILED,
        "saved": saved,
    }
    return await page(request, "notices/settings.html", context, status=status)


handlers = [
    list_notices,
    count_notices,
    read_all,
    read_one,
    edit_choices,
    choose,
    *calendar_routes.handlers,
]
