"""Which notices become which letters, what these say, and what becomes of those that cannot be sent."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from stratplan.accounts.models import Account, Membership, Profile
from stratplan.actors import COMMAND_LINE
from stratplan.documents import now
from stratplan.goals.states import Execution
from stratplan.i18n import CLOCK
from stratplan.notices import inbox
from stratplan.notices.kinds import NoticeKind, When
from stratplan.notices.models import Choices, Delivery, Notice
from stratplan.notices.outbox import JOINED_WITHIN, LEASE, RETRIES, TOO_OLD
from stratplan.permissions import Role
from stratplan.settings import Settings
from tests.factories import Made, make_account, make_plan, make_report, make_task
from tests.letters import Letterbox, letterbox
from tests.notices.making import (
    ADDRESS,
    deadlines_are_known,
    due_on,
    edited,
    make_head,
    make_notice,
    outbox,
    states,
)

MORNING = datetime(2016, 9, 30, 7, 30, tzinfo=CLOCK)
EVENING_BEFORE = datetime(2016, 9, 29, 18, 0, tzinfo=CLOCK)


@pytest.fixture
def box() -> Iterator[Letterbox]:
    """A server that takes every letter."""
    with letterbox() as box:
        yield box


def text_of(letter: object) -> str:
    return str(letter.get_content()).replace("\r\n", "\n")  # type: ignore[attr-defined]


async def test_what_happens_to_one_task_within_five_minutes_is_one_letter(
    made: Made, settings: Settings, box: Letterbox
) -> None:
    head = await make_head(made, email="vaditaja@example.org")
    other_task = await make_task(made.scope, made.goal, "1.2", lead=made.unit.key)
    first = now() - JOINED_WITHIN - timedelta(seconds=1)
    await make_notice(made, head, at=first)
    await make_notice(made, head, at=now() - timedelta(minutes=1), kind=NoticeKind.ASKED)
    await make_notice(made, head, at=now() - timedelta(minutes=1), task=other_task.key)

    assert await outbox(box, settings).tend() == 1

    (letter,) = box.letters
    assert letter["Subject"] == "2 paziņojumi: 1.1 Uzdevums 1.1"
    assert text_of(letter) == (
        "Labdien!\n\nStratēģija 2015–2017\n====================\n\n1.1 Uzdevums 1.1\n"
        f"  Persona MEBODY jūs pieminēja.\n  Persona MEBODY uzdeva jautājumu.\n"
        f"  {ADDRESS}/plans/plans/tasks/1.1\n\n"
        f"-- \nPar ko stratplan jums raksta, varat izvēlēties šeit: {ADDRESS}/me/notices/settings\n"
    )
    assert box.recipients == ["vaditaja@example.org"]
    assert await outbox(box, settings, at=now() + JOINED_WITHIN).tend() == 1  # the other task


async def test_the_digest_is_one_letter_at_seven_in_the_persons_language(
    made: Made, settings: Settings, box: Letterbox
) -> None:
    head = await make_head(made)
    await Profile.get_motor_collection().update_one({"_id": head.key}, {"$set": {"language": "en"}})
    another = await make_plan("otrs", title="Cits plāns")
    membership = Membership.new(scope=another.scope, account=head.key, role=Role.REPORTER, units=[another.unit.key])
    await membership.add(by=COMMAND_LINE)
    daily = {"mail": When.DAILY, "at": EVENING_BEFORE}
    await make_notice(made, head, kind=NoticeKind.CHANGED, deed="task.edited", **daily)
    await make_notice(another, head, kind=NoticeKind.CHANGED, deed="task.reported", **daily)
    await make_notice(made, head, kind=NoticeKind.CHANGED, deed="task.moved", **{**daily, "at": MORNING})
    await deadlines_are_known(MORNING.date())

    assert await outbox(box, settings, at=MORNING.replace(hour=6, minute=59)).tend() == 0
    assert await outbox(box, settings, at=MORNING).tend() == 1
    assert await outbox(box, settings, at=MORNING + timedelta(hours=3)).tend() == 0  # once a day

    (letter,) = box.letters
    assert letter["Subject"] == "2 notices, 30 Sep 2016"
    assert letter["List-Unsubscribe"] == f"<{ADDRESS}/me/notices/settings>"
    assert letter["Content-Language"] == "en"
    text = text_of(letter)
    assert text.index("Cits plāns") < text.index("reported on this task") < text.index("Stratēģija 2015–2017")
    assert "moved" not in text

    await deadlines_are_known(MORNING.date() + timedelta(days=1))
    assert await outbox(box, settings, at=MORNING + timedelta(days=1)).tend() == 1
    assert "moved this task" in text_of(box.letters[1])


async def test_of_a_plan_that_asks_for_a_second_factor_a_letter_tells_no_more_than_that_there_is_something(
    made: Made, settings: Settings, box: Letterbox
) -> None:
    head = await make_head(made)
    await made.plan.edit({"asks_second_factor": True}, by=COMMAND_LINE, based_on=1)
    await make_notice(made, head)
    assert await outbox(box, settings).tend() == 1
    (letter,) = box.letters
    assert letter["Subject"] == "Jaunumi sistēmā stratplan"
    assert "Ir jaunumi." in text_of(letter)
    assert f"{ADDRESS}/plans/plans\n" in text_of(letter)
    for told in (made.task.title, "1.1", "Persona"):
        assert told not in str(letter["Subject"]) + text_of(letter)


async def test_the_digest_waits_for_the_days_deadlines_and_has_them(
    made: Made, settings: Settings, box: Letterbox
) -> None:
    head = await make_head(made)
    task = await due_on(made.task, MORNING.date() + timedelta(days=6))
    await make_notice(
        made, head, kind=NoticeKind.DUE_7, mail=When.DAILY, at=MORNING, by="", deadline=task.period.deadline.isoformat()
    )
    assert await outbox(box, settings, at=MORNING).tend() == 0
    await deadlines_are_known(MORNING.date())

    await asyncio.gather(*(outbox(box, settings, at=MORNING).tend() for _ in range(4)))

    assert len(box.letters) == 1
    assert "Termiņš: 06.10.2016., pēc 6 dienām." in text_of(box.letters[0])


async def test_what_is_not_true_any_more_is_not_written(made: Made, settings: Settings, box: Letterbox) -> None:
    """A deadline that was moved, a task that was done, a unit that was changed: looked at when the letter is sent."""
    head = await make_head(made)
    task = await due_on(made.task, MORNING.date() + timedelta(days=6))
    about = {
        "kind": NoticeKind.DUE_7,
        "mail": When.DAILY,
        "at": EVENING_BEFORE,
        "deadline": task.period.deadline.isoformat(),
    }
    await deadlines_are_known(MORNING.date())
    await make_notice(made, head, **about)
    await make_report(task, MORNING.date(), 100, execution=Execution.COMPLETED)

    assert await outbox(box, settings, at=MORNING).tend() == 0

    assert box.letters == []
    assert list((await states()).values()) == ["dropped"]


@pytest.mark.parametrize("loses", ["role", "account", "plan"])
async def test_who_lost_the_right_between_writing_and_sending_gets_nothing(
    made: Made, settings: Settings, box: Letterbox, loses: str
) -> None:
    await make_account()
    head = await make_head(made)
    await make_notice(made, head)
    assert await outbox(box, settings).gather_at_once() == 1
    if loses == "role":
        membership = await Membership.find_one({"account": head.key})
        assert membership is not None
        await membership.remove(by=COMMAND_LINE, based_on=membership.version)
    elif loses == "account":
        account = await Account.get(head.key)
        assert account is not None
        await account.disable(by=COMMAND_LINE, based_on=account.version)
    else:
        await made.plan.remove(by=COMMAND_LINE, based_on=made.plan.version)

    assert await outbox(box, settings).send_due() == 0

    assert box.letters == []
    assert list((await states()).values()) == ["dropped"]


async def test_what_was_read_or_is_old_or_not_wanted_is_not_mailed(
    made: Made, settings: Settings, box: Letterbox
) -> None:
    head = await make_head(made)
    await make_notice(made, head)
    await inbox.read(head.key)
    await make_notice(made, head, at=now() - TOO_OLD - timedelta(minutes=1))
    await make_notice(made, head, kind=NoticeKind.ASKED)
    await Choices.choose(head.key, {NoticeKind.ASKED: When.HERE})

    assert await outbox(box, settings).tend() == 0
    assert await Delivery.count() == 0
    assert await Notice.count() == 3


async def test_a_server_that_is_busy_is_asked_again_and_later_and_later(
    made: Made, settings: Settings, box: Letterbox
) -> None:
    box.answers["RCPT"] = "451 4.3.0 Try later"
    await make_notice(made, await make_head(made))
    moment = now()
    for pause in RETRIES:
        assert await outbox(box, settings, at=moment).tend() == 0
        assert list((await states()).values()) == ["waiting"]
        assert await outbox(box, settings, at=moment + pause - timedelta(seconds=1)).tend() == 0
        moment += pause + timedelta(seconds=1)
    box.answers.clear()
    letter = await Delivery.find_one({})
    assert letter is not None
    assert letter.attempts == len(RETRIES)
    assert await outbox(box, settings, at=moment).tend() == 1
    assert len(box.letters) == 1


async def test_after_days_of_trying_it_is_given_up_and_said_why(made: Made, settings: Settings, box: Letterbox) -> None:
    box.answers["RCPT"] = "451 4.3.0 Try later"
    await make_notice(made, await make_head(made))
    moment = now()
    for pause in (*RETRIES, LEASE):
        await outbox(box, settings, at=moment).tend()
        moment += pause + timedelta(seconds=1)
    letter = await Delivery.find_one({})
    assert letter is not None
    assert (letter.state.value, letter.problem[:3]) == ("failed", "451")


async def test_a_recipient_that_is_refused_is_recorded_and_not_written_to_again(
    made: Made, settings: Settings, box: Letterbox, caplog: pytest.LogCaptureFixture
) -> None:
    box.answers["RCPT"] = "550 5.1.1 <zane@example.org>: No such person"
    await make_notice(made, await make_head(made))
    assert await outbox(box, settings).tend() == 0
    box.answers.clear()
    assert await outbox(box, settings, at=now() + timedelta(days=1)).tend() == 0
    letter = await Delivery.find_one({})
    assert letter is not None
    assert (letter.state.value, letter.problem) == ("failed", "550 5.1.1 <zane@example.org>: No such person")
    told = [record.getMessage() for record in caplog.records if record.name.startswith("stratplan")]
    assert any("<...>: No such person" in line for line in told)
    assert not any("@" in line for line in told)


async def test_one_letter_that_fails_does_not_hold_up_the_others(
    made: Made, settings: Settings, box: Letterbox
) -> None:
    bad = await make_head(made, email="zāne@example.org")
    good = await make_head(made)
    await make_notice(made, bad)
    await make_notice(made, good)
    assert await outbox(box, settings).tend() == 1
    assert sorted((await states()).values()) == ["failed", "sent"]


async def test_a_task_that_was_renamed_is_called_as_it_is_now(made: Made, settings: Settings, box: Letterbox) -> None:
    await make_notice(made, await make_head(made))
    await edited(made.task, title="Jaunais nosaukums")
    await outbox(box, settings).tend()
    assert box.letters[0]["Subject"] == "Pieminēšana: 1.1 Jaunais nosaukums"


async def test_who_is_erased_leaves_no_notice_choice_or_letter(made: Made, settings: Settings, box: Letterbox) -> None:
    await make_account()
    head = await make_head(made)
    await make_notice(made, head)
    await Choices.choose(head.key, {NoticeKind.ASKED: When.HERE})
    await outbox(box, settings).tend()

    await head.erase(by=COMMAND_LINE)

    assert [await kind.count() for kind in (Notice, Choices, Delivery)] == [0, 0, 0]
