"""A signed link opens one unit's part of one review for the person it names: nothing else, and while it is good."""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import AsyncIterator
from datetime import date
from typing import cast

import httpx
import pytest
import pytest_asyncio
from beanie import PydanticObjectId
from litestar import Litestar

from stratplan.accounts.models import Account, Membership
from stratplan.audit import AuditEntry
from stratplan.errors import RuleBroken, StaleEdit
from stratplan.frame import Frame
from stratplan.goals.models import Milestone, Report
from stratplan.permissions import Role
from stratplan.plans.models import Plan
from stratplan.reviews.closing import open_review
from stratplan.reviews.drafts import Draft
from stratplan.reviews.links import ReviewLink, address_of, link_for, signed_link
from stratplan.reviews.models import Review, Submission
from stratplan.reviews.terms import period_of_code
from stratplan.secret_key import SecretKey
from stratplan.units.models import Unit, UnitKind
from tests.conftest import reading
from tests.factories import SOMEBODY, Made, make_account, make_report, make_task
from tests.html_forms import PageReader
from tests.reviews.test_closing import close, opened
from tests.reviews.test_reporting import ENGLISH, WORDS, put, sheet


@pytest_asyncio.fixture
async def review(made: Made) -> Review:
    """The open review of the third quarter of 2016."""
    return await opened(made)


@pytest_asyncio.fixture
async def head(made: Made) -> Account:
    """The head of the unit."""
    return await make_account(Role.REPORTER, scope=made.scope, units=[made.unit.key], name="Ilze Kalēja")


def key_in(app: Frame) -> SecretKey:
    """The installation's secret key."""
    key: SecretKey = cast("Litestar", app.app).state.secret_key()
    return key


@pytest_asyncio.fixture
async def address(app: Frame, made: Made, review: Review, head: Account) -> AsyncIterator[str]:
    """The address of the head's link."""
    yield await link_for(review, made.unit.key, head.key, key=key_in(app), by=SOMEBODY)


async def the_link() -> ReviewLink:
    found = await ReviewLink.find_one({"deleted": False, "revoked": False})
    assert found is not None
    return found


# --- made and revoked ----------------------------------------------------------------------------------------------


async def test_a_link_is_made_once_recorded_and_told_of_only_by_what_it_is_for(
    app: Frame, made: Made, review: Review, head: Account, address: str
) -> None:
    again = await link_for(review, made.unit.key, head.key, key=key_in(app), by=SOMEBODY)
    assert again == address
    entry = await AuditEntry.find_one({"tag": "review_link.made"})
    assert entry is not None
    assert address.removeprefix("/r/") not in str(entry)
    assert [change.caption for change in entry.changes] == [made.unit.name]


async def test_a_revoked_link_stays_revoked_and_a_new_one_is_another(
    app: Frame, made: Made, review: Review, head: Account, address: str
) -> None:
    link = await the_link()
    with pytest.raises(StaleEdit):
        await link.revoke(by=SOMEBODY, based_on=7)
    entry = await link.revoke(by=SOMEBODY, based_on=link.version)
    assert entry is not None
    assert entry.tag == "review_link.revoked"
    revoked = await ReviewLink.get(link.key)
    assert revoked is not None
    with pytest.raises(RuleBroken):
        await revoked.restore(1, by=SOMEBODY, based_on=revoked.version)
    assert await link_for(review, made.unit.key, head.key, key=key_in(app), by=SOMEBODY) != address


async def test_whoever_makes_links_at_once_a_person_has_one(
    app: Frame, made: Made, review: Review, head: Account
) -> None:
    async def made_link() -> str:
        return await link_for(review, made.unit.key, head.key, key=key_in(app), by=SOMEBODY)

    addresses = await asyncio.gather(*(made_link() for _ in range(5)))
    assert len(set(addresses)) == 1
    assert await ReviewLink.find_all().count() == 1


