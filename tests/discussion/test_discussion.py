"""Comments, questions and answers: who may say what, what is kept of it, and that a task's work is not disturbed."""

from __future__ import annotations

from dataclasses import dataclass

import httpx
import pytest
import pytest_asyncio

from stratplan.accounts.models import Account
from stratplan.audit import AuditEntry
from stratplan.discussion.models import Comment, CommentSort
from stratplan.discussion.queries import open_questions, talk_about
from stratplan.frame import Frame
from stratplan.goals.models import Task
from stratplan.mentions import mentioned, token
from stratplan.permissions import Role
from stratplan.plans.models import PublicPart
from stratplan.units.models import Unit, UnitKind
from tests.conftest import reading
from tests.factories import SOMEBODY, Made, make_account, make_comment, make_task

HTMX = {"HX-Request": "true"}
TASK = "/plans/plans/tasks/1.1"


@dataclass
class People:
    """One person in each role of the plan; the head's unit leads task 1.1."""

    planner: Account
    head: Account
    council: Account


@pytest_asyncio.fixture
async def people(made: Made) -> People:
    await make_account(name="Anna Admina")
    return People(
        await make_account(Role.PLANNER, scope=made.scope, name="Pēteris Plāns"),
        await make_account(Role.REPORTER, scope=made.scope, units=[made.unit.key], name="Zane Kalniņa"),
        await make_account(Role.COUNCIL, scope=made.scope, name="Dace Dome"),
    )


async def last_entry(made: Made) -> AuditEntry:
    entry = await AuditEntry.find({"scope": made.scope}).sort("-number").first_or_none()
    assert entry is not None
    return entry


async def only_comment(made: Made) -> Comment:
    (comment,) = await Comment.find({"deleted": False, "answer_to": None}).to_list()
    return comment


@pytest.mark.parametrize("headers", [{}, HTMX])
async def test_a_comment_is_kept_and_shown_and_the_task_does_not_move(
    app: Frame, made: Made, people: People, headers: dict[str, str]
) -> None:
    async with reading(app, people.head) as head:
        answer = await head.post(f"{TASK}/comments", data={"text": "Labi iet.\r\nTurpinām."}, headers=headers)
        comment = await only_comment(made)
        if headers:
            assert (answer.status_code, answer.headers["hx-trigger"]) == (200, "comment-changed")
            assert 'id="discussion"' in answer.text
            assert "Labi iet.\nTurpinām." in answer.text
        else:
            assert (answer.status_code, answer.headers["location"]) == (303, f"{TASK}#comment-{comment.key}")
            assert "Labi iet.\nTurpinām." in (await head.get(TASK)).text
    assert (comment.text, comment.author, comment.sort) == (
        "Labi iet.\nTurpinām.",
        str(people.head.key),
        CommentSort.COMMENT,
    )
    entry = await last_entry(made)
    assert (entry.tag, entry.by) == ("comment.created", str(people.head.key))
    task = await Task.get(made.task.key)
    assert task is not None
    assert task.version == made.task.version


async def test_a_question_is_open_until_the_unit_answers_and_again_when_the_answer_goes(
    app: Frame, made: Made, people: People
) -> None:
    async with reading(app, people.council) as council, reading(app, people.head) as head:
        assert (await council.post(f"{TASK}/questions", data={"text": "Kad būs gatavs?"})).status_code == 303
        question = await only_comment(made)
        snapshot = await made.snapshot()
        assert open_questions(snapshot) == [question]
        assert open_questions(snapshot, frozenset({made.unit.key})) == [question]
        assert open_questions(snapshot, frozenset()) == []
        assert "Kad būs gatavs?" in (await head.get("/plans/plans/discussion?show=open")).text

        form = (await head.get(f"{TASK}/discussion?answer={question.key}")).text
        assert f'name="answer_to" value="{question.key}"' in form
        await head.post(f"{TASK}/comments", data={"text": "Oktobrī.", "answer_to": str(question.key)})
        entry = await last_entry(made)
        assert entry.tag == "comment.created"
        assert [change.after.get("resolved") for change in entry.changes] == [False, True]
        assert talk_about(await made.snapshot(), made.task.key).open == 0

        answer = await Comment.find_one({"answer_to": question.key})
        assert answer is not None
        refused = await council.post(f"{TASK}/questions/{question.key}/delete", data={"version": "2"})
        assert refused.status_code == 409  # it has been answered
        assert (await head.post(f"{TASK}/comments/{answer.key}/delete", data={"version": "1"})).status_code == 303
        assert talk_about(await made.snapshot(), made.task.key).open == 1

        undo = await head.post(f"/plans/plans/changes/{(await last_entry(made)).id}/undo")
        assert undo.status_code == 303
        assert talk_about(await made.snapshot(), made.task.key).open == 0


