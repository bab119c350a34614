"""Where a request comes from: what proxies say is believed of those that are listed, and of nobody else."""

from __future__ import annotations

import httpx
import pytest

from stratplan.app import create_app
from stratplan.frame import Frame
from stratplan.origin import Origin, Sites
from stratplan.settings import Settings
from tests.factories import SOMEBODY, TODAY_IN_PLAN, Made, cookie_of, make_account

FORWARDED = {
    b"host": "10.0.0.5:8000",
    b"x-forwarded-for": "203.0.113.9, 10.1.0.1",
    b"x-forwarded-proto": "https",
    b"x-forwarded-host": "plans.example.lv",
}


def origin(client: str, headers: dict[bytes, str], *proxies: str) -> Origin:
    return Sites(proxies=proxies).origin_of({"client": (client, 1), "scheme": "http"}, headers)


def test_nobody_is_believed_unless_listed() -> None:
    for proxies in ((), ("192.0.2.0/24",)):
        assert origin("10.0.0.1", FORWARDED, *proxies) == Origin("10.0.0.5:8000", False, "10.0.0.1")


def test_a_listed_proxy_is_believed_and_of_a_chain_the_last_that_is_not_one() -> None:
    assert origin("10.0.0.1", FORWARDED, "10.0.0.0/8") == Origin("plans.example.lv", True, "203.0.113.9")
    assert origin("10.0.0.1", FORWARDED, "10.0.0.1") == Origin("plans.example.lv", True, "10.1.0.1")
    forged = FORWARDED | {b"x-forwarded-for": "198.51.100.1, 203.0.113.9"}
    assert origin("10.0.0.1", forged, "10.0.0.0/8").address == "203.0.113.9"


@pytest.mark.parametrize(
    ("hop", "address"),
    [
        ("203.0.113.9:5111", "203.0.113.9"),
        ("[2001:db8::1]:5111", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("unknown", "10.1.0.1"),
        ("_hidden:80", "10.1.0.1"),
        ("203.0.113.9:5111, 10.1.0.2:80", "203.0.113.9"),
    ],
)
def test_of_what_a_proxy_says_only_the_address_counts(hop: str, address: str) -> None:
    assert origin("10.0.0.1", FORWARDED | {b"x-forwarded-for": f"{hop}, 10.1.0.1"}, "10.0.0.0/8").address == address


def test_only_own_names_are_known() -> None:
    sites = Sites(public="https://plans.example.lv", hosts=("second.example.lv",))
    known = ("plans.example.lv", "plans.example.lv:443", "second.example.lv", "localhost:8000", "[::1]:8000")
    assert [host for host in known if not sites.knows(host)] == []
    unknown = ("example.lv", "evil.plans.example.lv", "", "plans.example.lv.evil", "a@evil", "[", "x:99999999")
    assert [host for host in unknown if sites.knows(host)] == []


@pytest.fixture
def behind_proxy(mongo_uri: str, settings: Settings, made: Made) -> Frame:
    """The application behind a proxy on this computer that ends TLS."""
    there = settings.model_copy(
        update={"address": "https://plans.example.lv", "proxies": ("127.0.0.1",), "second_factor": "chosen"}
    )
    return create_app(there, mongo_uri, today=lambda: TODAY_IN_PLAN)


async def test_behind_tls_the_cookie_is_of_this_host_alone_and_browsers_are_told_to_stay(
    behind_proxy: Frame, made: Made
) -> None:
    await made.plan.publish([], by=SOMEBODY, based_on=1)
    session = (await cookie_of(await make_account())).removeprefix("session=")
    transport = httpx.ASGITransport(app=behind_proxy)  # type: ignore[arg-type]
    secure = {"x-forwarded-proto": "https", "x-forwarded-host": "plans.example.lv"}
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        page = await client.get("/plans/plans/history", headers={**secure, "cookie": f"__Host-session={session}"})
        assert page.status_code == 200
        assert page.headers["strict-transport-security"].startswith("max-age=31536000")
        # A cookie that any neighbouring name could have set opens nothing behind TLS.
        other = await client.get("/plans/plans/history", headers={**secure, "cookie": f"session={session}"})
        assert other.status_code == 404
        plain = await client.get("/plans/plans")
        assert "strict-transport-security" not in plain.headers
        refused = await client.get("/plans", headers={**secure, "x-forwarded-host": "evil.example"})
        assert refused.status_code == 400
        sent = {**secure, "origin": "https://plans.example.lv"}
        assert (await client.post("/language", headers=sent, data={"to": "en"})).status_code == 303
