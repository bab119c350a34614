"""Letters: plain text over SMTP, one recipient each. What is sent and when is for those who call.

A letter that could not be sent says whether to try again (`MailDelayed`), never (`MailRefused`), or that nobody can
tell whether it arrived (`MailUncertain`): the server had the whole letter and its answer is missing.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, make_msgid, parseaddr
from urllib.parse import urlsplit

import aiosmtplib

from stratplan.errors import StratplanError
from stratplan.settings import Settings

STEP = 15.0  # seconds that a server may take for one step of the dialogue
WHOLE = 60.0  # and for all of it
LONGEST_SUBJECT = 200
WANTS_OTHER_SETTINGS = (503, 530, 534, 535, 538)  # sign in first, or encrypt first: nothing wrong with the letter
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})*")

Check = Callable[[], Awaitable[None]]


class MailFailed(StratplanError):
    """A letter was not sent; the text is the server's answer or ours, without the letter's content."""


class MailDelayed(MailFailed):
    """Not now: the server is busy or away. Nothing was sent; try again later."""


class MailRefused(MailFailed):
    """Never: there is no such recipient, or the server will not take this letter. Nothing was sent."""


class MailUncertain(MailFailed):
    """The letter was handed over and the answer is missing: it may have been sent, or not."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter to one person in their language; `message_id` is made where none is given.

    `unsubscribe` is the address of the page on which the person says what they want to be written about.
    """

    to: str
    subject: str
    text: str
    language: str = "lv"
    message_id: str = ""
    unsubscribe: str = ""


def is_set(settings: Settings) -> bool:
    """Whether the administrator named a server to send letters through."""
    return bool(settings.smtp_host and settings.smtp_from)


def link(settings: Settings, path: str) -> str:
    """A page's whole address, as it stands in a letter."""
    return settings.base + path


def new_message_id(settings: Settings) -> str:
    """An id that no other letter has, for a letter that is about to be sent."""
    return make_msgid(domain=urlsplit(link(settings, "/")).hostname or "localhost")


def clean_address(address: str) -> str:
    """The address as SMTP takes it: one, in ASCII, its domain in Punycode where it has other letters.

    Raises MailRefused for what is none, such as an address with a line break.
    """
    name, at, domain = address.strip().rpartition("@")
    try:
        whole = f"{name}{at}{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        whole = ""
    if not _ADDRESS.fullmatch(whole):
        raise MailRefused("the recipient's address cannot be written to")
    return whole


def message_of(letter: Letter, settings: Settings) -> EmailMessage:
    """The letter as it is sent. No header carries a line break, whatever was in the subject or in a name."""
    message = EmailMessage(policy=SMTP_POLICY)
    name, sender = parseaddr(settings.smtp_from or "")
    message["From"] = Address(display_name=name, addr_spec=clean_address(sender))
    message["To"] = Address(addr_spec=clean_address(letter.to))
    message["Subject"] = " ".join(letter.subject.split())[:LONGEST_SUBJECT]
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = letter.message_id or new_message_id(settings)
    message["Auto-Submitted"] = "auto-generated"  # no out-of-office note comes back (RFC 3834)
    message["X-Auto-Response-Suppress"] = "All"
    if letter.unsubscribe:
        message["List-Unsubscribe"] = f"<{letter.unsubscribe}>"
    message.set_content(letter.text, cte="quoted-printable")
    message["Content-Language"] = letter.language
    return message


async def send(letter: Letter, settings: Settings, *, before_content: Check | None = None) -> None:
    """Send the letter; returns once the server has taken it over.

    `before_content` is awaited when the server has accepted sender and recipient and before it is given the content:
    until then nothing can have been sent. What it raises is raised on, and nothing is sent. Raises MailDelayed,
    MailRefused or MailUncertain.
    """
    message = message_of(letter, settings)
    sender, recipient = clean_address(parseaddr(settings.smtp_from or "")[1]), clean_address(letter.to)
    handed_over = False

    async def allowed() -> None:
        nonlocal handed_over
        if before_content is not None:
            await before_content()
        handed_over = True

    try:
        async with asyncio.timeout(WHOLE):
            await _converse(settings, sender, recipient, message.as_bytes(), allowed)
    except (aiosmtplib.SMTPAuthenticationError, aiosmtplib.SMTPConnectResponseError) as error:
        # About this server and these settings, not about the letter: it waits until they are put right.
        raise MailDelayed(f"the server did not let us in ({error.code})") from None
    except aiosmtplib.SMTPResponseException as error:
        raise _failure(error.code, error.message) from None
    except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
        reason = f"{type(error).__name__}: {error}"[:200]
        raise (MailUncertain if handed_over else MailDelayed)(reason) from None


async def _converse(settings: Settings, sender: str, recipient: str, content: bytes, allowed: Check) -> None:
    secure = settings.smtp_security
    server = aiosmtplib.SMTP(
        hostname=settings.smtp_host,
        port=settings.smtp_port,
        use_tls=secure == "tls",
        start_tls=secure == "starttls",
        tls_context=None if secure == "none" else ssl.create_default_context(cafile=settings.smtp_ca),
        timeout=STEP,
    )
    await server.connect()
    try:
        if settings.smtp_user is not None and settings.smtp_password is not None:
            await server.login(settings.smtp_user, settings.smtp_password.get_secret_value())
        await server.mail(sender)
        await server.rcpt(recipient)
        await allowed()
        await server.data(content)
    finally:
        # Good manners only: the letter is sent or not by now.
        try:
            async with asyncio.timeout(2):
                await server.quit()
        except (aiosmtplib.SMTPException, OSError, TimeoutError):
            server.close()


def _failure(code: int, answer: str) -> MailFailed:
    kind = MailDelayed if 400 <= code < 500 or code in WANTS_OTHER_SETTINGS else MailRefused
    return kind(f"{code} {' '.join(answer.split())}"[:200])
