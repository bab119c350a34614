"""Starts the real clamd with one signature of our own: no database of viruses is needed, and nothing that is one."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

MARKER = b"for the tests of stratplan this sentence is a virus"
NAME = "Stratplan.Test"  # clamd adds that the signature is nobody's but ours
SOON = 30.0  # seconds
PLACES = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", f"{sys.prefix}/clamav/usr/sbin"])
CONFIGURATION = """\
Foreground yes
DatabaseDirectory {folder}/signatures
LocalSocket {folder}/socket
TCPAddr 127.0.0.1
TCPSocket {port}
StreamMaxLength 3M
MaxThreads 2
"""


@dataclass(frozen=True, slots=True)
class Clamd:
    """A clamd that listens at a unix socket and at a port."""

    unix: str
    tcp: str


@contextmanager
def running_clamd() -> Iterator[Clamd]:
    """The scanner, which ends with the block."""
    program = shutil.which("clamd", path=PLACES)
    if program is None:
        pytest.fail("clamd is not there: make setup-tests")
    with tempfile.TemporaryDirectory(prefix="cd-") as folder:
        signatures = Path(folder, "signatures")
        signatures.mkdir()
        (signatures / "own.ndb").write_text(f"{NAME}:0:*:{MARKER.hex()}\n")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        configuration = Path(folder, "clamd.conf")
        configuration.write_text(CONFIGURATION.format(folder=folder, port=port))
        with (
            Path(folder, "said").open("w+") as said,
            subprocess.Popen([program, "-c", configuration], stdout=said, stderr=said) as process,
        ):
            try:
                _wait(process, Path(folder, "socket"), said.name)
                yield Clamd(f"unix:{folder}/socket", f"127.0.0.1:{port}")
            finally:
                process.terminate()


def _wait(process: subprocess.Popen[bytes], path: Path, said: str) -> None:
    until = time.monotonic() + SOON
    while time.monotonic() < until and process.poll() is None:
        with socket.socket(socket.AF_UNIX) as asking:
            try:
                asking.connect(str(path))
                asking.sendall(b"zPING\0")
                if asking.recv(10) == b"PONG\0":
                    return
            except OSError:
                pass
        time.sleep(0.05)
    pytest.fail(f"clamd does not answer: {Path(said).read_text()}")
