"""The pages of notices: what each sees, marks and chooses."""

from __future__ import annotations

import re
from datetime import timedelta

import httpx
import pytest

from stratplan.accounts.models import Membership
from stratplan.actors import COMMAND_LINE
from stratplan.documents import now
from stratplan.frame import Frame
from stratplan.notices.inbox import ON_A_PAGE
from stratplan.notices.kinds import OFFERED, NoticeKind, When
from stratplan.notices.models import Choices, Delivered, Delivery, Notice
from tests.conftest import reading
from tests.factories import Made, cookie_of, make_account, make_plan
from tests.listening import listening
from tests.notices.making import make_head, make_notice

ALL = {kind.value: kind.usual.value for kind in OFFERED}


async def test_the_list_has_ones_own_notices_unread_first(app: Frame, made: Made) -> None:
    head, other = await make_head(made), await make_head(made)
    old = await make_notice(made, head, kind=NoticeKind.ASKED, at=now() - timedelta(days=2))
    read = await make_notice(made, head, kind=NoticeKind.CHANGED, deed="task.moved", read_at=now())
    await make_notice(made, other)
    async with reading(app, head) as client:
        page = (await client.get("/me/notices")).text
        assert page.index(f"notice-{old.id}") < page.index(f"notice-{read.id}")
        assert page.count('class="notice-row') == 2
        assert "Persona MEBODY uzdeva jautājumu." in page
        assert 'href="/plans/plans/tasks/1.1"' in page
        only = (await client.get("/me/notices", params={"kind": "changed"})).text
        assert f"notice-{read.id}" in only
        assert f"notice-{old.id}" not in only
        assert "Šādu paziņojumu nav" in (await client.get("/me/notices", params={"kind": "overdue"})).text


async def test_the_bell_counts_what_is_unread_and_says_nothing_of_none(app: Frame, made: Made) -> None:
    head = await make_head(made)
    async with reading(app, head) as client:
        asked = {"hx-request": "true"}
        assert (await client.get("/me/notices/count", headers=asked)).text.strip() == ""
        await make_notice(made, head)
        answer = await client.get("/me/notices/count", headers=asked)
        assert ">1<" in answer.text
        assert "1 nelasīts" in answer.text
        assert answer.headers["cache-control"] == "no-store"
        for _ in range(100):
            await make_notice(made, head)
        assert ">99+<" in (await client.get("/me/notices/count", headers=asked)).text
        plain = await client.get("/me/notices/count")
        assert (plain.status_code, plain.headers["location"]) == (303, "/me/notices")
        # A page that is kept has no count in it: it is asked for when the page is shown.
        kept = (await client.get("/plans/plans")).text
        assert 'hx-get="/me/notices/count"' in kept
        assert "nelasīt" not in kept


async def test_one_is_read_or_all_of_a_plan_and_nobody_elses(app: Frame, made: Made) -> None:
    head, other = await make_head(made), await make_head(made)
    one, two = await make_notice(made, head), await make_notice(made, head)
    theirs = await make_notice(made, other)

    async def unread() -> set[str]:
        return {str(notice.id) for notice in await Notice.find({"read_at": None}).to_list()}

    async with reading(app, head) as client:
        answer = await client.post(f"/me/notices/{one.id}/read", data={"kind": "mentioned", "plan": ""})
        assert (answer.status_code, answer.headers["location"]) == (303, "/me/notices?kind=mentioned")
        assert await unread() == {str(two.id), str(theirs.id)}
        assert (await client.post(f"/me/notices/{theirs.id}/read")).status_code == 404
        assert (await client.post("/me/notices/nothing/read")).status_code == 404
        assert (await client.post("/me/notices/read", data={"plan": "cits"})).status_code == 303
        assert await unread() == {str(two.id), str(theirs.id)}
        assert (await client.post("/me/notices/read", data={"no-such-field": "1"})).status_code == 422
        assert (await client.post("/me/notices/read")).status_code == 303
        assert await unread() == {str(theirs.id)}


async def test_what_one_may_not_see_any_more_is_in_no_list_and_no_count(app: Frame, made: Made) -> None:
    head = await make_head(made)
    another = await make_plan("otrs", title="Slepenais plāns")
    membership = Membership.new(scope=another.scope, account=head.key, role="reporter", units=[another.unit.key])
    await membership.add(by=COMMAND_LINE)
    await make_notice(made, head)
    gone = await make_notice(another, head)
    await membership.remove(by=COMMAND_LINE, based_on=1)
    async with reading(app, head) as client:
        page = (await client.get("/me/notices")).text
        assert str(gone.id) not in page
        assert "Slepenais" not in page
        assert ">1<" in (await client.get("/me/notices/count", headers={"hx-request": "true"})).text
        assert (await client.post(f"/me/notices/{gone.id}/read")).status_code == 404


