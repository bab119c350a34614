"""Letters sent once: gathered from notices, claimed by one process, handed over, and marked.

What a crash at each step means is in docs/decisions/0012-letters-are-sent-once.md.
"""

from __future__ import annotations

import json
import logging
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from functools import cached_property
from typing import Any

from beanie import PydanticObjectId
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from stratplan import mail
from stratplan.accounts.models import Account, Profile
from stratplan.database import Session, in_transaction
from stratplan.documents import now, stored
from stratplan.goals.models import Task
from stratplan.goals.queries import task_figures
from stratplan.i18n import CLOCK, LANGUAGES, day_of
from stratplan.notices.audience import audience_of
from stratplan.notices.causes import deadline_kind
from stratplan.notices.kinds import OF_DEADLINES, OF_REVIEWS, When
from stratplan.notices.letters import Told, compose
from stratplan.notices.models import Delivered, Delivery, Notice, Turn
from stratplan.notices.review_causes import is_still_true
from stratplan.notices.review_links import links_in
from stratplan.notices.writing import DEADLINES
from stratplan.plans.models import Plan
from stratplan.secret_key import SecretKey, secret_key
from stratplan.settings import Settings
from stratplan.snapshot import Snapshots

JOINED_WITHIN = timedelta(minutes=5)  # what happens to one task in this time is one letter
TOO_OLD = timedelta(days=3)  # what could not be mailed for so long is in the application only
LEASE = timedelta(seconds=2.5 * mail.WHOLE)  # longer than handing over a letter may take
RETRIES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180, 360, 720, 1440))
DIGEST_AT = time(7)
LETTERS_AT_ONCE = 200
GIVES_UP_AFTER = 3  # letters in a row that the server would not take now

ADDRESS = re.compile(r"[^\s<>\"(),;:]+@[^\s<>\"(),;:]+")
log = logging.getLogger("stratplan.background")


class LeaseLost(Exception):
    """Another process has the letter by now."""


