"""The checks of the investment plan that failed, in words: what was found, where, and what to do about it.

Findings are shown, never repaired (domain.md, Money).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

from beanie import PydanticObjectId

from stratplan import i18n
from stratplan.i18n import N_, _, ngettext
from stratplan.investments.checks import Check, CheckCode
from stratplan.investments.facts import Key
from stratplan.plans.models import FundingSource
from stratplan.snapshot import Snapshot

_ADVICE = {
    CheckCode.PERCENTS_NOT_100: N_("Correct the percentages, or add the source that is missing."),
    CheckCode.PARTS_NOT_AMOUNT: N_("Correct the amount or the parts; the difference stands under “no source”."),
    CheckCode.PLANNED_OVER_SHARE: N_("Correct the amounts planned by year, or the share of the source."),
    CheckCode.STATED_TOTAL_DIFFERS: N_("Correct the stated total or the lines; sums are made of the lines."),
    CheckCode.SOURCE_WITHOUT_LINE: N_(
        "The action plan names a source that the investment plan does not have. Correct the sources of the tasks, or "
        "add the source to a line."
    ),
    CheckCode.SPENT_OVER_CONTRACTED: N_("Check the reported sums: either a contract is missing or too much was spent."),
    CheckCode.CONTRACTED_OVER_PLANNED: N_("Check the reported sums; if they are right, the plan has to be amended."),
    CheckCode.AMOUNT_UNKNOWN: N_("Enter the amount once it is known; until then the sums leave the line out."),
}
_TONES = ("danger", "warning", "info")


@dataclass(frozen=True, slots=True)
class Subject:
    """A line or a task that a finding is about: its number and its page in the plan."""

    number: str
    path: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding as a sentence, with what it is about."""

    text: str
    subjects: tuple[Subject, ...]


@dataclass(frozen=True, slots=True)
class FindingGroup:
    """All findings of one check, with what to do about them; `count` is the number of failed checks."""

    code: CheckCode
    advice: str
    findings: tuple[Finding, ...]
    count: int

    @property
    def is_many(self) -> bool:
        """Whether it is better folded away: what concerns tasks in bulk must not drown what concerns a line."""
        return self.code is CheckCode.SOURCE_WITHOUT_LINE


def findings(snapshot: Snapshot, checks: Iterable[Check]) -> list[FindingGroup]:
    """The failed checks by what they check, the most serious first; sources without a line are told by source."""
    by_code: defaultdict[CheckCode, list[Check]] = defaultdict(list)
    for check in checks:
        by_code[check.code].append(check)
    groups = [
        FindingGroup(
            code,
            _(_ADVICE[code]),
            _by_source(snapshot, found)
            if code is CheckCode.SOURCE_WITHOUT_LINE
            else tuple(_finding(snapshot, check) for check in found),
            len(found),
        )
        for code, found in by_code.items()
    ]
    return sorted(groups, key=lambda group: (group.is_many, _TONES.index(group.code.tone), group.code.order))


def _finding(snapshot: Snapshot, check: Check) -> Finding:
    values = check.values(
        money=i18n.money,
        percent=lambda share: i18n.percent(share, 4),
        source=lambda key: _source_name(snapshot, key),
    )
    return Finding(_(check.message, **values), (_subject(check),))


def _by_source(snapshot: Snapshot, checks: Iterable[Check]) -> tuple[Finding, ...]:
    by_source: defaultdict[Key | None, list[Check]] = defaultdict(list)
    for check in checks:
        by_source[check.source].append(check)
    return tuple(
        Finding(
            ngettext(
                "%(num)s task names the source %(source)s, which none of its lines has:",
                "%(num)s tasks name the source %(source)s, which none of their lines has:",
                len(found),
                source=_source_name(snapshot, key),
            ),
            tuple(_subject(check) for check in found),
        )
        for key, found in by_source.items()
    )


def _subject(check: Check) -> Subject:
    return Subject(check.subject, f"/{'tasks' if check.is_of_task else 'investments'}/{check.subject}")


def _source_name(snapshot: Snapshot, key: Key | None) -> str:
    source = snapshot.find(FundingSource, cast("PydanticObjectId | None", key))
    return _("no source") if source is None else source.code