async def test_who_asked_says_that_it_is_answered_or_not(app: Frame, made: Made, people: People) -> None:
    question = await make_comment(made.task, "Kad?", sort=CommentSort.QUESTION, by=people.council.actor)
    another = await make_account(Role.COUNCIL, scope=made.scope, name="Cits Deputāts")
    address = f"{TASK}/questions/{question.key}/settle"
    async with reading(app, people.council) as council, reading(app, another) as other:
        assert (await other.post(address, data={"version": "1", "resolved": "yes"})).status_code == 403
        assert (await council.post(address, data={"version": "1", "resolved": "yes"})).status_code == 303
        assert (await last_entry(made)).tag == "comment.settled"
        assert open_questions(await made.snapshot()) == []
        assert (await council.post(address, data={"version": "2", "resolved": "no"})).status_code == 303
        assert len(open_questions(await made.snapshot())) == 1


async def test_only_its_author_rewords_a_comment_and_planners_remove_it(app: Frame, made: Made, people: People) -> None:
    comment = await make_comment(made.task, "Nepareizi.", by=people.head.actor)
    address = f"{TASK}/comments/{comment.key}"
    async with reading(app, people.planner) as planner, reading(app, people.head) as head:
        assert (await planner.post(address, data={"text": "Cits", "version": "1"})).status_code == 403
        assert f'action="{address}"' not in (await planner.get(f"{TASK}/discussion?edit={comment.key}")).text
        assert f'action="{address}"' in (await head.get(f"{TASK}/discussion?edit={comment.key}")).text
        assert (await head.post(address, data={"text": "Pareizi.", "version": "1"})).status_code == 303
        assert (await only_comment(made)).text == "Pareizi."
        assert (await head.post(address, data={"text": "Vēlreiz.", "version": "1"})).status_code == 409
        assert (await planner.post(f"{address}/delete", data={"version": "2"})).status_code == 303
        entry = await last_entry(made)
        assert (entry.tag, entry.by) == ("comment.moderated", str(people.planner.key))
        assert (await head.post(f"/plans/plans/changes/{entry.id}/undo")).status_code == 403
        assert (await planner.post(f"/plans/plans/changes/{entry.id}/undo")).status_code == 303
        assert (await only_comment(made)).text == "Pareizi."


async def test_a_head_says_nothing_of_another_units_task_and_a_council_member_only_asks(
    app: Frame, made: Made, people: People
) -> None:
    other = Unit.new(scope=made.organisation.key, name="Cita nodaļa", sort=UnitKind.DEPARTMENT)
    await other.add(by=SOMEBODY)
    await make_task(made.scope, made.goal, "1.2", lead=other.key)
    async with reading(app, people.head) as head, reading(app, people.council) as council:
        assert (await head.post("/plans/plans/tasks/1.2/comments", data={"text": "x"})).status_code == 403
        assert (await head.post(f"{TASK}/questions", data={"text": "x"})).status_code == 403
        assert (await council.post(f"{TASK}/comments", data={"text": "x"})).status_code == 403
        assert "<textarea" not in (await head.get("/plans/plans/tasks/1.2")).text
        assert f'action="{TASK}/questions"' in (await council.get(TASK)).text
    assert await Comment.count() == 0


