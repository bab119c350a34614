"""Notices, people with units, and settings that send through a test's own SMTP server."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from beanie import PydanticObjectId

from stratplan.accounts.models import Account
from stratplan.documents import now
from stratplan.goals.models import Task
from stratplan.notices.kinds import NoticeKind, When
from stratplan.notices.models import Delivery, Notice, Turn
from stratplan.notices.outbox import Outbox
from stratplan.notices.writing import DEADLINES
from stratplan.period import Period
from stratplan.permissions import Role
from stratplan.settings import Settings
from stratplan.snapshot import Snapshots
from tests.factories import SOMEBODY, Made, make_account
from tests.letters import Letterbox

ADDRESS = "https://plani.example.lv"


async def make_head(made: Made, **values: Any) -> Account:
    """The head of the plan's one unit."""
    return await make_account(Role.REPORTER, scope=made.scope, units=[made.unit.key], **values)


async def make_notice(made: Made, account: Account, **values: Any) -> Notice:
    """A notice of a mention, an hour old."""
    notice = Notice(
        **{
            "account": account.key,
            "kind": NoticeKind.MENTIONED,
            "plan": made.plan.key,
            "task": made.task.key,
            "caption": made.task.caption,
            "by": SOMEBODY.id,
            "cause": str(PydanticObjectId()),
            "at": now() - timedelta(hours=1),
            "mail": When.AT_ONCE,
            **values,
        }
    )
    assert await notice.write()
    return notice


async def edited(task: Task, **values: Any) -> Task:
    """The task after SOMEBODY has changed it."""
    current = await Task.get(task.key)
    assert current is not None
    await current.edit(values, by=SOMEBODY, based_on=current.version)
    found = await Task.get(task.key)
    assert found is not None
    return found


async def due_on(task: Task, day: date) -> Task:
    """The task with this deadline."""
    return await edited(task, period=Period.parse(f"01.01.2015.–{day:%d.%m.%Y}."))


def mailing(box: Letterbox, settings: Settings) -> Settings:
    """The test's settings with letters going to the box."""
    return settings.model_copy(
        update={
            "smtp_host": "127.0.0.1",
            "smtp_port": box.port,
            "smtp_security": "none",
            "smtp_from": "Plāni <plani@example.lv>",
            "address": ADDRESS,
        }
    )


def outbox(box: Letterbox, settings: Settings, at: datetime | None = None) -> Outbox:
    """The outbox of a process whose clock stands at `at`."""
    return Outbox(mailing(box, settings), Snapshots(), clock=(lambda: at) if at else now)


async def deadlines_are_known(day: date) -> None:
    """That day's deadlines have been gone through."""
    moment = now()
    assert await Turn.take(DEADLINES, day.isoformat(), "test", moment)
    await Turn.finish(DEADLINES, day.isoformat(), "test")


async def the_pause_is_over(name: str) -> None:
    """Work that failed may be tried again."""
    past = {"$set": {"until": now() - timedelta(seconds=1)}}
    assert (await Turn.get_motor_collection().update_one({"_id": name}, past)).matched_count == 1


async def states() -> dict[str, str]:
    """Every letter's state by its id."""
    return {one.id: one.state.value for one in await Delivery.find_all().to_list()}
