"""The page of trends: progress of the plan, its goals and units over the closed reviews, and money by source."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from litestar import get
from litestar.response import Response
from litestar_htmx import HTMXRequest

from stratplan import i18n
from stratplan.alphabet import sort_key
from stratplan.i18n import _
from stratplan.investments.breakdown import Measure
from stratplan.permissions import Permission
from stratplan.plans.models import PublicPart
from stratplan.reviews.editions import audience_of, public_of
from stratplan.reviews.frozen import FrozenLine, FrozenPlan, FrozenTask, parts_of_editions
from stratplan.reviews.models import Review
from stratplan.reviews.money_tables import source_name
from stratplan.reviews.queries import Closed, closed_reviews
from stratplan.reviews.statement import sum_of
from stratplan.reviews.terms import ReviewTerm, term_of
from stratplan.reviews.trends import (
    MoneySeries,
    Series,
    Standing,
    TrendLine,
    TrendPlan,
    TrendTask,
    of_goals,
    of_money,
    of_plan,
    of_units,
)
from stratplan.view import View
from stratplan.web import page

FEWEST = 2  # reviews that make a trend
MOST_TICKS = 12
THOUSAND = Decimal(1000)
ROMAN = ("I", "II", "III", "IV")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a chart: where it goes (shares of the width and the height; None where it breaks), how it is drawn."""

    label: str
    text: str
    tone: str
    dashed: bool
    points: Sequence[tuple[float, float] | None]


@dataclass(frozen=True, slots=True)
class TrendRow:
    """A row of a chart's table: the review, what was reported, what was planned, by how many points they differ."""

    name: str
    reported: str
    planned: str
    gap: str


@dataclass(frozen=True, slots=True)
class Trend:
    """Progress over the reviews, drawn and as a table; `words` say what the drawing shows."""

    name: str
    path: str
    words: str
    lines: Sequence[Line]
    rows: Sequence[TrendRow]


