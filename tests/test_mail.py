"""Letters over a real SMTP server: what arrives, over which way, and what a refusal means."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from stratplan import mail
from stratplan.mail import Letter, MailDelayed, MailRefused, MailUncertain
from stratplan.settings import Settings
from tests.letters import PASSWORD, USER, Letterbox, certificate, letterbox

LETTER = Letter(
    to="zane@example.org", subject="Termiņš pēc 7 dienām", text="Labdien!\n\nUzdevumam ļoti tuvs termiņš.\n"
)


@pytest.fixture
def box() -> Iterator[Letterbox]:
    """A server that asks for nothing."""
    with letterbox() as box:
        yield box


def through(box: Letterbox, **values: object) -> Settings:
    """Settings that send through this server."""
    return Settings(
        _env_file=None,
        **{  # type: ignore[arg-type]
            "smtp_host": "127.0.0.1",
            "smtp_port": box.port,
            "smtp_security": "none",
            "smtp_from": "Plāni <plani@example.lv>",
            **values,
        },
    )


async def test_a_letter_arrives_with_its_letters_and_says_that_a_program_wrote_it(box: Letterbox) -> None:
    await mail.send(LETTER, through(box))
    (letter,) = box.letters
    assert letter["Subject"] == "Termiņš pēc 7 dienām"
    assert letter.get_content().replace("\r\n", "\n") == LETTER.text
    assert letter.get_content_type() == "text/plain"
    assert str(letter["From"]) == "Plāni <plani@example.lv>"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["Content-Language"] == "lv"
    assert re.fullmatch(r"<[^@<>\s]+@127\.0\.0\.1>", letter["Message-ID"])
    assert box.recipients == ["zane@example.org"]


async def test_no_header_can_be_slipped_in(box: Letterbox) -> None:
    await mail.send(Letter(to=LETTER.to, subject="Viens\r\nBcc: cits@example.org\n\nTeksts", text="Īss."), through(box))
    (letter,) = box.letters
    assert letter["Bcc"] is None
    assert letter["Subject"] == "Viens Bcc: cits@example.org Teksts"
    for address in (
        "zane@example.org\r\nRCPT TO:<cits@example.org>",
        "zane@example.org, cits@example.org",
        "<zane@example.org>",
        "zane@example.org>",
        "zāne@example.org",
        "zane",
        "",
    ):
        with pytest.raises(MailRefused):
            await mail.send(Letter(to=address, subject="x", text="x"), through(box))
    assert len(box.letters) == 1


async def test_a_domain_with_latvian_letters_is_written_as_smtp_takes_it(box: Letterbox) -> None:
    await mail.send(Letter(to="zane@ķekava.lv", subject="x", text="x"), through(box))
    assert box.recipients == ["zane@xn--ekava-n5a.lv"]


async def test_over_starttls_with_a_user_and_a_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "STEP", 2.0)
    tls = certificate(tmp_path)
    with letterbox(tls=tls, asks_who=True) as box:
        settings = through(
            box, smtp_security="starttls", smtp_user=USER, smtp_password=SecretStr(PASSWORD), smtp_ca=tls[0]
        )
        await mail.send(LETTER, settings)
        assert box.secured == [True]
        with pytest.raises(MailDelayed):
            await mail.send(LETTER, settings.model_copy(update={"smtp_password": SecretStr("cita")}))
        with pytest.raises(MailDelayed, match=r"(?i)certificate"):
            await mail.send(LETTER, settings.model_copy(update={"smtp_ca": None}))
        with pytest.raises(MailDelayed):
            await mail.send(LETTER, settings.model_copy(update={"smtp_security": "none"}))
        assert len(box.letters) == 1


async def test_a_server_that_cannot_encrypt_gets_nothing(box: Letterbox) -> None:
    with pytest.raises(MailDelayed):
        await mail.send(LETTER, through(box, smtp_security="starttls"))
    assert box.letters == []


@pytest.mark.parametrize("step", ["RCPT", "DATA"])
@pytest.mark.parametrize(
    ("answer", "failure"), [("451 4.3.0 Try later", MailDelayed), ("550 5.1.1 No such person", MailRefused)]
)
async def test_what_the_server_answers_decides_whether_it_is_tried_again(
    box: Letterbox, step: str, answer: str, failure: type[Exception]
) -> None:
    box.answers[step] = answer
    with pytest.raises(failure, match=answer[:3]):
        await mail.send(LETTER, through(box))


async def test_a_server_that_is_away_is_tried_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(MailDelayed):
        await mail.send(LETTER, through(Letterbox(port=port)))


async def test_an_answer_that_is_missing_after_the_letter_was_handed_over_is_uncertain(
    box: Letterbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail, "STEP", 0.3)
    box.stall_at = "250"
    with pytest.raises(MailUncertain):
        await mail.send(LETTER, through(box))
    box.go_on.set()
    box.stall_at = ""


async def test_a_letter_is_held_back_before_its_content(box: Letterbox) -> None:
    async def no() -> None:
        raise LookupError

    with pytest.raises(LookupError):
        await mail.send(LETTER, through(box), before_content=no)
    assert box.letters == []


def test_letters_link_to_the_address_for_people() -> None:
    assert mail.link(Settings(_env_file=None, address="https://plani.example.lv"), "/me") == (
        "https://plani.example.lv/me"
    )
    assert mail.link(Settings(_env_file=None, host="::1", port=8001), "/me") == "http://[::1]:8001/me"


@pytest.mark.parametrize("sender", ["", "nobody", "a@example.lv\nBcc: b@example.lv"])
def test_a_server_without_a_good_sender_is_refused_at_the_start(sender: str) -> None:
    with pytest.raises(ValidationError):
        Settings(_env_file=None, smtp_host="127.0.0.1", smtp_from=sender or None)