async def test_the_desk_makes_no_second_link_for_a_person(
    made: Made, review: Review, head: Account, client: httpx.AsyncClient
) -> None:
    path = f"/plans/plans/reviews/2016Q3/units/{made.unit.key}/links"
    assert (await client.post(path, data={"account": str(head.key)}, headers=ENGLISH)).status_code == 303
    again = await client.post(path, data={"account": str(head.key)}, headers=ENGLISH)
    assert again.status_code == 409
    assert "has a link for this unit already" in again.text
    link = await the_link()
    await link.revoke(by=SOMEBODY, based_on=link.version)
    assert (await client.post(path, data={"account": str(head.key)})).status_code == 303


async def test_revoking_ends_twins_from_before_there_was_one_at_most(
    app: Frame, made: Made, review: Review, head: Account, address: str, stranger: httpx.AsyncClient
) -> None:
    link = await the_link()
    raw = await ReviewLink.get_motor_collection().find_one({"_id": link.key})
    twin = link.model_copy(update={"id": PydanticObjectId()})
    await ReviewLink.get_motor_collection().insert_one({**(raw or {}), "_id": twin.key})
    await made.unit.edit({"short": "ĶN2"}, by=SOMEBODY, based_on=1)  # something is read afresh
    assert (await stranger.get(address_of(twin, key_in(app)))).status_code == 200
    await link.revoke(by=SOMEBODY, based_on=link.version)
    for one in (address, address_of(twin, key_in(app))):
        assert (await stranger.get(one)).status_code == 410


async def test_no_link_is_made_for_a_closed_review(app: Frame, made: Made, review: Review, head: Account) -> None:
    await close(made, review)
    closed = await Review.get(review.key)
    assert closed is not None
    with pytest.raises(RuleBroken):
        await link_for(closed, made.unit.key, head.key, key=key_in(app), by=SOMEBODY)


async def test_the_desk_makes_shows_and_revokes_links(
    made: Made, review: Review, head: Account, client: httpx.AsyncClient
) -> None:
    desk = "/plans/plans/reviews/2016Q3"
    shown = (await client.get(desk, headers=ENGLISH)).text
    form = next(form for form in PageReader(shown).forms if form.action.endswith("/links"))
    assert dict(form.fields) == {"account": str(head.key)}
    answer = await client.post(form.action, data=dict(form.fields), headers=ENGLISH | {"hx-request": "true"})
    assert answer.status_code == 200
    found = re.search(r'value="(http://127\.0\.0\.1:8000/r/[\w-]{59})"', answer.text)
    assert found
    assert (await client.get(found[1])).status_code == 200
    shown = (await client.get(desk, headers=ENGLISH)).text
    revoke = next(form for form in PageReader(shown).forms if form.action.endswith("/revoke"))
    assert (await client.post(revoke.action, data=dict(revoke.fields))).status_code == 303
    assert (await client.get(found[1])).status_code == 410


async def test_the_desk_makes_no_link_for_who_may_not_report(
    made: Made, review: Review, client: httpx.AsyncClient
) -> None:
    council = await make_account(Role.COUNCIL, scope=made.scope)
    path = f"/plans/plans/reviews/2016Q3/units/{made.unit.key}/links"
    for account in (str(council.key), str(made.unit.key), "x"):
        assert (await client.post(path, data={"account": account})).status_code == 400
    assert await ReviewLink.find_all().count() == 0


# --- used ------------------------------------------------------------------------------------------------------------


async def test_a_head_reports_through_the_link_in_their_own_name(
    made: Made, review: Review, head: Account, address: str, stranger: httpx.AsyncClient
) -> None:
    answer = await stranger.get(address, headers=ENGLISH)
    assert "You report as Ilze Kalēja for Ķekavas nodaļa." in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "noindex" in answer.headers["x-robots-tag"]
    form = await sheet(stranger, address)
    kept = await put(stranger, form, WORDS, to="drafts", htmx=True)
    assert kept.status_code == 200
    draft = await Draft.find_one()
    assert draft is not None
    assert draft.by == str(head.key)
    sent = await put(stranger, form, WORDS)
    assert (sent.status_code, sent.headers["location"]) == (303, address)
    part = await Submission.find_one()
    report = await Report.find_one()
    assert part is not None
    assert report is not None
    assert (part.by_link, part.on_behalf, part.sent_by, report.by) == (True, False, str(head.key), str(head.key))
    entry = await AuditEntry.find_one({"tag": "submission.sent"})
    assert entry is not None
    assert entry.by == str(head.key)
    assert "Sent on" in (await stranger.get(address, headers=ENGLISH)).text
    corrected = await sheet(stranger, f"{address}?correct=1")
    assert (await put(stranger, corrected, {"tasks-0-percent": "60"})).status_code == 303


