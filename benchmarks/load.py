"""A small HTTP client that keeps a fixed number of requests under way: quick enough not to be what is measured."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass
from typing import cast

CONNECTIONS = 8
LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for one request."""

    status: int
    length: int
    seconds: float


class _Connection(asyncio.Protocol):
    """One connection that sends the same request again as soon as it is answered."""

    def __init__(self, request: bytes, until: float) -> None:
        self.request = request
        self.until = until
        self.answered = 0
        self.last: Answer | None = None
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._transport: asyncio.Transport | None = None
        self._buffer = b""
        self._missing = 0
        self._sent = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)
        self._ask()

    def _ask(self) -> None:
        assert self._transport is not None
        self._sent = time.perf_counter()
        self._transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        """Read the answer, and ask again while there is time."""
        if self._missing:
            self._missing -= len(data)
        else:
            self._buffer += data
            head, found, rest = self._buffer.partition(b"\r\n\r\n")
            if not found:
                return
            length = LENGTH.search(head + b"\r\n")
            size = int(length[1]) if length else 0
            self._buffer = b""
            self._missing = size - len(rest)
            self.last = Answer(int(head[9:12]), size, 0.0)
        if self._missing > 0:
            return
        self._missing = 0
        self.answered += 1
        now = time.perf_counter()
        assert self.last is not None
        self.last = Answer(self.last.status, self.last.length, now - self._sent)
        if now < self.until:
            self._ask()
        else:
            assert self._transport is not None
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """End, with the reason where it was not ours."""
        if not self.done.done():
            if exc is None and self.last is not None:
                self.done.set_result(None)
            else:
                self.done.set_exception(exc or ConnectionError("the server closed the connection"))


def _request(port: int, path: str, token: str) -> bytes:
    lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Accept-Encoding: gzip, br", "Accept: text/html"]
    if token:
        lines.append(f"Cookie: session={token}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def ask(port: int, path: str, token: str = "") -> Answer:
    """One request on a connection of its own, in the session of that token; seconds are from sending it to its last
    byte."""
    loop = asyncio.get_running_loop()
    _transport, connection = await loop.create_connection(
        lambda: _Connection(_request(port, path, token), 0), "127.0.0.1", port
    )
    await connection.done
    assert connection.last is not None
    return connection.last


async def requests_a_second(port: int, path: str, seconds: float, token: str = "") -> float:
    """How many answers a second come back on a few connections that ask all the time."""
    loop = asyncio.get_running_loop()
    started = time.perf_counter()
    opened = [
        await loop.create_connection(
            lambda: _Connection(_request(port, path, token), started + seconds), "127.0.0.1", port
        )
        for _ in range(CONNECTIONS)
    ]
    connections = [connection for _transport, connection in opened]
    await asyncio.gather(*(connection.done for connection in connections))
    bad = {connection.last.status for connection in connections if connection.last} - {200}
    if bad:
        raise RuntimeError(f"{path} answered {bad}")
    return sum(connection.answered for connection in connections) / (time.perf_counter() - started)
