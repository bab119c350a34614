"""The log: one JSON object a line, with what an investigation needs and nothing of a person."""

from __future__ import annotations

import json
import logging
import sys
from datetime import datetime

import httpx
import pytest

from stratplan import database
from stratplan.frame import Frame
from stratplan.log_lines import JsonLines
from stratplan.permissions import Role
from tests.conftest import reading
from tests.factories import SOMEBODY, Made, make_account


def line_of(message: str, *, failed: bool = False) -> str:
    failure = None
    if failed:
        try:
            raise ValueError("inside\nof it")
        except ValueError:
            failure = sys.exc_info()
    return JsonLines().format(logging.LogRecord("stratplan.x", logging.INFO, "x.py", 1, message, None, failure))


def said(caplog: pytest.LogCaptureFixture, event: str) -> list[dict[str, object]]:
    lines = [json.loads(JsonLines().format(record)) for record in caplog.records if record.name.startswith("stratplan")]
    return [line for line in lines if line.get("event") == event]


def test_each_record_is_one_line_with_its_time() -> None:
    ours = json.loads(line_of('{"event": "request", "status": 403, "at": "never"}'))
    assert (ours["event"], ours["status"], ours["level"], ours["logger"]) == ("request", 403, "info", "stratplan.x")
    assert datetime.fromisoformat(ours["at"]).utcoffset() is not None
    failure = line_of("it failed", failed=True)
    assert "\n" not in failure
    assert "ValueError: inside\nof it" in json.loads(failure)["traceback"]


def test_nothing_in_a_message_begins_a_line_of_its_own() -> None:
    forged = ("\n", "a\nb\r\n{}", "\u2028\x85\x1b[2J\x9b", '{"event"', "{}", "[]", '{"a": "\\n\\u2028"}')
    for text in forged:
        line = line_of(text)
        assert line.isascii()
        assert line.isprintable()
        assert json.loads(line)["logger"] == "stratplan.x"


async def test_a_denied_request_is_a_line_with_its_account_and_the_right_that_was_missing(
    app: Frame, made: Made, caplog: pytest.LogCaptureFixture
) -> None:
    member = await make_account(Role.COUNCIL, name="Zane Kalniņa")
    with caplog.at_level(logging.INFO, "stratplan"):
        async with reading(app, member) as client:
            await client.get("/people")
            await client.post("/plans/plans/terms", data={"word": "noslēpums"})
        async with reading(app, None) as stranger:
            await stranger.get("/plans/plans/tasks")
    lines = said(caplog, "request")
    assert [(line["denied"], line["status"]) for line in lines] == [
        ("accounts:read", 404),
        ("plans:write", 403),
        ("goals:read", 404),
    ]
    assert [line["account"] for line in lines] == [str(member.key), str(member.key), None]
    texts = " ".join(record.getMessage() for record in caplog.records if record.name.startswith("stratplan"))
    assert [text for text in ("Zane", "noslēpums", "127.0.0.1") if text in texts] == []


async def test_what_is_refused_at_the_door_is_a_line(
    client: httpx.AsyncClient, made: Made, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "stratplan"):
        await client.get("/plans", headers={"host": "evil.example"})
        await client.get("/plans", headers={"x-many": "a" * 40_000})
        await client.post("/plans/plans/terms", headers={"origin": "https://evil.example"})
        await client.post("/plans/plans/terms", json={"word": {"$gt": ""}})
        await client.request("TRACE", "/plans")
    assert [line["status"] for line in said(caplog, "request")] == [400, 431, 403, 415, 405]


async def test_signing_in_and_failing_to_are_lines_without_the_address(
    app: Frame, made: Made, caplog: pytest.LogCaptureFixture
) -> None:
    from stratplan.accounts import passwords

    account = await make_account(email="zane@example.lv")
    await passwords.keep(account.key, await passwords.hashed("zirgs bērzs trauks"))
    with caplog.at_level(logging.INFO, "stratplan"):
        async with reading(app, None) as client:
            for password in ("nav tā parole", "zirgs bērzs trauks"):
                await client.post("/sign-in", data={"email": "zane@example.lv", "password": password})
            await client.post("/sign-out")
    for event in ("sign-in refused", "signed in", "signed out"):
        assert [line["account"] for line in said(caplog, event)] == [str(account.key)]
    texts = " ".join(record.getMessage() for record in caplog.records)
    assert "zane@" not in texts
    assert "zirgs" not in texts
    assert "nav tā" not in texts


async def test_a_failure_page_has_the_id_that_the_log_has_and_nothing_else(
    client: httpx.AsyncClient, made: Made, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(self: object) -> bool:
        raise RuntimeError("mongodb://admin:hunter2@inside")

    monkeypatch.setattr(database.Database, "is_alive", broken)
    with caplog.at_level(logging.INFO, "stratplan"):
        answer = await client.get("/health")
    assert answer.status_code == 500
    assert answer.headers["x-request-id"] in answer.text
    assert answer.headers["x-request-id"] in caplog.text
    assert "hunter2" in caplog.text
    assert "RuntimeError" not in answer.text
    assert "hunter2" not in answer.text
    assert made.plan.title
    assert SOMEBODY
