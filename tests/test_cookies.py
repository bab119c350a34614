"""Every cookie that is ever set, of signing in as of what a reader chose: out of reach of scripts and other hosts."""

from __future__ import annotations

from http.cookies import SimpleCookie

import httpx

from stratplan.accounts import passwords
from stratplan.app import create_app
from stratplan.settings import Settings
from tests.factories import TODAY_IN_PLAN, Made, make_account

SECURE = {"x-forwarded-proto": "https", "x-forwarded-host": "plans.example.lv"}


async def test_behind_tls_every_cookie_is_of_this_host_alone_and_out_of_reach_of_scripts(
    mongo_uri: str, settings: Settings, made: Made
) -> None:
    there = settings.model_copy(
        update={"address": "https://plans.example.lv", "proxies": ("127.0.0.1",), "second_factor": "chosen"}
    )
    account = await make_account(email="zane@example.lv")
    await passwords.keep(account.key, await passwords.hashed("zirgs bērzs trauks"))
    transport = httpx.ASGITransport(app=create_app(there, mongo_uri, today=lambda: TODAY_IN_PLAN))  # type: ignore[arg-type]
    seen: dict[str, str] = {}
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000", headers=SECURE) as client:

        async def send(path: str, **fields: str) -> httpx.Response:
            kept = "; ".join(f"{name}={value}" for name, value in seen.items() if value)
            answer = await client.post(path, data=fields, headers={"cookie": kept})
            for header in answer.headers.get_list("set-cookie"):
                for name, morsel in SimpleCookie(header).items():
                    seen[name] = morsel.value
                    assert name.startswith("__Host-"), header
                    assert morsel["secure"], header
                    assert morsel["httponly"], header
                    assert morsel["path"] == "/", header
                    assert morsel["samesite"].lower() == "lax", header
                    assert not morsel["domain"], header
            return answer

        await send("/language", to="en")
        await send("/theme", to="dark")
        assert (await send("/sign-in", email="zane@example.lv", password="zirgs bērzs trauks")).status_code == 303
        changed = await send("/plans/plans/terms", word="Atbalsts", meaning="Palīdzība.", sort="term")
        assert changed.status_code == 303, changed.text
        await send("/me", name="Zane Liepa", language="lv")
        page = await client.get("/me", headers={"cookie": "; ".join(f"{name}={value}" for name, value in seen.items())})
        assert 'data-bs-theme="dark"' in page.text
        await send("/sign-out")
    assert {name.removeprefix("__Host-") for name in seen} >= {
        "language",
        "theme",
        "session",
        "device",
        "notice",
        "told",
    }


async def test_a_choice_that_is_none_is_refused_and_sets_nothing(stranger: httpx.AsyncClient) -> None:
    for path, fields in (
        ("/language", {"to": "xx"}),
        ("/theme", {"to": '{"$gt": ""}'}),
        ("/theme", {}),
        ("/language", {"to": "en", "more": "1"}),
    ):
        answer = await stranger.post(path, data=fields)
        assert answer.status_code == 400, (path, fields)
        assert "set-cookie" not in answer.headers
