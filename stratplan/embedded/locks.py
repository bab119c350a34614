"""Locks by which processes agree who works with the data folder, and what they tell one another there."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path
from typing import Any


class Lock:
    """A lock that the system releases when its process ends, however it ends; its file tells about the holder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd: int | None = None

    @property
    def held(self) -> bool:
        """Whether this process holds it, alone or shared."""
        return self._fd is not None

    def take(self, *, shared: bool = False) -> bool:
        """Try to hold the lock, alone or shared; whether it is held now."""
        if self._fd is None:
            self._fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._fd, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            self.release()
            return False
        return True

    def release(self) -> None:
        """Let others have it."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def note(self) -> dict[str, Any]:
        """What the holder, and those before it, wrote."""
        try:
            told = json.loads(self.path.read_bytes())
        except (OSError, ValueError):
            return {}
        return told if isinstance(told, dict) else {}

    def write(self, **news: Any) -> None:
        """Add to the note, or change what it says."""
        if self._fd is None:
            raise RuntimeError("only the holder of a lock writes its note")
        note = json.dumps(self.note() | news).encode()
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, note, 0)
