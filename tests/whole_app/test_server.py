"""What only the real server process decides: where a request ends, how it came, and how much of it is heard."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from stratplan.embedded.server import private_mongod
from tests.serving import serving


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a server with no proxies listed."""
    folder: Path = tmp_path_factory.mktemp("server")
    with (
        private_mongod(folder, binary=None, say=lambda _: None, serving=False) as uri,
        serving(uri, "server") as (address, _process),
    ):
        yield int(address.rpartition(":")[2])


def ask(port: int, request: bytes) -> tuple[int, bytes]:
    """The status of the first answer and all that came."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(request)
        connection.settimeout(2)
        came = b""
        try:
            while piece := connection.recv(65536):
                came += piece
        except TimeoutError:
            pass
        except ConnectionResetError:
            return 0, came
    return (int(came.split(b" ", 2)[1]) if came else 0), came


def get(path: bytes, *headers: bytes, method: bytes = b"GET") -> bytes:
    lines = [method + b" " + path + b" HTTP/1.1", b"Host: 127.0.0.1", b"Connection: close", *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n"


def test_what_a_request_says_of_its_way_is_not_believed(port: int) -> None:
    status, came = ask(port, get(b"/sign-in", b"X-Forwarded-Proto: https", b"X-Forwarded-For: 203.0.113.9"))
    assert status == 200
    assert b"strict-transport-security" not in came.lower()
    assert ask(port, get(b"/sign-in", b"X-Forwarded-Host: evil.example"))[0] == 200
    assert ask(port, get(b"/sign-in", b"Host: evil.example"))[0] == 400


def test_a_request_with_two_lengths_is_refused(port: int) -> None:
    for lengths in (
        [b"Content-Length: 5", b"Content-Length: 6"],
        [b"Content-Length: 5", b"Transfer-Encoding: chunked"],
        [b"Content-Length: -1"],
        [b"Content-Length: 5x"],
        [b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity"],
        [b"Transfer-Encoding: xchunked", b"Content-Length: 5"],
    ):
        request = get(b"/language", b"Content-Type: application/x-www-form-urlencoded", *lengths, method=b"POST")
        status, came = ask(port, request + b"0\r\n\r\nGET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert status in (0, 400), lengths
        assert came.count(b"HTTP/1.1 ") <= 1, lengths


def test_headers_that_no_browser_sends_are_refused_and_nobody_else_is_kept_waiting(port: int) -> None:
    assert ask(port, get(b"/health", b"Cookie: a=" + b"b" * 100_000))[0] in (0, 400, 431)
    assert ask(port, get(b"/health", *[b"X-%d: 1" % number for number in range(20_000)]))[0] in (0, 400, 431)
    assert ask(port, get(b"/health", b"X: a\x00b"))[0] in (0, 400)
    assert ask(port, get(b"/" + b"a" * 60_000))[0] in (0, 400, 404, 414, 431)
    for method in (b"TRACE", b"CONNECT", b"TRACK", b"nav-tada"):
        assert ask(port, get(b"/health", method=method))[0] in (400, 404, 405), method
    for path in (
        b"/../etc/passwd",
        b"/static/..%2f..%2fpyproject.toml",
        b"/%ff%fe",
        b"/%ed%a0%80",
        b"/%00",
        b"//evil/..",
        b"*",
    ):
        assert ask(port, get(path))[0] in (400, 404), path
    assert ask(port, get(b"/health"))[0] == 200


def test_answers_do_not_say_what_they_are_made_with(port: int) -> None:
    _status, came = ask(port, get(b"/sign-in"))
    head = came.partition(b"\r\n\r\n")[0].lower()
    assert b"\r\nserver:" not in head
    assert b"x-powered-by" not in head
    assert b"uvicorn" not in came.lower()
    assert b"litestar" not in came.lower()
