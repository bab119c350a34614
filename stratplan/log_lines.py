"""The log as it is written: one JSON object a line, whatever was said and whoever said it."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import TextIO

QUIETER = ("uvicorn", "pymongo", "asyncio", "httpx", "httpcore")  # said by others: only what may be wrong


class JsonLines(logging.Formatter):
    """Writes when (UTC), how grave, who says it and what. Nothing that stands in a message can begin a line of its own,
    and a failure's traceback is a part of its line."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line."""
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            **_said(record.getMessage()),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line)


def _said(message: str) -> dict[str, object]:
    """What our own lines say by name; of other libraries' lines the sentence."""
    if message.startswith("{"):
        try:
            said = json.loads(message)
        except ValueError:
            return {"message": message}
        if isinstance(said, dict):
            return {key: value for key, value in said.items() if key not in ("at", "level", "logger")}
    return {"message": message}


def write_to(stream: TextIO) -> None:
    """Have the whole process's log written there."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    for name in QUIETER:
        logging.getLogger(name).setLevel(logging.WARNING)
