"""Where to tell of a weakness: said only where the administrator has said whom."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from pydantic import ValidationError

from stratplan.app import create_app
from stratplan.settings import Settings
from tests.conftest import reading
from tests.factories import TODAY_IN_PLAN, Made


async def test_the_contact_is_told_with_the_day_until_which_it_holds(
    mongo_uri: str, settings: Settings, stranger: httpx.AsyncClient, made: Made
) -> None:
    assert (await stranger.get("/.well-known/security.txt")).status_code == 404
    there = settings.model_copy(
        update={"security_contact": "mailto:drosiba@example.lv", "address": "https://plans.example.lv"}
    )
    async with reading(create_app(there, mongo_uri, today=lambda: TODAY_IN_PLAN), None) as anybody:
        answer = await anybody.get("/.well-known/security.txt")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    said = dict(line.split(": ", 1) for line in answer.text.splitlines())
    assert said["Contact"] == "mailto:drosiba@example.lv"
    assert said["Canonical"] == "https://plans.example.lv/.well-known/security.txt"
    left = datetime.fromisoformat(said["Expires"]) - datetime.now(UTC)
    assert timedelta(days=30) < left < timedelta(days=365)


def test_a_contact_is_an_address() -> None:
    for wrong in (
        "drosiba@example.lv",
        "http://example.lv",
        "mailto:a@b.lv\nContact: mailto:evil@example.com",
        "javascript:1",
    ):
        with pytest.raises(ValidationError):
            Settings(_env_file=None, security_contact=wrong)
