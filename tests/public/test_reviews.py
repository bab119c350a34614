"""Closed reviews as residents read them: where they are published, as they were, and without what is hidden since."""

from __future__ import annotations

import re
from datetime import date

import httpx
import pytest

from stratplan.goals.models import Task
from stratplan.plans.models import PublicPart
from stratplan.public import review_pages
from stratplan.reviews.closing import reopen_review
from tests.factories import SOMEBODY, Made, make_report, make_task
from tests.public.test_public_view import published, withdrawn
from tests.reviews.test_closing import close, fresh, opened

PAGES = ("/p/plans/reviews", "/p/plans/reviews/2016Q3")


def is_told(percent: int, text: str) -> bool:
    """Whether a page says so many percent."""
    return re.search(rf"\b{percent}\s%", text) is not None


async def closed_review(made: Made) -> Task:
    """A closed review of two tasks, the second of which is given back."""
    other = await make_task(made.scope, made.goal, "1.2", title="Otrs darbs", lead=made.unit.key)
    await make_report(made.task, date(2016, 9, 28), 40, text="Noslēgts līgums.")
    await make_report(other, date(2016, 9, 28), 80)
    review = await opened(made)
    await close(made, review, number="388", day=date(2016, 10, 27))
    return other


async def test_residents_read_closed_reviews_where_the_plan_publishes_them(
    made: Made, stranger: httpx.AsyncClient
) -> None:
    await closed_review(made)
    await published(made)
    for page in PAGES:
        assert (await stranger.get(page)).status_code == 404
    assert "/reviews" not in (await stranger.get("/p/plans")).text
    await published(made, PublicPart.REVIEWS)
    assert 'href="/p/plans/reviews"' in (await stranger.get("/p/plans")).text
    listed, shown = [(await stranger.get(page)) for page in PAGES]
    for answer in (listed, shown):
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "public, no-cache"
        assert "<script" not in answer.text
        assert "Nr. 388, 27.10.2016." in answer.text
        assert "30.09.2016." in answer.text
        assert is_told(60, answer.text)
    assert 'href="/p/plans/reviews/2016Q3"' in listed.text
    assert "Otrs darbs" in shown.text
    assert "Noslēgts līgums." not in shown.text, "reports were not published when it was closed"
    assert "somebody" not in shown.text
    await withdrawn(made)
    for page in PAGES:
        assert (await stranger.get(page)).status_code == 404


async def test_a_review_reads_as_it_was_closed_when_the_plan_has_changed(
    made: Made, stranger: httpx.AsyncClient
) -> None:
    other = await closed_review(made)
    await published(made, PublicPart.REVIEWS, PublicPart.REPORTS)
    task = await Task.get(other.key)
    assert task is not None
    await task.edit({"title": "Citāds darbs", "number": "1.7"}, by=SOMEBODY, based_on=task.version)
    await make_report(made.task, date(2016, 9, 29), 100)
    shown = (await stranger.get(PAGES[1])).text
    assert "Otrs darbs" in shown
    assert "Citāds darbs" not in shown
    assert 'href="/p/plans/tasks/1.7"' in shown, "the way to the task as it is now"


async def test_what_was_made_internal_since_vanishes_from_old_reviews_and_their_figures(
    made: Made, stranger: httpx.AsyncClient
) -> None:
    other = await closed_review(made)
    await published(made, PublicPart.REVIEWS)
    assert is_told(60, (await stranger.get(PAGES[1])).text)
    task = await Task.get(other.key)
    assert task is not None
    await task.edit({"internal": True}, by=SOMEBODY, based_on=task.version)
    for page in (*PAGES, "/plans/plans/reviews"):
        text = (await stranger.get(page)).text
        assert "Otrs darbs" not in text
        assert not is_told(60, text)
        assert is_told(40, text)


async def test_an_open_review_is_not_there_for_residents_and_one_that_is_opened_again_is_as_it_was_closed(
    made: Made, stranger: httpx.AsyncClient
) -> None:
    await published(made, PublicPart.REVIEWS)
    review = await opened(made)
    assert (await stranger.get(PAGES[1])).status_code == 404
    assert "Vēl nav slēgts" in (await stranger.get(PAGES[0])).text
    await close(made, review)
    before = await stranger.get(PAGES[1])
    assert before.status_code == 200
    closed = await fresh(review)
    await reopen_review(closed, reason="Kļūda.", by=SOMEBODY, based_on=closed.version)
    again = await stranger.get(PAGES[1])
    assert again.text == before.text
    assert "Kļūda." not in again.text


async def test_the_tasks_of_a_long_review_stand_on_several_pages(
    made: Made, stranger: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(review_pages, "TASKS_A_PAGE", 1)
    await closed_review(made)
    await published(made, PublicPart.REVIEWS)
    first, second = (await stranger.get(PAGES[1])).text, (await stranger.get(PAGES[1] + "?page=2")).text
    assert "Otrs darbs" not in first
    assert "Otrs darbs" in second
    assert 'href="/p/plans/reviews/2016Q3?page=2"' in first
    assert "Otrs darbs" in (await stranger.get(PAGES[1] + "?page=99")).text


async def test_search_engines_are_told_of_published_reviews(made: Made, stranger: httpx.AsyncClient) -> None:
    await closed_review(made)
    await published(made)
    assert "/reviews" not in (await stranger.get("/sitemap.xml")).text
    await published(made, PublicPart.REVIEWS)
    text = (await stranger.get("/sitemap.xml")).text
    assert [place.partition("/p/")[2] for place in text.split("</loc>")[:-1]] == [
        "plans", "plans/reviews", "plans/reviews/2016Q3",
    ]  # fmt: skip
