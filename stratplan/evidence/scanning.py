"""Looking for viruses: where the installation names a clamd (ClamAV), each file is given to it before it is kept.

Its own protocol, INSTREAM: the file in pieces, each after its length, and one line in answer. No packaged client fits:
aioclamd reaches no unix socket and sends 1 KiB at a time, clamav-client is GPL, clamd and pyclamd are left alone.
"""

from __future__ import annotations

import asyncio
import re
from typing import BinaryIO

from stratplan.i18n import N_

WITHIN = 60.0  # seconds for one file: a proxy waits twice as long
PIECE = 2**18
UNIX = "unix:"

INFECTED = N_("A virus was found in the file; it was not kept. Tell whoever looks after your computer.")
NOT_SCANNED = N_(
    "The file could not be searched for viruses, so it was not kept. Try again later; if it stays so, tell an "
    "administrator."
)


class NotScanned(Exception):
    """Whether there is a virus in a file is not known; the text says why, for the log."""


async def virus_in(file: BinaryIO, clamd: str) -> str | None:
    """What clamd calls the virus that it finds in the file, None where it finds none.

    `clamd` is where it listens: `unix:/path` or `host:port`. Raises NotScanned where it does not say.
    """
    try:
        async with asyncio.timeout(WITHIN):
            answer = await _answer(file, clamd)
    except (OSError, EOFError, asyncio.LimitOverrunError) as failure:
        raise NotScanned(type(failure).__name__) from failure
    if answer == "stream: OK":
        return None
    found = re.fullmatch(r"stream: (.+) FOUND", answer)
    if found is None:
        raise NotScanned(answer[:200])
    return found[1]


async def _answer(file: BinaryIO, clamd: str) -> str:
    reader, writer = await _connected(clamd)
    try:
        writer.write(b"zINSTREAM\0")
        await asyncio.to_thread(file.seek, 0)
        while piece := await asyncio.to_thread(file.read, PIECE):
            writer.write(len(piece).to_bytes(4, "big") + piece)
            await writer.drain()
        writer.write(bytes(4))
        await writer.drain()
        return (await reader.readuntil(b"\0"))[:-1].decode("utf-8", "replace")
    finally:
        writer.close()


async def _connected(clamd: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if clamd.startswith(UNIX):
        return await asyncio.open_unix_connection(clamd.removeprefix(UNIX))
    host, _colon, port = clamd.rpartition(":")
    return await asyncio.open_connection(host.strip("[]"), int(port))
