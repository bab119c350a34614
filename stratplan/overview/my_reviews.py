"""The open reviews that a head of a unit reports in: what of each is done, and until when."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stratplan.accounts.roles import units_of
from stratplan.i18n import _, ngettext
from stratplan.overview.reviews_at_work import ReviewAtWork
from stratplan.permissions import Permission
from stratplan.reviews.cards import sheet_of
from stratplan.reviews.drafts import Draft, drafts_of
from stratplan.reviews.list_pages import said_due
from stratplan.reviews.models import Review, SubmissionState
from stratplan.reviews.queries import Asked, reviews_in_order, units_asked
from stratplan.view import View


async def reviews_to_report_in(views: Sequence[View]) -> list[ReviewAtWork]:
    """A line for each unit of the reader's and each open review that asks it something; what is sent stays there, last.

    What was typed is read once for all of them.
    """
    found = [(view, *one) for view in views for one in _asked(view)]
    drafts = await drafts_of({review.key for _view, review, _asked_of in found}) if found else []
    found.sort(key=lambda one: (one[2].is_sent, one[1].due))
    return [_line(view, review, asked, drafts) for view, review, asked in found]


def _asked(view: View) -> Iterator[tuple[Review, Asked]]:
    account = view.reader.account
    own = frozenset() if account is None else units_of(view.snapshot, account)
    for review in reviews_in_order(view.snapshot) if own else ():
        if review.is_open:
            for asked in units_asked(view.snapshot, review):
                if asked.unit.key in own and view.rights.allow(Permission.REVIEWS_REPORT, frozenset([asked.unit.key])):
                    yield review, asked


def _line(view: View, review: Review, asked: Asked, drafts: Sequence[Draft]) -> ReviewAtWork:
    sheet = sheet_of(view.snapshot, review, asked, drafts, view.today)
    tasks = ngettext(
        "%(done)s of %(num)s task done", "%(done)s of %(num)s tasks done", len(sheet.cards), done=sheet.answered
    )
    due = said_due(view, review, is_missing=not asked.is_sent)
    is_late = not asked.is_sent and review.due < view.today
    return ReviewAtWork(
        name=f"{review.title}: {asked.unit.name}",
        path=view.url(f"/reviews/{review.code}/units/{asked.unit.key}"),
        said=_state(asked) if asked.is_sent else f"{_state(asked)} · {tasks}, {due}",
        tone="danger" if is_late else asked.state.tone,
        icon=asked.state.icon,
    )


def _state(asked: Asked) -> str:
    state: SubmissionState = asked.state
    return _(state.label)
