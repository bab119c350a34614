"""What is answered to who may not: whether they are signed in or not, nothing is lost and the way in is shown."""

from __future__ import annotations

import httpx

from tests.factories import SOMEBODY, Made

TERM = {"word": "Atbalsts", "meaning": "Garš skaidrojums, ko rakstīja pusstundu.", "sort": "term"}


async def test_who_is_not_signed_in_is_shown_the_way_in_and_back(stranger: httpx.AsyncClient, made: Made) -> None:
    hidden = await stranger.get("/plans/plans/tasks?year=2016")
    missing = await stranger.get("/plans/no-such-plan/tasks?year=2016")
    assert (hidden.status_code, missing.status_code) == (404, 404)
    assert hidden.text.replace("plans/plans", "").count("/sign-in?next=") == 2, "in the header and in the page"
    # A plan that is not published and one that is not there are answered alike.
    without = [page.text.replace("no-such-plan", "plans") for page in (hidden, missing)]
    assert without[0].partition("<main")[2] == without[1].partition("<main")[2]


async def test_what_was_typed_is_given_back_when_the_session_has_ended(stranger: httpx.AsyncClient, made: Made) -> None:
    for published in (False, True):
        if published:
            await made.plan.publish([], by=SOMEBODY, based_on=1)
        back = {"referer": "http://127.0.0.1:8000/plans/plans/terms?as_of=2016-09-30"}
        answer = await stranger.post("/plans/plans/terms", data=TERM, headers=back)
        assert answer.status_code == (403 if published else 404)
        before, typed, _after = answer.text.partition("Garš skaidrojums, ko rakstīja pusstundu.")
        assert typed
        assert ">Jūsu konts šeit nav pieslēgts</h1>" in before
        assert 'href="/sign-in?next=/plans/plans/terms%3Fas_of%3D2016-09-30"' in before, "back to where it was typed"


async def test_a_button_pressed_after_signing_out_says_so(stranger: httpx.AsyncClient, made: Made) -> None:
    for address in (f"/plans/plans/terms/{made.task.key}/delete", "/me", "/people", "/plans"):
        answer = await stranger.post(address, data={"version": "1"})
        assert answer.status_code in (403, 404)
        assert ">Jūsu konts šeit nav pieslēgts</h1>" in answer.text, address
