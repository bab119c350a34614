"""Jobs beside the requests: one that fails stops no other, and all of them stop when the server does."""

from __future__ import annotations

import asyncio
import json
import logging
import time

import pytest

from stratplan import background
from stratplan.background import Job, running


async def test_a_job_that_fails_is_told_in_one_line_and_stops_no_other(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "stratplan.background")
    done = 0

    async def works() -> int:
        nonlocal done
        done += 1
        return done == 1

    async def fails() -> int:
        raise ConnectionError("secret of the inside")

    async with running([Job("fails", 0.01, fails), Job("works", 0.01, works)]):
        await asyncio.sleep(0.3)
    assert done >= 3
    lines = [json.loads(record.getMessage()) for record in caplog.records]
    assert {"event": "job", "job": "works", "done": True} in lines
    failures = [line for line in lines if line["event"] == "job failed"]
    assert failures[0] == {"event": "job failed", "job": "fails", "error": "ConnectionError", "again_in_s": 0.02}
    assert 2 <= len(failures) <= 6  # more and more seldom
    assert "secret" not in caplog.text


async def test_a_seldom_job_that_fails_is_not_tried_more_often_for_it(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "LONGEST_PAUSE", 0.01)

    async def fails() -> int:
        raise ConnectionError

    async with running([Job("fails", 0.05, fails)]):
        await asyncio.sleep(0.12)
    assert {json.loads(record.getMessage())["again_in_s"] for record in caplog.records} == {0.05}


async def test_jobs_stop_within_a_second_whatever_they_are_doing() -> None:
    begun = asyncio.Event()

    async def takes_long() -> int:
        begun.set()
        await asyncio.sleep(600)
        return 0

    async def stops_late() -> int:
        try:
            await asyncio.sleep(600)
        except asyncio.CancelledError:
            await asyncio.sleep(2)
            raise
        return 0

    async with running([Job("long", 1, takes_long), Job("late", 1, stops_late)]):
        await begun.wait()
        started = time.perf_counter()
    assert time.perf_counter() - started < 1.5
