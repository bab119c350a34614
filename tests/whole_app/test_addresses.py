"""Addresses that a request names of itself, in headers and fields: believed only as far as they are ours, whatever they
say."""

from __future__ import annotations

import httpx
import pytest

from stratplan.web import local_path
from tests.factories import Made, make_goal

NO_ADDRESSES = ("[", "[::1", "http://[", "//[")


@pytest.mark.parametrize("address", NO_ADDRESSES)
async def test_headers_that_are_no_addresses_are_refused(client: httpx.AsyncClient, made: Made, address: str) -> None:
    page, form = "/plans/plans/terms", {"word": "Atbalsts", "meaning": "Skaidrojums."}
    assert (await client.get(page, headers={"host": address})).status_code == 400
    assert (await client.post(page, data=form, headers={"origin": address})).status_code == 403


@pytest.mark.parametrize("header", ["referer", "hx-current-url"])
@pytest.mark.parametrize("address", NO_ADDRESSES)
async def test_a_page_one_comes_from_that_is_none_costs_only_the_way_back(
    client: httpx.AsyncClient, made: Made, header: str, address: str
) -> None:
    for title, status in (("Jauns", 303), ("Citāds", 409)):
        form = {"code": "SM1", "title": title, "weight": "1", "version": "1"}
        answer = await client.post("/plans/plans/goals/SM1", data=form, headers={header: address})
        assert answer.status_code == status


@pytest.mark.parametrize(
    "to", [*NO_ADDRESSES, "//example.org", "/\\example.org", "https://example.org/", "/ā", "/a\nb", ""]
)
def test_the_way_back_never_leads_elsewhere(to: str) -> None:
    assert local_path(to) == "/"


async def test_the_language_is_switched_on_a_page_whose_address_has_latvian_letters(
    client: httpx.AsyncClient, made: Made
) -> None:
    await make_goal(made.scope, "MĒ1")
    shown = await client.get("/plans/plans/goals/MĒ1")
    back = shown.text.partition('name="back" value="')[2].partition('"')[0]
    answer = await client.post("/language", data={"to": "en", "back": back})
    assert (answer.status_code, answer.headers["location"]) == (303, "/plans/plans/goals/M%C4%921")
    assert (await client.get(answer.headers["location"])).status_code == 200


@pytest.mark.parametrize(
    ("page", "sent_to", "back"),
    [
        ("tasks/1.1/report?back=%2Fme", "tasks/1.1/reports", "/plans/plans/tasks/1.1/report?back=%2Fme"),
        ("tasks/1.1/reports", "tasks/1.1/reports", "/"),
        ("tasks/1.1/move?x=1", "tasks/1.1/move", "/plans/plans/tasks/1.1/move"),
    ],
    ids=["the form's page", "sent again", "an address that is a page too"],
)
async def test_a_switch_of_language_after_a_mistake_leads_to_a_page(
    client: httpx.AsyncClient, made: Made, page: str, sent_to: str, back: str
) -> None:
    headers = {"referer": f"http://127.0.0.1/plans/plans/{page}"}
    answer = await client.post(f"/plans/plans/{sent_to}", data={}, headers=headers)
    assert answer.status_code == 422
    assert f'name="back" value="{back}"' in answer.text