@dataclass
class Outbox:
    """The letters of one process; `owner` names it in what it has claimed."""

    settings: Settings
    snapshots: Snapshots
    clock: Callable[[], datetime] = now
    owner: str = field(default_factory=lambda: secrets.token_hex(8))

    async def tend(self) -> int:
        """Put together what is due, and send it; how many letters were sent."""
        await self.give_up_uncertain()
        await self.gather_at_once()
        await self.gather_digests()
        return await self.send_due()

    @cached_property
    def _key(self) -> SecretKey:
        return secret_key(self.settings)

    # --- from notices to letters: each notice becomes part of one letter, in one transaction

    async def gather_at_once(self) -> int:
        """A letter for each task of which somebody wanted to know at once, when nothing joins it any more."""
        moment = self.clock()
        wanted = {**self._unsent(When.AT_ONCE, moment)}
        groups = Notice.get_motor_collection().aggregate(
            [
                {"$match": wanted},
                {
                    "$group": {
                        "_id": {"account": "$account", "task": "$task", "review": "$review"},
                        "first": {"$min": "$at"},
                    }
                },
                {"$match": {"first": {"$lte": moment - JOINED_WITHIN}}},
            ]
        )
        made = 0
        async for group in groups:
            # A missing value is grouped as null, and null finds what has none.
            about = {name: group["_id"].get(name) for name in ("account", "task", "review")}
            made += await self._put_together(about["account"], {**wanted, **about}, digest="")
        return made

    async def gather_digests(self) -> int:
        """A letter for each person of what was to be told once a day: after seven in the morning, once that day's
        deadlines are known, but for those of plans that could not be read."""
        moment = self.clock()
        local = moment.astimezone(CLOCK)
        seven = datetime.combine(local.date(), DIGEST_AT, CLOCK)
        if local < seven or not await Turn.is_tried(DEADLINES, local.date().isoformat()):
            return 0
        # Deadlines are the day's own, also when they were found out after seven.
        before = {"$or": [{"at": {"$lt": seven}}, {"kind": {"$in": [kind.value for kind in OF_DEADLINES]}}]}
        wanted = {**self._unsent(When.DAILY, moment), **before}
        made = 0
        for account in await Notice.get_motor_collection().distinct("account", wanted):
            digest = f"daily:{account}:{local.date().isoformat()}"
            if await Delivery.get_motor_collection().count_documents({"_id": digest}) == 0:
                made += await self._put_together(account, {**wanted, "account": account}, digest=digest)
        return made

    def _unsent(self, when: When, moment: datetime) -> dict[str, Any]:
        """The notices that wait for a letter; what was read in the application needs none."""
        return {"mail": when.value, "delivery": None, "read_at": None, "at": {"$gt": moment - TOO_OLD, "$lte": moment}}

    async def _put_together(self, account: PydanticObjectId, wanted: Mapping[str, Any], *, digest: str) -> bool:
        notices = Notice.get_motor_collection()

        async def work(session: Session) -> bool:
            found = [raw["_id"] async for raw in notices.find(wanted, {"_id": 1}, session=session).sort("at")]
            if not found:
                return False  # another process has put it together
            letter = Delivery(
                id=digest or f"notice:{found[0]}",
                account=account,
                is_digest=bool(digest),
                due_at=self.clock(),
                at=now(),
            )
            await letter.insert(session=session)
            await notices.update_many({"_id": {"$in": found}}, {"$set": {"delivery": letter.id}}, session=session)
            return True

        try:
            return await in_transaction(work, key=("letters", account))
        except DuplicateKeyError:
            return False  # today's digest has been put together

    # --- sending

    async def give_up_uncertain(self) -> int:
        """Letters whose process died after it began to hand them over: nobody can tell whether they arrived."""
        given_up = await Delivery.get_motor_collection().update_many(
            {"state": Delivered.SENDING.value, "until": {"$lt": self.clock()}},
            {"$set": {"state": Delivered.UNCERTAIN.value, "problem": "the process ended while handing it over"}},
        )
        if given_up.modified_count:
            log.warning(json.dumps({"event": "letters uncertain", "letters": given_up.modified_count}))
        return int(given_up.modified_count)

    async def send_due(self) -> int:
        """Claim and send letters until none is due; how many were sent."""
        sent = refused = 0
        while sent < LETTERS_AT_ONCE and refused < GIVES_UP_AFTER:
            letter = await self._claim()
            if letter is None:
                break
            state = await self._send(letter)
            sent += state is Delivered.SENT
            refused = refused + 1 if state is Delivered.WAITING else 0
        return sent

    async def _claim(self) -> Delivery | None:
        moment = self.clock()
        raw = await Delivery.get_motor_collection().find_one_and_update(
            {
                "state": Delivered.WAITING.value,
                "due_at": {"$lte": moment},
                "$or": [{"until": None}, {"until": {"$lt": moment}}],
            },
            {"$set": {"owner": self.owner, "until": moment + LEASE}, "$inc": {"attempts": 1}},
            sort=[("due_at", 1)],
            return_document=ReturnDocument.AFTER,
        )
        return None if raw is None else Delivery.model_validate(raw)

    async def _send(self, delivery: Delivery) -> Delivered:
        """Send a letter that is ours; the state that it is left in."""
        if delivery.attempts > len(RETRIES) + 1:  # its processes died of it, or could not put it together
            return await self._mark(delivery, Delivered.FAILED, problem="too many attempts")
        letter = await self._letter(delivery)
        if letter is None:
            return await self._mark(delivery, Delivered.DROPPED)

        async def begin() -> None:
            mine = {"_id": delivery.id, "owner": self.owner, "state": Delivered.WAITING.value}
            begun = await Delivery.get_motor_collection().update_one(
                {**mine, "until": {"$gt": self.clock()}},
                {"$set": {"state": Delivered.SENDING.value, "until": self.clock() + LEASE}},
            )
            if begun.matched_count == 0:
                raise LeaseLost

        try:
            await mail.send(letter, self.settings, before_content=begin)
        except LeaseLost:
            return Delivered.DROPPED
        except mail.MailDelayed as delayed:
            if delivery.attempts > len(RETRIES):
                return await self._mark(delivery, Delivered.FAILED, problem=str(delayed))
            due = self.clock() + RETRIES[delivery.attempts - 1]
            return await self._mark(delivery, Delivered.WAITING, problem=str(delayed), due_at=due, until=None)
        except mail.MailRefused as refused:
            return await self._mark(delivery, Delivered.FAILED, problem=str(refused))
        except mail.MailUncertain as uncertain:
            return await self._mark(delivery, Delivered.UNCERTAIN, problem=str(uncertain))
        return await self._mark(delivery, Delivered.SENT, sent_at=now(), problem="")

    async def _mark(self, delivery: Delivery, state: Delivered, **values: Any) -> Delivered:
        if state in (Delivered.FAILED, Delivered.UNCERTAIN) or values.get("problem"):
            told = {"event": "letter", "letter": delivery.id, "state": state.value}
            # Servers quote whom they refuse; the log has nobody's address.
            told["problem"] = ADDRESS.sub("...", values.get("problem", ""))
            log.warning(json.dumps(told, ensure_ascii=False))
        await Delivery.get_motor_collection().update_one(
            {"_id": delivery.id, "owner": self.owner},
            {"$set": {"state": state.value, **{name: stored(value) for name, value in values.items()}}},
        )
        return state

    # --- what it says, with the rights of this moment

    async def _letter(self, delivery: Delivery) -> mail.Letter | None:
        """The letter as it is true now; None when nothing is left that the person may know or wants to."""
        account = await Account.find_one({"_id": delivery.account, "deleted": False, "disabled": False})
        profile = await Profile.get(delivery.account)
        if account is None or profile is None:
            return None
        notices = await Notice.find({"delivery": delivery.id, "account": delivery.account}).sort("at").to_list()
        told = [one for notice in notices if (one := await self._still_true(notice)) is not None]
        if not told:
            return None
        if not delivery.message_id:
            delivery.message_id = mail.new_message_id(self.settings)
            await Delivery.get_motor_collection().update_one(
                {"_id": delivery.id, "owner": self.owner}, {"$set": {"message_id": delivery.message_id}}
            )
        language = profile.language if profile.language in LANGUAGES else self.settings.language
        return compose(
            told,
            to=profile.email,
            language=language,
            is_digest=delivery.is_digest,
            day=day_of(self.clock()),
            settings=self.settings,
            message_id=delivery.message_id,
        )

    async def _still_true(self, notice: Notice) -> Told | None:
        """The notice with its plan, where the person still sees it and it still says how things are."""
        plan = await Plan.find_one({"_id": notice.plan, "deleted": False})
        snapshot = None if plan is None else await self.snapshots.of(plan.slug)
        person = None if snapshot is None else audience_of(snapshot).get(notice.account)
        if snapshot is None or person is None:
            return None
        if notice.kind in OF_REVIEWS and not is_still_true(snapshot, notice.kind, notice.review, notice.account):
            return None
        if notice.kind in OF_DEADLINES:
            task = snapshot.find(Task, notice.task)
            if task is None or person.units.isdisjoint(task.responsible):
                return None
            figures = task_figures(snapshot, day_of(self.clock()))[task.key]
            if deadline_kind(figures) is None or figures.standing.deadline.isoformat() != notice.deadline:
                return None
        return Told(notice, snapshot, await links_in(notice, snapshot, self._key))
