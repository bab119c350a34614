"""Killed for real at every step of closing, the process or the database: the review is open with nothing frozen, or
closed and whole, and never anything between."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from stratplan.embedded import server
from stratplan.embedded.server import private_mongod
from tests.reviews.closing_process import STEPS

NAME = "killed"
OPEN = {"state": "open", "editions": [], "whole": [], "kept": [0, 0, 0], "told": 0}
CLOSED = {"state": "closed", "editions": [[1, 39, 38]], "whole": [True], "kept": [2, 78, 38], "told": 1}


@contextmanager
def process(uri: str, *do: str) -> Iterator[subprocess.Popen[str]]:
    """A process of its own that does something to the review."""
    command = [sys.executable, "-m", "tests.reviews.closing_process", uri, NAME, *do]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        try:
            yield running
        finally:
            running.kill()


def said(running: subprocess.Popen[str]) -> str:
    """The process's next line."""
    assert running.stdout is not None
    return running.stdout.readline().strip()


def outcome(uri: str, *do: str) -> list[str]:
    """All lines of a process that comes to its end."""
    with process(uri, *do) as running:
        text, _errors = running.communicate(timeout=180)
    assert running.returncode == 0
    return text.splitlines()


def looked_and_closed_again(uri: str) -> tuple[dict[str, Any], str, dict[str, Any]]:
    """What a process that comes later finds, what closing comes to then, and what there is after that."""
    found, _ready, closed, after = outcome(uri, "again")
    return json.loads(found), closed, json.loads(after)


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Path, str]]:
    """A database server that only these tests use, and the folder of its data."""
    with (
        pytest.MonkeyPatch.context() as patch,
        tempfile.TemporaryDirectory(prefix="sp-") as name,
        private_mongod(Path(name), binary=None, say=lambda _: None, serving=False) as uri,
    ):
        patch.setattr(server, "MOST_DEATHS", len(STEPS) + 1)  # within a minute
        yield Path(name), uri


@pytest.mark.parametrize("step", STEPS)
def test_a_process_that_is_killed_while_closing_leaves_the_review_open_or_closed(
    served: tuple[Path, str], step: str
) -> None:
    _folder, uri = served
    outcome(uri, "prepare")
    with MongoClient[dict[str, Any]](uri) as client:  # what a dead process was writing is given up after a minute
        client.admin.command("setParameter", 1, transactionLifetimeLimitSeconds=3)
    with process(uri, "close", step) as dying:
        assert [said(dying), said(dying)] == ["ready", f"at {step}"]
        os.kill(dying.pid, signal.SIGKILL)
        dying.wait(10)
    found, closed, after = looked_and_closed_again(uri)
    if step == "committed":
        assert found == CLOSED
        assert closed.startswith("refused")
    else:
        assert found == OPEN
        assert closed == "closed"
    assert after == CLOSED


@pytest.mark.parametrize("step", STEPS)
def test_a_database_that_is_killed_while_closing_leaves_the_review_open_or_closed(
    served: tuple[Path, str], step: str
) -> None:
    folder, uri = served
    outcome(uri, "prepare")
    with process(uri, "close", step) as closing:
        assert [said(closing), said(closing)] == ["ready", f"at {step}"]
        os.kill(int((folder / "database" / "mongodb" / "mongod.lock").read_text()), signal.SIGKILL)
        text, _errors = closing.communicate("go on\n", timeout=180)  # the server is started again by who keeps it
    says_closed = text.splitlines()[-1:] == ["closed"]
    found, _closed, after = looked_and_closed_again(uri)
    assert found == (CLOSED if says_closed else OPEN)
    assert says_closed or step != "committed"
    assert after == CLOSED
