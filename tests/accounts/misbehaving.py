"""A server that answers as a test says: a provider gone wrong, or one that changes what the real one answers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx

# What is sent back byte by byte: a whole answer with its head, or pieces of one for as long as the other side listens.
Handler = Callable[[str, str, Mapping[str, str], bytes], Awaitable[bytes] | AsyncIterator[bytes]]


def answer(body: bytes | Mapping[str, Any], *, status: int = 200, **headers: str) -> bytes:
    """A whole HTTP answer; a mapping is sent as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} Told", f"content-length: {len(content)}", "connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


@asynccontextmanager
async def serving(handle: Handler) -> AsyncIterator[str]:
    """The address of a server whose every answer `handle` makes, from method, target, headers and body."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            method, target, _ = head[0].split(" ", 2)
            headers = {line.split(":", 1)[0].lower(): line.split(":", 1)[1].strip() for line in head[1:] if line}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            made = handle(method, target, headers, body)
            if isinstance(made, AsyncIterator):
                async for piece in made:
                    writer.write(piece)
                    await writer.drain()
            else:
                writer.write(await made)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the other side had enough
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


class Between:
    """Stands between stratplan and the real provider; `change` may alter an answer to a path before it goes on."""

    def __init__(self) -> None:
        self.provider = ""
        self.heard: list[str] = []
        self.change: Callable[[str, dict[str, Any]], Mapping[str, Any]] = lambda _, fields: fields

    async def __call__(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> bytes:
        path = target.partition("?")[0]
        self.heard.append(f"{method} {path}")
        passed = {name: value for name, value in headers.items() if name not in ("connection", "content-length")}
        async with httpx.AsyncClient(trust_env=False) as client:
            reply = await client.request(method, self.provider + target, headers=passed, content=body)
        content = reply.content
        if reply.headers.get("content-type", "").startswith("application/json"):
            content = json.dumps(self.change(path, reply.json())).encode()
        kept = [
            (name, value)
            for name, value in reply.headers.multi_items()
            if name not in ("content-length", "connection", "transfer-encoding", "content-encoding", "keep-alive")
        ]
        lines = [f"HTTP/1.1 {reply.status_code} Passed", f"content-length: {len(content)}", "connection: close"]
        return "\r\n".join([*lines, *(f"{n}: {v}" for n, v in kept)]).encode() + b"\r\n\r\n" + content
