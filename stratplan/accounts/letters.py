"""Letters with one-time links, in the language of whoever gets them; where no mail server is set, none are sent."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable

from litestar_htmx import HTMXRequest

from stratplan import mail
from stratplan.accounts import one_time
from stratplan.accounts.models import Profile, is_open
from stratplan.accounts.one_time import Purpose
from stratplan.i18n import LANGUAGES, _, use_language
from stratplan.settings import Settings
from stratplan.web import base_of, reader_of

log = logging.getLogger("stratplan.accounts")


_under_way: set[asyncio.Task[None]] = set()


def _settings(request: HTMXRequest) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


def can_mail(request: HTMXRequest) -> bool:
    """Whether letters can be sent from here."""
    return mail.is_set(_settings(request))


def address_of(request: HTMXRequest, token: str) -> str:
    """The whole address of a one-time link: under the name that people know the site by, where one is set."""
    return f"{base_of(request)}/links/{token}"


def _later(work: Callable[[], Awaitable[None]]) -> None:
    """Send after the answer: how long a mail server takes, or whether there is anything to send, tells nothing."""

    async def sent() -> None:
        try:
            await work()
        except mail.MailFailed as failure:  # the mail server's matter: the person may ask again
            log.warning(json.dumps({"event": "letter", "outcome": type(failure).__name__}))
        except Exception as failure:  # nobody waits for this task: what it raised would be heard by no one
            log.exception("a letter was not sent", exc_info=failure)

    task = asyncio.create_task(sent())
    _under_way.add(task)
    task.add_done_callback(_under_way.discard)


async def all_sent(*, within: float | None = None) -> None:
    """Wait for the letters that are under way; those that take longer than `within` seconds are given up."""
    try:
        async with asyncio.timeout(within):
            while _under_way:
                await asyncio.wait(set(_under_way))
    except TimeoutError:
        given_up = set(_under_way)
        log.warning(json.dumps({"event": "letter", "outcome": "given up", "letters": len(given_up)}))
        for task in given_up:
            task.cancel()
        await asyncio.wait(given_up, timeout=1)


def _language(profile: Profile, otherwise: str) -> str:
    return profile.language if profile.language in LANGUAGES else otherwise


def send_link(request: HTMXRequest, profile: Profile, token: str, purpose: Purpose, *, to: str = "") -> bool:
    """Send a link to its owner (or to the address it is to confirm); whether letters are sent at all."""
    settings, language = _settings(request), _language(profile, reader_of(request).language)
    if not can_mail(request):
        return False
    address = address_of(request, token)
    with use_language(language):
        subject, text = _letter(purpose, profile.name, address)

    async def work() -> None:
        await mail.send(mail.Letter(to or profile.email, subject, text, language), settings)

    _later(work)
    return True


def send_forgotten(request: HTMXRequest, email: str) -> None:
    """Make a link to a new password and send it to the owner of the address, if it has one: looked for only after the
    answer, which comes as soon whether it has."""
    settings = _settings(request)
    if not can_mail(request):
        return
    address, readers = address_of(request, ""), reader_of(request).language

    async def work() -> None:
        profile = await Profile.find_one({"email_folded": email})
        account = None if profile is None else profile.id
        if profile is None or account is None or not await is_open(account):
            return
        language = _language(profile, readers)
        token = await one_time.make(Purpose.FORGOTTEN, account)
        with use_language(language):
            subject, text = _letter(Purpose.FORGOTTEN, profile.name, address + token)
        await mail.send(mail.Letter(profile.email, subject, text, language), settings)

    _later(work)


def _letter(purpose: Purpose, name: str, address: str) -> tuple[str, str]:
    greeting = _("Hello %(name)s!", name=name)
    match purpose:
        case Purpose.INVITATION:
            subject = _("You are invited to stratplan")
            body = _("You have been invited to work on a strategic plan. Open this link and choose a password:")
        case Purpose.EMAIL:
            subject = _("Confirm your e-mail address")
            body = _("Open this link to make this address the one that you sign in with:")
        case _:
            subject = _("Choose a new password")
            body = _("Open this link and choose a new password for stratplan:")
    end = _(
        "The link is good once and expires after: %(time)s. If you did not expect this letter, do nothing.",
        time=purpose.lasts,
    )
    return subject, f"{greeting}\n\n{body}\n\n{address}\n\n{end}\n"