async def test_the_rules_of_sending_hold_for_a_link_as_well(
    made: Made, review: Review, address: str, stranger: httpx.AsyncClient
) -> None:
    assert (await put(stranger, await sheet(stranger, address), WORDS)).status_code == 303
    milestones = [Milestone(key="a", title="Iepirkums")]
    await make_task(made.scope, made.goal, "1.2", lead=made.unit.key, milestones=milestones)
    shown = (await stranger.get(address, headers=ENGLISH)).text
    assert "and says nothing of task 1.2" in shown
    form = await sheet(stranger, address)  # open again, without being returned
    done = {"tasks-1-text": "Noslēgts.", "done-0-ticked": "on", "done-0-day": "2030-01-01"}
    refused = await put(stranger, form, done)
    assert refused.status_code == 422
    assert 'id="field-done-0-day-error"' in refused.text
    assert (await put(stranger, form, {**done, "done-0-day": "2016-09-02"})).status_code == 303
    assert "Sent on" in (await stranger.get(address, headers=ENGLISH)).text
    part = await Submission.find_one()
    assert part is not None
    assert (part.by_link, part.on_behalf) == (True, False)


async def test_the_page_leads_to_nothing_of_the_plan_and_the_link_signs_nobody_in(
    made: Made, address: str, stranger: httpx.AsyncClient
) -> None:
    answer = await stranger.get(address)
    assert [link for link in PageReader(answer.text).links if link.startswith("/plans/")] == []
    assert "set-cookie" not in answer.headers
    for path in ("/plans/plans", "/plans/plans/tasks/1.1", "/plans/plans/tasks/1.1/evidence", "/me", "/work"):
        assert (await stranger.get(path)).status_code in (303, 404)
    for more in ("/evidence", "/tasks", "/units", "/links", "/../plans"):
        assert (await stranger.get(address + more)).status_code == 404


async def test_a_link_touches_no_other_units_task_and_no_other_review(
    made: Made, review: Review, address: str, stranger: httpx.AsyncClient
) -> None:
    unit = Unit.new(scope=made.unit.scope, name="Cita nodaļa", short="CN", sort=UnitKind.DEPARTMENT)
    await unit.add(by=SOMEBODY)
    foreign = await make_task(made.scope, made.goal, "1.9", lead=unit.key)
    period = period_of_code("2016Q2")
    assert period is not None
    other, _entry = await open_review(
        await made.snapshot(), period, due=date(2016, 7, 31), by=SOMEBODY, today=date(2016, 9, 30)
    )
    form = await sheet(stranger, address)
    assert str(foreign.key) not in dict(form.fields).values()
    for to in ("drafts", "send"):
        await put(stranger, form, {"tasks-0-task": str(foreign.key), "tasks-0-text": "Svešs."}, to=to)
    assert await Report.find_all().count() == 0
    assert await Draft.find_all().count() == 0
    assert (await put(stranger, form, WORDS)).status_code == 303
    assert {report.review for report in await Report.find_all().to_list()} == {review.key} != {other.key}
    assert {report.task for report in await Report.find_all().to_list()} == {made.task.key}


async def test_who_is_signed_in_as_somebody_else_reports_as_the_links_person(
    app: Frame, made: Made, head: Account, address: str
) -> None:
    async with reading(app, await make_account()) as admin:
        assert (await put(admin, await sheet(admin, address), WORDS)).status_code == 303
    part = await Submission.find_one()
    assert part is not None
    assert part.sent_by == str(head.key)


async def test_the_page_speaks_the_persons_language_unless_the_browser_has_chosen(
    head: Account, address: str, stranger: httpx.AsyncClient
) -> None:
    await head.describe(by=SOMEBODY, language="en")
    assert '<html lang="en"' in (await stranger.get(address)).text
    assert '<html lang="lv"' in (await stranger.get(address, headers={"cookie": "language=lv"})).text


