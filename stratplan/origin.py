"""Where a request comes from: under which name and how securely we were called, and from which address.

What a proxy says of that is believed only of the proxies that the administrator lists.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any
from urllib.parse import SplitResult, urlsplit

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

OWN_NAMES = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Origin:
    """How one request reached us: `host` as the browser named it (with its port), `address` of whoever sent it."""

    host: str
    is_secure: bool
    address: str

    @property
    def session_cookie(self) -> str:
        """The session cookie's name: behind TLS one that browsers accept from this very host alone."""
        return self.cookie("session")

    def cookie(self, name: str) -> str:
        """What a cookie of ours is called: behind TLS no other host and no plain connection can have set it."""
        return f"__Host-{name}" if self.is_secure else name

    @property
    def base(self) -> str:
        """The site's address as the reader reaches it, without a path."""
        return f"{'https' if self.is_secure else 'http'}://{self.host}"


class Sites:
    """The names that this server goes by and the proxies that it believes; `public` is its address for people."""

    def __init__(self, *, public: str | None = None, hosts: Iterable[str] = (), proxies: Iterable[str] = ()) -> None:
        self.public = parts_of(public or "")
        self.names = frozenset({*OWN_NAMES, *hosts} | ({self.public.hostname} if self.public.hostname else set()))
        self.proxies = tuple(ip_network(proxy) for proxy in proxies)

    def knows(self, host: str) -> bool:
        """Whether a Host header names this server."""
        return parts_of(f"//{host}").hostname in self.names

    def trusts(self, address: str) -> bool:
        """Whether what comes from this address is a listed proxy's."""
        try:
            found = ip_address(address)
        except ValueError:
            return False
        return any(found in network for network in self.proxies)

    def origin_of(self, scope: Mapping[str, Any], headers: Mapping[bytes, str]) -> Origin:
        """Where a request comes from; of a chain of addresses the last one that no listed proxy has."""
        client = (scope.get("client") or ("", 0))[0]
        host, scheme = headers.get(b"host", ""), str(scope.get("scheme", "http"))
        if self.proxies and self.trusts(client):
            scheme = headers.get(b"x-forwarded-proto", scheme).rpartition(",")[2].strip()
            host = headers.get(b"x-forwarded-host", host).rpartition(",")[2].strip()
            for hop in reversed(headers.get(b"x-forwarded-for", "").split(",")):
                address = _address_in(hop.strip())
                if address is None:
                    break
                client = address
                if not self.trusts(client):
                    break
        return Origin(host, scheme == "https", client)


def _address_in(hop: str) -> str | None:
    """The address in what a proxy says of one hop, without the port that some add; None where there is none."""
    if hop.startswith("["):
        hop = hop[1:].partition("]")[0]
    elif hop.count(":") == 1:
        hop = hop.partition(":")[0]
    try:
        return str(ip_address(hop))
    except ValueError:
        return None


def parts_of(address: str) -> SplitResult:
    """The parts of an address; what is none, such as `http://[`, has none."""
    try:
        parts = urlsplit(address)
        parts.hostname, parts.port  # noqa: B018  # what cannot be read is found out here, not later
    except ValueError:
        return urlsplit("")
    return parts