async def test_of_a_plan_that_asks_for_a_second_factor_only_that_is_told_without_one(app: Frame, made: Made) -> None:
    await made.plan.edit({"asks_second_factor": True}, by=COMMAND_LINE, based_on=1)
    head = await make_head(made)
    notice = await make_notice(made, head)
    strong = {"cookie": await cookie_of(head, strong=True)}
    async with reading(app, head) as client:
        page = (await client.get("/me/notices")).text
        assert made.task.title not in page
        assert "Persona" not in page
        assert page.count("Šis plāns prasa otro soli pieslēdzoties:") == 1
        assert 'href="/plans/plans"' in page
        assert (await client.get("/me/notices/count", headers={"hx-request": "true"})).text.strip() == ""
        assert (await client.post(f"/me/notices/{notice.id}/read", data={})).status_code == 404
        await client.post("/me/notices/read", data={})
        page = (await client.get("/me/notices", headers=strong)).text
        assert f"notice-{notice.id}" in page
        assert "notice-unread" in page
        assert "Šis plāns prasa" not in page


async def test_long_lists_have_pages_and_cost_the_same_questions(app: Frame, made: Made) -> None:
    head = await make_head(made)
    asked = {}
    async with reading(app, head) as client:
        await client.get("/plans/plans")
        for size in (5, 2 * ON_A_PAGE + 1):
            while await Notice.count() < size:
                await make_notice(made, head)
            with listening() as commands:
                page = (await client.get("/me/notices")).text
            asked[size] = len(commands)
        assert set(asked.values()) == {asked[5]}
        assert asked[5] <= 8
        assert 'href="/me/notices?page=3"' in page
        last = (await client.get("/me/notices", params={"page": "3"})).text
        assert last.count('class="notice-row') == 1
        for odd in ("0", "-1", "x", "²", "99999", ""):
            assert (await client.get("/me/notices", params={"page": odd})).status_code == 200


async def test_what_one_chooses_is_kept_and_shown(app: Frame, made: Made) -> None:
    head = await make_head(made)
    waiting = await make_notice(made, head, kind=NoticeKind.CHANGED, mail=When.DAILY)
    async with reading(app, head) as client:
        page = (await client.get("/me/notices/settings")).text
        assert len(re.findall(r'type="radio"[^>]*checked', page)) == len(OFFERED)
        assert "izpildes pārskat" not in page  # nobody chooses about what does not happen yet
        answer = await client.post("/me/notices/settings", data={**ALL, "changed": "here", "due-30": "not"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/me/notices/settings?saved")
        page = (await client.get("/me/notices/settings?saved")).text
        assert re.search(r'id="due-30-not"[^>]*checked', page)
        bad = await client.post("/me/notices/settings", data={**ALL, "changed": "weekly"})
        assert bad.status_code == 422
        assert (await client.post("/me/notices/settings", data={**ALL, "strange": "not"})).status_code == 422
    choices = await Choices.of_account(head.key)
    assert choices.of(NoticeKind.DUE_30) is When.NOT
    found = await Notice.get(waiting.id)
    assert found is not None
    assert found.mail is When.HERE


async def test_an_address_that_letters_do_not_reach_is_said(app: Frame, made: Made) -> None:
    head = await make_head(made, email="vecais@example.org")
    app.app.state.settings = app.app.state.settings.model_copy(  # type: ignore[attr-defined]
        update={"smtp_host": "127.0.0.1", "smtp_from": "plani@example.lv"}
    )
    async with reading(app, head) as client:
        assert "Vēstules sūta uz adresi vecais@example.org." in (await client.get("/me/notices/settings")).text
        await Delivery(
            id="x", account=head.key, is_digest=False, due_at=now(), at=now(), state=Delivered.FAILED
        ).insert()
        assert "nevarēja piegādāt" in (await client.get("/me/notices/settings")).text


@pytest.mark.parametrize("path", ["/me/notices", "/me/notices/count", "/me/notices/settings", "/me/calendar"])
async def test_who_is_not_signed_in_has_no_notices(stranger: httpx.AsyncClient, made: Made, path: str) -> None:
    assert (await stranger.get(path)).status_code in (303, 401, 403, 404)
    assert "btn-bell" not in (await stranger.get("/plans")).text


async def test_who_has_no_role_has_an_empty_list(app: Frame, made: Made) -> None:
    nobody = await make_account(None)
    async with reading(app, nobody) as client:
        assert "Paziņojumu vēl nav" in (await client.get("/me/notices")).text
