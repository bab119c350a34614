"""A real SMTP server in a thread of the test process, and the letters that it took over."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from threading import Event
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = "stratplan", "atslēga-9"


@dataclass
class Letterbox:
    """What the server was told to say, and what it took over."""

    port: int = 0
    letters: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    secured: list[bool] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)  # "RCPT" or "DATA" → what is answered instead
    stall_at: str = ""  # "RCPT", "DATA" (with the letter, before it is taken over) or "250" (after it was)
    stalled: Event = field(default_factory=Event)
    go_on: Event = field(default_factory=Event)

    def to(self, address: str) -> list[EmailMessage]:
        """The letters to one person."""
        return [letter for letter in self.letters if address in str(letter["To"])]

    async def _stall(self, step: str) -> None:
        if self.stall_at == step:
            self.stalled.set()
            await asyncio.to_thread(self.go_on.wait, 60)

    async def handle_RCPT(  # noqa: N802  # the names that aiosmtpd calls
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        await self._stall("RCPT")
        if "RCPT" in self.answers:
            return self.answers["RCPT"]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        await self._stall("DATA")
        if "DATA" in self.answers:
            return self.answers["DATA"]
        assert isinstance(envelope.content, bytes)
        letter = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        self.recipients += envelope.rcpt_tos
        self.secured.append(session.ssl is not None)
        await self._stall("250")
        return "250 OK"


def _knows(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    known = isinstance(data, LoginPassword) and data.login == USER.encode() and data.password == PASSWORD.encode()
    return AuthResult(success=known)


@contextmanager
def letterbox(*, tls: tuple[Path, Path] | None = None, asks_who: bool = False) -> Iterator[Letterbox]:
    """A server on a free port; with `tls` (certificate, key) it wants STARTTLS, with `asks_who` user and password."""
    box = Letterbox()
    options: dict[str, Any] = {"enable_SMTPUTF8": False}
    if tls is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*tls)
        options |= {"tls_context": context, "require_starttls": True}
    if asks_who:
        options |= {"authenticator": _knows, "auth_required": True, "auth_require_tls": tls is not None}
    controller = OnFreePort(box, **options)
    controller.start()
    box.port = controller.server.sockets[0].getsockname()[1]
    try:
        yield box
    finally:
        box.go_on.set()
        controller.stop()


class OnFreePort(Controller):
    """aiosmtpd's own server, on a port that the system picks."""

    def __init__(self, handler: Any, **options: Any) -> None:
        super().__init__(handler, hostname="127.0.0.1", port=0, **options)

    def _trigger_server(self) -> None:
        """The controller greets itself to see that it is up; it would call port 0."""
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


def certificate(folder: Path) -> tuple[Path, Path]:
    """A self-made certificate for 127.0.0.1 and its key."""
    made, key = folder / "certificate.pem", folder / "key.pem"
    made_for = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            *made_for,
            "-keyout",
            str(key),
            "-out",
            made,
        ],
        check=True,
        capture_output=True,
    )
    return made, key


__all__ = ["PASSWORD", "USER", "Letterbox", "certificate", "letterbox"]
