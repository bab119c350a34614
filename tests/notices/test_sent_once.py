"""Sent once, with real processes, a real SMTP server and a real kill: the letters are counted where they arrive."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from stratplan.documents import now
from stratplan.notices.outbox import LEASE
from stratplan.settings import Settings
from tests.factories import Made
from tests.letters import Letterbox, letterbox
from tests.notices.making import make_head, make_notice, outbox, states


@contextmanager
def process(uri: str, settings: Settings, box: Letterbox, step: str = "-") -> Iterator[subprocess.Popen[str]]:
    """A process of its own that sends what is due, or stands still at `step`."""
    command = [sys.executable, "-m", "tests.notices.sending", uri, settings.mongodb_database, str(box.port), step]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        try:
            yield running
        finally:
            running.kill()


async def said(running: subprocess.Popen[str]) -> str:
    """The process's next line."""
    assert running.stdout is not None
    return (await asyncio.to_thread(running.stdout.readline)).strip()


async def one_letter(made: Made, settings: Settings, box: Letterbox) -> None:
    """A letter waits."""
    await make_notice(made, await make_head(made))
    assert await outbox(box, settings).gather_at_once() == 1


@pytest.mark.parametrize(
    ("step", "arrived", "state"),
    [
        ("claim", 1, "sent"),
        ("claimed", 1, "sent"),
        ("RCPT", 1, "sent"),  # the server stands still before it has the letter
        ("DATA", 0, "uncertain"),  # it has the letter, and has not taken it over when the connection goes
        ("250", 1, "uncertain"),  # it has taken it over, and its answer is under way
        ("taken", 1, "uncertain"),  # its answer has come, and nothing is marked
    ],
)
async def test_a_process_that_is_killed_while_sending_costs_no_second_letter(
    mongo_uri: str, settings: Settings, made: Made, step: str, arrived: int, state: str
) -> None:
    with letterbox() as box:
        await one_letter(made, settings, box)
        if step.isupper() or step.isdecimal():
            box.stall_at = step
        with process(mongo_uri, settings, box, step) as dying:
            assert await said(dying) == "ready"
            if box.stall_at:
                assert await asyncio.to_thread(box.stalled.wait, 20)
            else:
                assert await said(dying) == f"at {step}"
            os.kill(dying.pid, signal.SIGKILL)
            dying.wait(10)
        box.stall_at = ""
        box.go_on.set()

        await outbox(box, settings).tend()  # another process, at once: the letter may be somebody's
        later = outbox(box, settings, at=now() + LEASE * 2)
        await later.tend()
        await later.tend()

        assert len(box.letters) == arrived
        assert list((await states()).values()) == [state]


async def test_processes_that_send_side_by_side_send_every_letter_once(
    mongo_uri: str, settings: Settings, made: Made
) -> None:
    heads = [await make_head(made) for _ in range(30)]
    for head in heads:
        await make_notice(made, head)
    with letterbox() as box:
        await asyncio.gather(*(outbox(box, settings).gather_at_once() for _ in range(3)))
        with process(mongo_uri, settings, box) as one, process(mongo_uri, settings, box) as other:
            assert await said(one) == await said(other) == "ready"
            sent = [int(await said(one)), int(await said(other))]
        assert sum(sent) == len(heads)
        assert len(box.letters) == len(set(box.recipients)) == len(heads)
        assert len({str(letter["Message-ID"]) for letter in box.letters}) == len(heads)
        assert set((await states()).values()) == {"sent"}


async def test_one_killed_among_several_costs_nobody_else_a_letter(
    mongo_uri: str, settings: Settings, made: Made
) -> None:
    heads = [await make_head(made) for _ in range(10)]
    for head in heads:
        await make_notice(made, head)
    with letterbox() as box:
        await outbox(box, settings).gather_at_once()
        with process(mongo_uri, settings, box, "claimed") as dying:
            assert [await said(dying), await said(dying)] == ["ready", "at claimed"]
            with process(mongo_uri, settings, box) as living:
                assert [await said(living), await said(living)] == ["ready", str(len(heads) - 1)]
            dying.kill()
        await outbox(box, settings, at=now() + LEASE * 2).tend()
        assert len(box.letters) == len(set(box.recipients)) == len(heads)
