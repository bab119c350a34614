"""Listens to the commands that the program sends to MongoDB, for tests of how many there are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pymongo import monitoring


class _Listener(monitoring.CommandListener):
    def __init__(self) -> None:
        self.heard: list[list[str]] = []

    def started(self, event: Any) -> None:
        for sent in self.heard:
            sent.append(f"{event.command_name} {event.command[event.command_name]}")

    def succeeded(self, event: Any) -> None:
        """Nothing to note."""

    def failed(self, event: Any) -> None:
        """Nothing to note."""


# Clients made before a listener is registered never tell it anything.
_listener = _Listener()
monitoring.register(_listener)


@contextmanager
def listening() -> Iterator[list[str]]:
    """The commands sent while the block runs, each as "find tasks"."""
    sent: list[str] = []
    _listener.heard.append(sent)
    try:
        yield sent
    finally:
        _listener.heard.remove(sent)
