"""Real server processes of the product on one database, and readers of their event streams."""

from __future__ import annotations

import json
import os
import queue
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest


@contextmanager
def serving(uri: str, database: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """`stratplan serve` in a process of its own on the database at `uri`; its address and the process."""
    environment = {
        **os.environ,
        "STRATPLAN_MONGODB_URI": uri,
        "STRATPLAN_MONGODB_DATABASE": database,
        "STRATPLAN_LANGUAGE": "en",
    }
    with (
        tempfile.TemporaryFile("w+") as said,
        subprocess.Popen(
            [sys.executable, "-m", "stratplan.cli", "serve", "--port", "0"],
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
            env=environment,
        ) as process,
    ):
        try:
            assert process.stdout is not None
            found = next((m for line in process.stdout if (m := re.search(r"http://[\d.]+:\d+", line))), None)
            if found is None:
                said.seek(0)
                pytest.fail(f"the server did not start:\n{said.read()}")
            yield found[0], process
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(20)


class Reading:
    """An open event stream: what it told so far, each event with the moment it came."""

    def __init__(self, address: str, **headers: str) -> None:
        self.events: queue.Queue[tuple[float, dict[str, Any]]] = queue.Queue()
        self.ended = threading.Event()
        self.ended_in_order = False
        self.status = 0
        self.headers = httpx.Headers()
        self.last_id = ""
        self._client = httpx.Client(timeout=60)
        self._asked = {
            "accept": "text/event-stream",
            **{name.replace("_", "-"): text for name, text in headers.items()},
        }
        self._address = address
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        try:
            with self._client.stream("GET", self._address, headers=self._asked) as answer:
                self.status, self.headers = answer.status_code, answer.headers
                for line in answer.iter_lines():
                    if line.startswith("id: "):
                        self.last_id = line[4:]
                    elif line.startswith("data: "):
                        self.events.put((time.monotonic(), json.loads(line[6:])))
            self.ended_in_order = True
        except (httpx.HTTPError, RuntimeError):
            pass  # closed from either side
        finally:
            self.ended.set()

    def next(self, seconds: float = 5) -> dict[str, Any]:
        """The next event; fails when none comes in so many seconds."""
        return self.events.get(timeout=seconds)[1]

    def close(self) -> None:
        """Go away, as a browser does whose tab is closed."""
        self._client.close()


@contextmanager
def reading(address: str, **headers: str) -> Iterator[Reading]:
    """An event stream that is open for as long as the block lasts, from its first event on."""
    reader = Reading(address, **headers)
    try:
        yield reader
    finally:
        reader.close()
