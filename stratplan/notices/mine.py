"""The plans that a person is inside of, and the settings that pages about notices go by."""

from __future__ import annotations

from collections.abc import Iterable

from beanie import PydanticObjectId
from litestar_htmx import HTMXRequest

from stratplan.accounts.roles import plans_of
from stratplan.documents import SITE
from stratplan.plans.models import Plan
from stratplan.settings import Settings


def settings_of(request: HTMXRequest) -> Settings:
    """The installation's settings."""
    settings: Settings = request.app.state.settings
    return settings


async def plans_inside(account: PydanticObjectId) -> list[Plan]:
    """The living plans that the account has a role in, by itself or in all plans."""
    held = await plans_of(account)
    if not held:
        return []
    wanted = {} if SITE in held else {"_id": {"$in": list(held)}}
    return await Plan.find({"deleted": False, **wanted}).to_list()


def open_to(plans: Iterable[Plan], *, is_strong: bool) -> tuple[list[Plan], list[Plan]]:
    """Of plans that somebody is inside of: those that are open to them, and those that ask for a second step first."""
    opened: list[Plan] = []
    closed: list[Plan] = []
    for plan in plans:
        (opened if plan.is_open_to(is_strong=is_strong) else closed).append(plan)
    return opened, closed