# --- refused ---------------------------------------------------------------------------------------------------------


async def refused(client: httpx.AsyncClient, address: str, status: int) -> str:
    """Assert that the link opens nothing, to read or to write; returns the page."""
    answer = await client.get(address, headers=ENGLISH)
    assert answer.status_code == status
    assert "Uzdevums 1.1" not in answer.text
    assert "Ķekavas" not in answer.text
    assert "Ilze" not in answer.text
    assert answer.headers["cache-control"] == "no-store"
    fields = {"version": "0", "tab": "0" * 16}
    for to in ("drafts", "send"):
        assert (await client.post(f"{address}/{to}", data=fields)).status_code == status
    assert await Submission.find_all().count() == 0
    assert await Draft.find_all().count() == 0
    return answer.text


async def test_a_forged_link_opens_nothing(made: Made, address: str, stranger: httpx.AsyncClient) -> None:
    token = address.removeprefix("/r/")
    raw = base64.urlsafe_b64decode(token + "=")
    other = SecretKey([b"\x01" * 32])
    link = await the_link()
    forged = [
        token[:-4] + ("AAAA" if token[-4:] != "AAAA" else "BBBB"),
        base64.urlsafe_b64encode(PydanticObjectId().binary + raw[12:]).decode().rstrip("="),
        base64.urlsafe_b64encode(link.key.binary + b"\x00" * 32).decode().rstrip("="),
        base64.urlsafe_b64encode(link.key.binary + other.sign(raw[:12], about="review links")).decode().rstrip("="),
        token[:-1],
        token + "A",
        str(link.key),
        "ā" * 59,
        "*" * 59,
    ]
    for one in forged:
        assert (await stranger.get(f"/r/{one}")).status_code == 404, one
    await refused(stranger, f"/r/{forged[0]}", 404)


async def test_a_link_whose_document_was_changed_in_the_database_opens_nothing(
    app: Frame, made: Made, address: str, stranger: httpx.AsyncClient
) -> None:
    council = await make_account(Role.REPORTER, scope=made.scope, units=[made.unit.key])
    await ReviewLink.get_motor_collection().update_one({}, {"$set": {"account": council.key}})
    assert await signed_link(address.removeprefix("/r/"), key_in(app)) is None
    await refused(stranger, address, 404)


async def test_an_older_key_still_opens_what_it_signed(app: Frame, address: str) -> None:
    old, new = key_in(app), SecretKey([b"\x02" * 32])
    token = address.removeprefix("/r/")
    assert await signed_link(token, SecretKey([b"\x02" * 32, *old._keys])) is not None
    assert await signed_link(token, new) is None


async def test_guessing_is_slowed_down_and_good_links_are_not(address: str, stranger: httpx.AsyncClient) -> None:
    statuses = [(await stranger.get(f"/r/{'A' * 59}")).status_code for _ in range(60)]
    assert 429 in statuses
    assert (await stranger.get(address)).status_code == 200


async def test_a_revoked_link_says_so_and_no_more(address: str, stranger: httpx.AsyncClient) -> None:
    link = await the_link()
    await link.revoke(by=SOMEBODY, based_on=link.version)
    assert "This link is good no more" in await refused(stranger, address, 410)


async def test_what_was_typed_on_a_link_that_is_good_no_more_is_given_back(
    address: str, made: Made, review: Review, stranger: httpx.AsyncClient
) -> None:
    await make_report(made.task, date(2016, 6, 30), 20, text="Jau ziņots.")
    form = await sheet(stranger, address)
    link = await the_link()
    await link.revoke(by=SOMEBODY, based_on=link.version)
    kept = await put(stranger, form, WORDS, to="drafts", htmx=True)
    assert kept.status_code == 410
    assert 'id="card-0-state"' in kept.text
    assert "Not saved: This link is good no more." in " ".join(re.sub("<[^>]+>", " ", kept.text).split())
    assert "<html" not in kept.text
    sent = await put(stranger, form, WORDS | {"tasks-0-obstacles": "<b>Lietus</b>"})
    assert sent.status_code == 410
    assert "What you typed" in sent.text
    assert "Noslēgti divi līgumi." in sent.text
    assert "&lt;b&gt;Lietus&lt;/b&gt;" in sent.text
    assert "Uzdevums 1.1" not in sent.text
    assert await Draft.find_all().count() == await Submission.find_all().count() == 0


