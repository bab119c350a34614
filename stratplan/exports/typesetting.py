"""Documents set in type as tagged PDF (PDF/UA-1 and PDF/A-2a), each in a process with bounds of its own.

The same content gives the same bytes: nothing of the clock or the machine is in them. See typesetter for the program
and templates/typst for how documents look.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from stratplan.errors import StratplanError
from stratplan.exports.printable import all_printable, fonts
from stratplan.settings import resource

PDF: Final = "application/pdf"
PROGRAM: Final = Path(__file__).with_name("typesetter.py")
MEMORY: Final = 4 * 1024**3  # bytes of address space; a report of 2,000 tasks takes a fraction
SECONDS: Final = 120  # of the processor; a busy machine may take PATIENCE times as long by the clock
PATIENCE: Final = 3
AT_ONCE: Final = 2
PASSED_ON: Final = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "SYSTEMROOT")  # nothing of what an administrator set

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)  # pictures are not dated

_places = threading.BoundedSemaphore(AT_ONCE)


class TypesettingFailed(StratplanError):
    """A document could not be set; the text says what typst, or the system, said of it."""


def typeset(
    template: str, content: Mapping[str, Any], *, made_at: datetime, memory: int = MEMORY, seconds: int = SECONDS
) -> bytes:
    """The PDF of a template (a file of templates/typst) filled with `content`, dated `made_at`.

    Texts in it are made printable here. Blocks: call it in a thread. Raises TypesettingFailed.
    """
    body = _set(template, content, made_at=made_at, memory=memory, seconds=seconds)
    if not body.startswith(b"%PDF"):
        raise TypesettingFailed(f"{template} could not be set: what came out is no PDF")
    return body


def drawn(template: str, content: Mapping[str, Any], *, dots: int) -> list[bytes]:
    """Each page of a template as a picture (PNG) of so many dots to the inch. Blocks. Raises TypesettingFailed."""
    pages = json.loads(_set(template, content, made_at=EPOCH, dots=dots))
    return [base64.b64decode(page) for page in pages]


def _set(
    template: str,
    content: Mapping[str, Any],
    *,
    made_at: datetime,
    memory: int = MEMORY,
    seconds: int = SECONDS,
    dots: int = 0,
) -> bytes:
    root = resource("templates") / "typst"
    job = {
        "template": template,
        "root": str(root),
        "fonts": str(fonts()),
        "content": json.dumps(all_printable(dict(content)), ensure_ascii=False),
        "made_at": int(made_at.timestamp()),
        "memory": memory,
        "seconds": seconds,
        "dots": dots,
    }
    with _places:
        try:
            done = subprocess.run(  # noqa: S603  # our own program
                [sys.executable, "-P", "-s", str(PROGRAM)],
                input=json.dumps(job).encode(),
                capture_output=True,
                timeout=seconds * PATIENCE,
                check=False,
                cwd=root,
                env={name: value for name in PASSED_ON if (value := os.environ.get(name)) is not None},
            )
        except subprocess.TimeoutExpired:
            raise TypesettingFailed(f"{template} was not set within {seconds * PATIENCE} s") from None
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip()[-2000:]
        raise TypesettingFailed(f"{template} could not be set (exit {done.returncode}): {said}")
    return done.stdout
