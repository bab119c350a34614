"""Reading the body of a request: forms and nothing else, within limits, and kept nowhere."""

from __future__ import annotations

import gc
import time
from urllib.parse import urlencode

import httpx

from tests.factories import Made

FORM = {"content-type": "application/x-www-form-urlencoded"}


async def test_no_form_is_kept_in_memory(stranger: httpx.AsyncClient) -> None:
    secret = f"kept-{time.time_ns()}-nowhere"
    answer = await stranger.post("/sign-in", data={"email": "zane@example.lv", "password": secret})
    assert answer.status_code == 422
    assert secret not in answer.text
    del answer
    gc.collect()
    # The framework's own reading keeps the last thousand bodies.
    body = urlencode({"email": "zane@example.lv", "password": secret})
    held = [one for one in gc.get_objects() if type(one) is dict and one.get("password") == secret]
    assert held == []
    from litestar._parsers import parse_url_encoded_form_data

    before = parse_url_encoded_form_data.cache_info().currsize
    await stranger.post("/sign-in", content=body, headers=FORM)
    assert parse_url_encoded_form_data.cache_info().currsize == before


async def test_a_body_that_is_not_a_form_in_utf_8_is_refused_with_a_reason(
    client: httpx.AsyncClient, made: Made
) -> None:
    body = urlencode({"word": "Atbalsts", "meaning": "Palīdzība.", "sort": "term"})
    for headers in (
        {"content-type": "application/json"},
        {"content-type": "text/plain"},
        {"content-type": "application/x-www-form-urlencoded; charset=utf-16"},
        {"content-type": "application/x-www-form-urlencoded; charset=nav-tada"},
        {"content-type": ""},
        {"content-type": "application/x-www-form-urlencodedx"},
        FORM | {"content-encoding": "gzip"},
    ):
        answer = await client.post("/plans/plans/terms", content=body, headers=headers)
        assert answer.status_code == 415, headers
        assert "Izmaiņas nosūta ar veidlapu." in answer.text
    for kind in ("application/x-www-form-urlencoded; charset=UTF-8", "APPLICATION/x-www-form-urlencoded"):
        answer = await client.post(
            "/plans/plans/terms", content=body.replace("Atb", kind[:3]), headers={"content-type": kind}
        )
        assert answer.status_code == 303, kind


async def test_more_fields_than_any_form_has_are_refused_at_once(client: httpx.AsyncClient, made: Made) -> None:
    body = urlencode([(f"f{number}", "1") for number in range(10_000)])
    began = time.perf_counter()
    answer = await client.post("/plans/plans/terms", content=body, headers=FORM)
    assert answer.status_code == 400
    assert "pārāk daudz lauku" in answer.text
    assert time.perf_counter() - began < 2