async def test_nobody_outside_learns_of_a_discussion(app: Frame, made: Made, stranger: httpx.AsyncClient) -> None:
    plan = made.plan
    await plan.publish(list(PublicPart), by=SOMEBODY, based_on=plan.version)
    comment = await make_comment(made.task, "Tikai savējiem.")
    assert (await made.snapshot()).public.all(Comment) == {}
    for address in (TASK, "/plans/plans/tasks"):
        text = (await stranger.get(address)).text
        assert "Tikai savējiem." not in text
        assert "comment-" not in text
        assert "row-mark" not in text
    for address in (f"{TASK}/discussion", "/plans/plans/discussion", "/plans/plans/evidence"):
        assert (await stranger.get(address)).status_code == 404
    refused = await stranger.post(f"{TASK}/comments/{comment.key}/delete", data={"version": "1"})
    assert refused.status_code in (303, 401, 403)


async def test_a_typed_name_is_a_mention_that_follows_the_person(app: Frame, made: Made, people: People) -> None:
    async with reading(app, people.planner) as planner:
        await planner.post(f"{TASK}/comments", data={"text": "Jautājiet @zane kalniņa, nevis @Zane Kalniņas māsai."})
        comment = await only_comment(made)
        assert comment.text == f"Jautājiet {token(people.head.key)}, nevis @Zane Kalniņas māsai."
        assert mentioned(comment.text) == [people.head.key]
        assert "@Zane Kalniņa, nevis" in (await planner.get(f"{TASK}/discussion?edit={comment.key}")).text

        await people.head.describe(name="Zane Ozola", by=people.head.actor)
        assert "@Zane Ozola" in (await planner.get(TASK)).text
        assert "Zane" not in str((await last_entry(made)).model_dump()).replace("@Zane Kalniņas", "")
        await people.head.erase(by=people.planner.actor)
        shown = (await planner.get(TASK)).text
        assert "Zane Ozola" not in shown
        assert f"@Persona {str(people.head.key)[-6:].upper()}" in shown

        # Who is gone stays mentioned when the text is reworded, and cannot be mentioned anew.
        kept = {"text": f"Labots. {token(people.head.key)}", "version": "1"}
        assert (await planner.post(f"{TASK}/comments/{comment.key}", data=kept)).status_code == 303
        anew = await planner.post(f"{TASK}/comments", data={"text": token(people.head.key)})
        assert anew.status_code == 409


async def test_only_members_are_offered_and_mentioned(app: Frame, made: Made, people: People) -> None:
    outsider = await make_account(None, name="Svešs Cilvēks")
    disabled = await make_account(Role.PLANNER, scope=made.scope, name="Bijušais Darbinieks")
    await disabled.disable(by=SOMEBODY, based_on=disabled.version)
    async with reading(app, people.planner) as planner:
        page = (await planner.get(TASK)).text
        assert "Dace Dome</option>" in page
        assert "Svešs Cilvēks" not in page
        assert "Bijušais Darbinieks" not in page
        sent = await planner.post(f"{TASK}/comments", data={"text": "@Svešs Cilvēks"})
        assert sent.status_code == 303
        assert mentioned((await only_comment(made)).text) == []
        for text in (token(outsider.key), token(disabled.key), " ".join([token(people.head.key)] * 21)):
            assert (await planner.post(f"{TASK}/comments", data={"text": text})).status_code == 409
        chosen = await planner.post(f"{TASK}/comments", data={"text": "Sveiki", "mention": str(outsider.key)})
        assert chosen.status_code == 409
    assert await Comment.count() == 1


async def test_two_of_one_name_are_told_apart(app: Frame, made: Made, people: People) -> None:
    other = await make_account(Role.COUNCIL, scope=made.scope, name="Zane Kalniņa")
    label = f"Zane Kalniņa ({str(other.key)[-6:].upper()})"
    async with reading(app, people.planner) as planner:
        await planner.post(f"{TASK}/comments", data={"text": f"@{label}: lūdzu. @Zane Kalniņa"})
    assert mentioned((await only_comment(made)).text) == [other.key]


