"""Waiting in short naps, for a limited time; the person is told once what is waited for when it takes long."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

Say = Callable[[str], None]


class Patience:
    """How long something is waited for, in seconds."""

    def __init__(self, seconds: float, say: Say, *, said_after: float = 0.7) -> None:
        now = time.monotonic()
        self._say = say
        self._say_at = now + said_after
        self._ends_at = now + seconds

    def nap(self, sentence: str, seconds: float = 0.05) -> bool:
        """Sleep a moment; False, and at once, when the time is over. Says `sentence` once when it is time to."""
        now = time.monotonic()
        if now > self._say_at:
            self._say_at = math.inf
            self._say(sentence)
        if now > self._ends_at:
            return False
        time.sleep(seconds)
        return True