@dataclass(frozen=True, slots=True)
class Bar:
    """A part of a column: its value, None where it is not known."""

    value: Decimal | None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a chart: a review, its bars by source, in thousands of EUR; `text` is their sum."""

    label: str
    bars: Sequence[Bar]
    text: str


@dataclass(frozen=True, slots=True)
class MoneyTrend:
    """Contracted, or spent, from each source over the reviews: as columns, and as a table of EUR."""

    title: str
    words: str
    columns: Sequence[Column]
    sources: Sequence[dict[str, str]]
    rows: Sequence[tuple[str, Sequence[str], str]]


@get("/plans/{slug:str}/trends", permission=Permission.REVIEWS_READ, kept=True)
async def show_trends(request: HTMXRequest, view: View) -> Response[str]:
    """How the plan went, review by review."""
    closed = reviews_of_trend(closed_reviews(view.snapshot))
    if len(closed) < FEWEST:
        return await page(request, "reviews/no_trends.html", {"count": len(closed)}, view=view, section="reviews")
    standings = await _standings(view, closed)
    reviews = [review for review, _edition in closed]
    drawing = _Drawing(reviews, standings)
    goals, units = of_goals(standings), of_units(standings)
    money = of_money(standings)
    context = {
        "plan": drawing.trend(of_plan(standings), _("The whole plan")),
        "goals": [drawing.trend(one, one.name, f"/goals/{one.name.partition(' ')[0]}") for one in goals],
        "units": [drawing.trend(one, one.name) for one in sorted(units, key=lambda unit: sort_key(unit.name))],
        "money": [drawing.money(money, measure) for measure in (Measure.SPENT, Measure.CONTRACTED) if money],
        "ticks": drawing.ticks,
        "reviews": reviews,
        "has_funding": view.rights.sees_unpublished or PublicPart.FUNDING in view.plan.public_parts,
    }
    return await page(request, "reviews/trends.html", context, view=view, section="reviews")


def reviews_of_trend(closed: Sequence[Closed]) -> list[Closed]:
    """The closed reviews, the oldest first; of those that end on one day only the shortest."""
    found: dict[Hashable, Closed] = {}
    for pair in sorted(closed, key=lambda one: one[0].period.days):
        found.setdefault(pair[0].period.end, pair)
    return sorted(found.values(), key=lambda pair: pair[0].period.end)


async def _standings(view: View, closed: Sequence[Closed]) -> list[Standing]:
    editions = [(review.key, edition.number) for review, edition in closed]
    audience = audience_of(view)
    plans = await parts_of_editions(FrozenPlan, editions, audience, TrendPlan.model_fields)
    tasks = await parts_of_editions(FrozenTask, editions, audience, TrendTask.model_fields)
    lines = await parts_of_editions(FrozenLine, editions, audience, TrendLine.model_fields)
    found = [
        Standing(
            review.code,
            TrendPlan.model_validate(plans[review.key][0]),
            tuple(TrendTask.model_validate(raw) for raw in tasks.get(review.key, ())),
            tuple(TrendLine.model_validate(raw) for raw in lines.get(review.key, ())),
        )
        for review, _edition in closed
    ]
    if view.rights.sees_unpublished:
        return found
    public = await public_of(view)
    return [standing.published(public) for standing in found]


class _Drawing:
    """Series of these reviews as charts and tables."""

    def __init__(self, reviews: Sequence[Review], standings: Sequence[Standing]) -> None:
        self.reviews = reviews
        days = [standing.plan.day.toordinal() for standing in standings]
        span = max(1, days[-1] - days[0])
        self.places = [(day - days[0]) / span for day in days]
        self.labels = [short_name(review, reviews[at - 1] if at else None) for at, review in enumerate(reviews)]

    @property
    def ends_year(self) -> list[bool]:
        """Of each review, whether it is the last of its year: only there is room for a figure on a phone."""
        years = [review.period.end.year for review in self.reviews]
        return [year != later for year, later in zip(years, [*years[1:], None], strict=True)]

    @property
    def ticks(self) -> list[tuple[float, str]]:
        """The reviews under a chart; of many, every few."""
        step = 1 + (len(self.places) - 1) // MOST_TICKS
        return [*zip(self.places, self.labels, strict=True)][::step]

    def trend(self, series: Series, name: str, path: str = "") -> Trend:
        """Progress reported, and planned (dashed)."""
        reported = [point.reported for point in series.points]
        planned = [point.planned for point in series.points]
        return Trend(
            name=name,
            path=path,
            words="; ".join(
                f"{review.name}: {i18n.percent(one)}"
                for review, one in zip(self.reviews, reported, strict=True)
                if one is not None
            ),
            lines=[
                Line(_("Reported"), _last(reported), "c1", False, self._points(reported)),
                Line(_("Planned"), _last(planned), "c2", True, self._points(planned)),
            ],
            rows=[
                TrendRow(
                    review.title,
                    i18n.percent(point.reported),
                    i18n.percent(point.planned),
                    _gap(point.reported, point.planned),
                )
                for review, point in zip(self.reviews, series.points, strict=True)
            ],
        )

    def _points(self, shares: Sequence[Fraction | None]) -> list[tuple[float, float] | None]:
        return [
            None if share is None else (place, float(share)) for place, share in zip(self.places, shares, strict=True)
        ]

    def money(self, series: Sequence[MoneySeries], measure: Measure) -> MoneyTrend:
        """One sum over the reviews: what there was of it by then, from the beginning of the plan."""
        amounts = [[getattr(sums, measure.value) for sums in one.sums] for one in series]
        by_review: list[list[Decimal | None]] = [list(found) for found in zip(*amounts, strict=True)]
        sums = [sum_of(found) for found in by_review]
        names = [source_name(one.code) for one in series]
        return MoneyTrend(
            title=_(measure.label),
            words="; ".join(
                f"{review.name}: {i18n.money(total)}" for review, total in zip(self.reviews, sums, strict=True)
            ),
            columns=[
                Column(label, [Bar(_thousands(one)) for one in found], _short(total) if is_said else "")
                for label, found, total, is_said in zip(self.labels, by_review, sums, self.ends_year, strict=True)
            ],
            sources=[{"label": name, "text": ""} for name in names],
            rows=[
                (review.title, [i18n.amount(one) for one in found], i18n.amount(total))
                for review, found, total in zip(self.reviews, by_review, sums, strict=True)
            ],
        )


def short_name(review: Review, before: Review | None) -> str:
    """What a review is called under a chart: its quarter as a Roman number, with the year where another begins."""
    start = review.period.start
    if term_of(review.period) is not ReviewTerm.QUARTER:
        return review.code
    quarter = ROMAN[(start.month - 1) // 3]
    return quarter if before is not None and before.period.start.year == start.year else f"{start.year} {quarter}"


def _last(shares: Sequence[Fraction | None]) -> str:
    known = [share for share in shares if share is not None]
    return i18n.percent(known[-1]) if known else i18n.DASH


def _gap(reported: Fraction | None, planned: Fraction | None) -> str:
    if reported is None or planned is None:
        return i18n.DASH
    points = int(i18n.half_up((reported - planned) * 100))
    return f"{'+' if points > 0 else '−' if points < 0 else ''}{abs(points)}"


def _thousands(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else amount / THOUSAND


def _short(amount: Decimal | None) -> str:
    return "" if amount is None else i18n.number(amount / THOUSAND, 0)


handlers = [show_trends]