async def test_without_scripts_a_person_is_put_in_the_text_by_the_server(
    app: Frame, made: Made, people: People
) -> None:
    async with reading(app, people.planner) as planner:
        form = {"text": "Lūdzu", "mention": str(people.head.key), "change": "mention"}
        again = await planner.post(f"{TASK}/comments", data=form)
        assert again.status_code == 200
        assert "Lūdzu @Zane Kalniņa </textarea>" in again.text
        assert (await planner.post(f"{TASK}/comments", data={**form, "text": ""})).status_code == 200
        assert await Comment.count() == 0
        await planner.post(f"{TASK}/comments", data={"text": "Lūdzu", "mention": str(people.head.key)})
    assert (await only_comment(made)).text == f"Lūdzu {token(people.head.key)}"


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"text": ""}, 422),
        ({"text": "x" * 5001}, 422),
        ({"text": "a\x00b"}, 422),
        ({"text": "x", "author": "someone"}, 422),
        ({"text": "x", "answer_to": "nav"}, 422),
        ({"text": "x", "answer_to": "6b05d981bc2241336fe688b2"}, 409),
        ({"text": "x", "mention": '{"$gt": ""}'}, 422),
    ],
)
async def test_what_cannot_be_said_is_refused_and_given_back(
    client: httpx.AsyncClient, made: Made, sent: dict[str, str], status: int
) -> None:
    for headers in ({}, HTMX):
        answer = await client.post(f"{TASK}/comments", data=sent, headers=headers)
        assert answer.status_code == status
        assert 'aria-invalid="true"' in answer.text
    assert await Comment.count() == 0


async def test_what_is_typed_is_text(client: httpx.AsyncClient, made: Made) -> None:
    await make_comment(made.task, '<img src=x onerror=alert(1)> https://a.lv/"><script>alert(1)</script>')
    for address in (TASK, "/plans/plans/discussion"):
        shown = (await client.get(address)).text
        assert "<img src=x" not in shown
        assert "<script>alert" not in shown
        assert '<a href="https://a.lv/" rel="nofollow noopener ugc">' in shown


async def test_the_plans_discussion_is_filtered_and_paged(app: Frame, made: Made, people: People) -> None:
    for n in range(32):
        await make_comment(made.task, f"Komentārs {n}.", by=people.head.actor)
    await make_comment(made.task, f"{token(people.council.key)}, lūdzu.", by=people.planner.actor)
    async with reading(app, people.council) as council:
        first = (await council.get("/plans/plans/discussion")).text
        assert "Komentārs 31." in first
        assert "Komentārs 1." not in first
        assert "Komentārs 1." in (await council.get("/plans/plans/discussion?page=2")).text
        mine = (await council.get("/plans/plans/discussion?mentions=me")).text
        assert "lūdzu." in mine
        assert "Komentārs" not in mine.replace("Komentāri", "")
        by = (await council.get(f"/plans/plans/discussion?by={people.planner.key}&unit={made.unit.key}")).text
        assert "Komentārs 31." not in by
        assert "lūdzu." in by
        rows = (await council.get("/plans/plans/tasks")).text
        assert f'href="{TASK}#discussion"' in rows
        assert "33 komentāri" in rows


async def test_a_deleted_task_takes_its_discussion_along_and_back(client: httpx.AsyncClient, made: Made) -> None:
    question = await make_comment(made.task, "Kad?", sort=CommentSort.QUESTION)
    await make_comment(made.task, "Oktobrī.", answer_to=question.key)
    await client.post(f"{TASK}/delete", data={"version": str(made.task.version)})
    assert (await made.snapshot()).all(Comment) == {}
    await client.post(f"/plans/plans/changes/{(await last_entry(made)).id}/undo")
    assert len((await made.snapshot()).all(Comment)) == 2
    assert "Oktobrī." in (await client.get(TASK)).text
