"""The checks of the investment plan: what can be found, and whether it is (domain.md, Money).

What does not add up is shown, never repaired; `findings.py` has it in words for pages.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from decimal import Decimal

from stratplan.choice import Choice
from stratplan.i18n import N_
from stratplan.investments.cents import Place, Table, from_cents, parts_by_source, to_cents
from stratplan.investments.facts import Key, LineFacts, TaskFunding
from stratplan.investments.sums import Sums

HUNDRED = Decimal(100)


class CheckCode(Choice):
    """What a check found (domain.md, Money); the finding is shown, the numbers stay as they were entered."""

    PERCENTS_NOT_100 = "percents_not_100", N_("Percentages do not add up"), "warning", "percent"
    PARTS_NOT_AMOUNT = "parts_not_amount", N_("Parts do not add up"), "warning", "sigma"
    PLANNED_OVER_SHARE = "planned_over_share", N_("More planned than the source pays"), "warning", "sigma"
    STATED_TOTAL_DIFFERS = "stated_total_differs", N_("Stated total differs"), "warning", "sigma"
    SOURCE_WITHOUT_LINE = "source_without_line", N_("Source without a line"), "warning", "link-2-off"
    SPENT_OVER_CONTRACTED = "spent_over_contracted", N_("More spent than contracted"), "danger", "triangle-alert"
    CONTRACTED_OVER_PLANNED = (
        "contracted_over_planned",
        N_("More contracted than planned"),
        "danger",
        "triangle-alert",
    )
    AMOUNT_UNKNOWN = "amount_unknown", N_("Amount not known"), "info", "circle-help"


_MESSAGES = {
    CheckCode.PERCENTS_NOT_100: N_("Line %(subject)s: the percentages add up to %(sum)s, not to %(whole)s."),
    CheckCode.PARTS_NOT_AMOUNT: N_(
        "Line %(subject)s: the parts of its sources add up to %(parts)s, its amount is %(amount)s."
    ),
    CheckCode.PLANNED_OVER_SHARE: N_(
        "Line %(subject)s, %(source)s: %(planned)s is planned by years, the source pays %(share)s."
    ),
    CheckCode.STATED_TOTAL_DIFFERS: N_("Heading %(subject)s states %(stated)s, its lines add up to %(sum)s."),
    CheckCode.SOURCE_WITHOUT_LINE: N_(
        "Task %(subject)s names the source %(source)s, which none of its investment lines has."
    ),
    CheckCode.SPENT_OVER_CONTRACTED: N_(
        "Line %(subject)s, %(source)s, %(year)s: %(spent)s is spent, %(contracted)s is contracted."
    ),
    CheckCode.CONTRACTED_OVER_PLANNED: N_(
        "Line %(subject)s, %(source)s: %(contracted)s is contracted, %(planned)s is planned."
    ),
    CheckCode.AMOUNT_UNKNOWN: N_("Line %(subject)s has no amount and is left out of the sums."),
}
_MESSAGES_OF_A_YEAR = {
    CheckCode.PLANNED_OVER_SHARE: N_(
        "Line %(subject)s, %(source)s, %(year)s: %(planned)s is planned, the source pays %(share)s."
    ),
    CheckCode.CONTRACTED_OVER_PLANNED: N_(
        "Line %(subject)s, %(source)s, %(year)s: %(contracted)s is contracted, %(planned)s is planned."
    ),
}


@dataclass(frozen=True, slots=True)
class Check:
    """One finding: of the line, heading or task numbered `subject`, of a source and a year where it is of one.

    `amounts` are EUR, `percents` percent, both by the name of their place in the message.
    """

    code: CheckCode
    subject: str
    source: Key | None = None
    year: int | None = None
    amounts: Mapping[str, Decimal] = field(default_factory=dict)
    percents: Mapping[str, Decimal] = field(default_factory=dict)

    @property
    def is_of_task(self) -> bool:
        """Whether `subject` is the number of a task, not of a line."""
        return self.code is CheckCode.SOURCE_WITHOUT_LINE

    @property
    def message(self) -> str:
        """The English source text, with places for `values`."""
        message = _MESSAGES[self.code]
        return message if self.year is None else _MESSAGES_OF_A_YEAR.get(self.code, message)

    def values(
        self,
        *,
        money: Callable[[Decimal], str],
        percent: Callable[[Decimal], str],
        source: Callable[[Key | None], str],
    ) -> dict[str, str]:
        """What to fill the message with, written by the functions given."""
        return {
            "subject": self.subject,
            "source": source(self.source),
            "year": "" if self.year is None else str(self.year),
            **{name: money(amount) for name, amount in self.amounts.items()},
            **{name: percent(share) for name, share in self.percents.items()},
        }


def share_checks(line: LineFacts) -> list[Check]:
    """Findings of the shares: percentages, or parts in EUR, that do not add up."""
    if not line.shares:
        return []
    if all(share.amount is None for share in line.shares):
        stated = sum((share.percent for share in line.shares if share.percent is not None), Decimal(0))
        if stated == HUNDRED:
            return []
        return [Check(CheckCode.PERCENTS_NOT_100, line.number, percents={"sum": stated, "whole": HUNDRED})]
    if line.amount is None:
        return []
    outside = parts_by_source(line, {}).get(None, 0)
    if not outside:
        return []
    sums = {"parts": from_cents(to_cents(line.amount) - outside), "amount": from_cents(to_cents(line.amount))}
    return [Check(CheckCode.PARTS_NOT_AMOUNT, line.number, amounts=sums)]


def planned_over_share(line: str, source: Key | None, year: int | None, planned: int, share: int) -> Check:
    """The finding that more cents are planned than a source pays, in a year or at all."""
    sums = {"planned": from_cents(planned), "share": from_cents(share)}
    return Check(CheckCode.PLANNED_OVER_SHARE, line, source, year, amounts=sums)


def yearly_checks(line: LineFacts, planned: Table, amounts: Table) -> list[Check]:
    """Findings of a yearly line: years for which more is planned than a source pays a year."""
    return [
        planned_over_share(line.number, source, year, cents, amounts.get((source, year), 0))
        for (source, year), cents in planned.items()
        if cents > amounts.get((source, year), 0)
    ]


def over_amount_checks(line: LineFacts, amounts: Table) -> list[Check]:
    """Findings of a line without shares: more planned, of all sources, than its amount."""
    if line.shares or line.amount is None:
        return []
    return [
        Check(
            CheckCode.PARTS_NOT_AMOUNT,
            line.number,
            None,
            year,
            amounts={"parts": from_cents(to_cents(line.amount) - outside), "amount": from_cents(to_cents(line.amount))},
        )
        for (source, year), outside in amounts.items()
        if source is None and outside < 0
    ]


def report_checks(line: LineFacts, amounts: Table, planned: Table, contracted: Table, spent: Table) -> list[Check]:
    """Spent over contracted, contracted over planned, where both are known.

    What is planned of a source in a year is its part of that year. Contracts in years that nothing is planned for
    are held together against what the source pays beyond the years planned, and those of sources that the line
    does not name against what its own sources leave open.
    """
    checks = [
        Check(
            CheckCode.SPENT_OVER_CONTRACTED,
            line.number,
            source,
            year,
            amounts={"spent": from_cents(cents), "contracted": from_cents(contracted[source, year])},
        )
        for (source, year), cents in spent.items()
        if cents > contracted.get((source, year), cents)
    ]
    known = amounts or planned
    named = {source for source, _year in known}
    together: defaultdict[Place, int] = defaultdict(int)
    for (source, year), cents in contracted.items():
        payer = source if source in named else None
        together[payer, year if (payer, year) in known else None] += cents
    for place, cents in together.items():
        if place in known or line.amount is not None:
            allowed = max(known.get(place, 0), 0)
            if cents > allowed:
                sums = {"contracted": from_cents(cents), "planned": from_cents(allowed)}
                checks.append(Check(CheckCode.CONTRACTED_OVER_PLANNED, line.number, *place, amounts=sums))
    return checks


def stated_total_checks(heading: str, stated: Decimal, under: Sums, left_out: Sequence[str]) -> list[Check]:
    """The finding that a heading states something else than the sum of the lines under it."""
    found = under.amount or from_cents(0)
    # A line with no amount may be what is missing, but it cannot be what is too much.
    if stated == found or (left_out and found < stated):
        return []
    return [Check(CheckCode.STATED_TOTAL_DIFFERS, heading, amounts={"stated": stated, "sum": found})]


def source_checks(task: TaskFunding, named: Set[Key]) -> list[Check]:
    """Sources that a task names and that are not among those named by its lines."""
    return [Check(CheckCode.SOURCE_WITHOUT_LINE, task.number, source) for source in task.sources if source not in named]