async def test_a_link_to_a_closed_review_opens_nothing(
    made: Made, review: Review, address: str, stranger: httpx.AsyncClient
) -> None:
    await close(made, review)
    assert "The review is closed" in await refused(stranger, address, 410)


async def test_who_may_report_no_more_may_not_by_link_either(
    made: Made, head: Account, address: str, stranger: httpx.AsyncClient
) -> None:
    membership = await Membership.find_one({"account": head.key})
    assert membership is not None
    unit = Unit.new(scope=made.unit.scope, name="Cita nodaļa", short="CN", sort=UnitKind.DEPARTMENT)
    await unit.add(by=SOMEBODY)
    await membership.edit({"units": [unit.key]}, by=SOMEBODY, based_on=membership.version)
    await refused(stranger, address, 410)
    membership = await Membership.find_one({"account": head.key})
    assert membership is not None
    await membership.edit({"role": Role.PLANNER, "units": []}, by=SOMEBODY, based_on=membership.version)
    await refused(stranger, address, 410)


async def test_a_head_of_the_unit_above_reports_by_link(
    app: Frame, made: Made, review: Review, stranger: httpx.AsyncClient
) -> None:
    above = Unit.new(scope=made.unit.scope, name="Pārvalde", short="P", sort=UnitKind.DEPARTMENT)
    await above.add(by=SOMEBODY)
    await made.unit.edit({"parent": above.key}, by=SOMEBODY, based_on=made.unit.version)
    boss = await make_account(Role.REPORTER, scope=made.scope, units=[above.key])
    address = await link_for(review, made.unit.key, boss.key, key=key_in(app), by=SOMEBODY)
    assert (await stranger.get(address)).status_code == 200


async def test_a_disabled_or_erased_account_has_no_link(
    head: Account, address: str, stranger: httpx.AsyncClient
) -> None:
    await make_account()  # somebody administers
    await head.disable(by=SOMEBODY, based_on=head.version)
    await refused(stranger, address, 410)
    current = await Account.get(head.key)
    assert current is not None
    await current.erase(by=SOMEBODY)
    await refused(stranger, address, 410)


async def test_where_a_second_factor_is_asked_for_links_are_refused(
    made: Made, address: str, stranger: httpx.AsyncClient, client: httpx.AsyncClient, review: Review
) -> None:
    plan = await Plan.get(made.plan.key)
    assert plan is not None
    await plan.edit({"asks_second_factor": True}, by=SOMEBODY, based_on=plan.version)
    assert "second step" in await refused(stranger, address, 410)


async def test_a_unit_that_is_asked_nothing_any_more_is_told_so(
    made: Made, address: str, stranger: httpx.AsyncClient
) -> None:
    await made.task.edit({"lead": None}, by=SOMEBODY, based_on=made.task.version)
    assert "asks nothing" in await refused(stranger, address, 410)


async def test_hostile_fields_write_nothing_through_a_link(address: str, stranger: httpx.AsyncClient) -> None:
    form = await sheet(stranger, address)
    for bad in (
        {"tasks-0-text": "a\x00b"},
        {"tasks-0-text": "ā" * 30_001},
        {"tasks-0-execution": "$gt"},
        {"tasks-0-task": '{"$gt": ""}'},
        {"tab": "../../etc"},
        {"version": "-1"},
        {"account": "x"},
        {"by": "x"},
    ):
        for to in ("drafts", "send"):
            assert (await put(stranger, form, bad, to=to)).status_code == 422, bad
    assert (await stranger.post(f"{address}/send", json={"version": {"$gt": ""}})).status_code == 415
    foreign = {"sec-fetch-site": "cross-site"}
    assert (await stranger.post(f"{address}/send", data={"version": "0"}, headers=foreign)).status_code == 403
    assert await Draft.find_all().count() == 0
    assert await Submission.find_all().count() == 0
