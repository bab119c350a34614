"""Letters of notices put into words: one task's notices, or all of a day by plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from stratplan import i18n, mail
from stratplan.goals.models import Task
from stratplan.i18n import _, ngettext, use_language
from stratplan.notices.models import Notice
from stratplan.notices.review_links import Links
from stratplan.notices.sentences import caption_of, path_of, sentence
from stratplan.numbering import number_key
from stratplan.settings import Settings
from stratplan.snapshot import Snapshot

SETTINGS_PATH = "/me/notices/settings"
LISTED = 100  # notices in one letter; the rest is in the application


@dataclass(frozen=True, slots=True)
class Told:
    """A notice with the plan that it is about, as it is now, and the links that its letter carries."""

    notice: Notice
    snapshot: Snapshot
    links: Links = ()


def compose(
    told: Sequence[Told],
    *,
    to: str,
    language: str,
    is_digest: bool,
    day: date,
    settings: Settings,
    message_id: str = "",
) -> mail.Letter:
    """The letter that tells these notices, oldest first within each task, the tasks as their plans have them. Of a plan
    that asks for a second factor it tells only that there is something new."""
    with use_language(language):
        if is_digest:
            subject = ngettext(
                "%(num)s notice, %(day)s", "%(num)s notices, %(day)s", len(told), day=i18n.short_date(day)
            )
        elif told[0].snapshot.plan.asks_second_factor:
            subject = _("Something new in stratplan")
        elif len(told) == 1:
            subject = f"{_(told[0].notice.kind.label)}: {caption_of(told[0].notice, told[0].snapshot)}"
        else:
            caption = caption_of(told[0].notice, told[0].snapshot)
            subject = ngettext("%(num)s notice: %(task)s", "%(num)s notices: %(task)s", len(told), task=caption)
        paragraphs = [_("Good day!"), *_by_plan(told[:LISTED], day, settings)]
        if len(told) > LISTED:
            more = len(told) - LISTED
            paragraphs.append(ngettext("And %(num)s more:", "And %(num)s more:", more))
            paragraphs[-1] += " " + mail.link(settings, "/me/notices")
        choose = mail.link(settings, SETTINGS_PATH)
        paragraphs.append("-- \n" + _("Choose what stratplan writes to you about: %(address)s", address=choose))
        return mail.Letter(
            to=to,
            subject=subject.replace(i18n.NBSP, " "),
            text="\n\n".join(paragraphs).replace(i18n.NBSP, " ") + "\n",
            language=language,
            message_id=message_id,
            unsubscribe=choose if is_digest else "",
        )


def _linked(unit: str, address: str) -> str:
    said = _("To report for %(unit)s without signing in (keep this link to yourself):", unit=unit)
    return f"  {said}\n  {address}"


def _place(told: Told) -> tuple[tuple[int | str, ...], str]:
    task = told.snapshot.find(Task, told.notice.task)
    return (() if task is None else number_key(task.number)), str(told.notice.task or told.notice.review or "")


def _by_plan(told: Sequence[Told], day: date, settings: Settings) -> list[str]:
    ordered = sorted(
        told,
        key=lambda one: (
            one.snapshot.plan.title,
            str(one.notice.plan),
            _place(one),
            one.notice.at,
        ),
    )
    paragraphs = []
    for _plan, of_plan in groupby(ordered, key=lambda one: one.notice.plan):
        in_plan = list(of_plan)
        title = in_plan[0].snapshot.plan.title
        paragraphs.append(f"{title}\n{'=' * min(len(title), 72)}")
        if in_plan[0].snapshot.plan.asks_second_factor:  # a mailbox asks for none
            link = mail.link(settings, f"/plans/{in_plan[0].snapshot.plan.slug}")
            paragraphs.append(
                _("There is something new. The plan tells it after the second step at sign-in:") + f"\n  {link}"
            )
            continue
        for _task, of_task in groupby(in_plan, key=lambda one: one.notice.task or one.notice.review):
            about = list(of_task)
            last = about[-1]
            lines = [caption_of(last.notice, last.snapshot)]
            lines += list(dict.fromkeys(f"  {sentence(one.notice, one.snapshot, day)}" for one in about))
            lines.append(f"  {mail.link(settings, path_of(last.notice, last.snapshot))}")
            lines += [_linked(unit, mail.link(settings, path)) for unit, path in last.links]
            paragraphs.append("\n".join(lines))
    return paragraphs
