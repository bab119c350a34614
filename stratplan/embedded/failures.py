"""Why mongod ended while it started: what its log tells, in a sentence for a person."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from stratplan.embedded.data_folder import DataFolder
from stratplan.embedded.programs import Program, needs_avx
from stratplan.errors import DatabaseUnavailable
from stratplan.i18n import _

# How mongod tells that its data were written by a version that it cannot follow.
OTHER_VERSION_STATUS = 62
OTHER_VERSION = re.compile(
    r"unsupported WiredTiger|too recent to start up|Wrong mongod version|invalid feature ?compatibility ?version", re.I
)


@dataclass(frozen=True, slots=True)
class Complaint:
    """An error in mongod's log: the whole line, and its most telling message."""

    line: str
    message: str


def why_it_ended(
    status: int, program: Program, folder: DataFolder, *, log_from: int, written_by: str | None
) -> DatabaseUnavailable:
    """The reason, from the exit status and the log since `log_from`; `written_by` is the version of the data."""
    if status == -signal.SIGILL:
        return needs_avx(program.path)
    complaints = list(_complaints(folder, log_from))
    told = " ".join(complaint.line for complaint in complaints)
    if "No space left on device" in told:
        return DatabaseUnavailable(
            _("The disk of the data folder %(folder)s is full. Free some space and start again.")
            % {"folder": folder.path}
        )
    if status == OTHER_VERSION_STATUS or OTHER_VERSION.search(told):
        return DatabaseUnavailable(
            _(
                "The data in %(folder)s were written by another version of MongoDB (%(written_by)s) than %(path)s, "
                "which is %(version)s and cannot read them. Name a mongod of a fitting version in "
                "STRATPLAN_MONGOD, or another folder in STRATPLAN_DATA_DIR."
            )
            % {
                "folder": folder.path,
                "written_by": written_by or "?",
                "path": program.path,
                "version": program.version,
            }
        )
    if "DBPathInUse" in told:
        return DatabaseUnavailable(
            _("Another MongoDB server already uses the data in %(folder)s. Stop it and start again.")
            % {"folder": folder.path}
        )
    return DatabaseUnavailable(
        _(
            "The database server ended while it started (%(reason)s). "
            "Its log %(log)s may tell more; correct the cause and start again."
        )
        % {"reason": complaints[0].message if complaints else status, "log": folder.log}
    )


def _complaints(folder: DataFolder, log_from: int) -> Iterator[Complaint]:
    with suppress(OSError), folder.log.open("rb") as file:
        file.seek(log_from)
        for line in file:
            with suppress(ValueError, AttributeError):
                entry = json.loads(line)
                if entry.get("s") in ("E", "F"):
                    yield Complaint(line.decode(errors="replace"), _message(entry))


def _message(entry: dict[str, Any]) -> str:
    attributes = entry.get("attr", {})
    message = attributes.get("message", attributes.get("error", entry["msg"]))
    while isinstance(message, dict):
        message = message.get("msg") or message.get("errmsg") or entry["msg"]
    return str(message).strip()
