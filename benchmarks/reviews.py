"""How quick reviews are: closing, comparing and each document of 2,000 tasks, the Daugavpils plan's documents, and the
memory that those of 20,000 tasks take.

`python -m benchmarks.reviews` starts a database of its own and prints what docs/benchmarks.md explains.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import io
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, TypeVar

import xlsxwriter

from benchmarks.pages import DATABASE, DAUGAVPILS, row, verdict
from benchmarks.plan_generator import generate
from stratplan import audit, database
from stratplan.actors import COMMAND_LINE
from stratplan.app import DOCUMENTS
from stratplan.embedded.server import private_mongod
from stratplan.exports.tables import Table
from stratplan.goals.models import Task
from stratplan.imports.seeds import load_all
from stratplan.period import Period
from stratplan.reviews.closing import close_review, open_review
from stratplan.reviews.comparing import compare
from stratplan.reviews.comparison import Comparison
from stratplan.reviews.council import council_report
from stratplan.reviews.formats import Content, Format, make_document, tables_of
from stratplan.reviews.frozen import Audience, statement_of_edition
from stratplan.reviews.models import Decision, Review
from stratplan.reviews.queries import closed_reviews, find_review
from stratplan.reviews.statement import Statement
from stratplan.settings import resource
from stratplan.snapshot import Snapshot, Snapshots

LARGE, HUGE = 2_000, 20_000
FIRST, SECOND = "2016Q2", "2016Q3"
LATER = date(2016, 10, 14)
TO_CLOSE, TO_COMPARE, TO_PRINT, OF_DAUGAVPILS = 5.0, 1.0, 20.0, 1.0  # seconds
OF_BARE_XLSX = 1.5
MOST_MEMORY = 500  # MB
AT_ONCE = 500  # tasks changed in one go

T = TypeVar("T")


ON_PAPER = ("pdf", "docx")


@dataclass(frozen=True, slots=True)
class Took:
    """What work came to, and the seconds that it took: the median of several times."""

    made: Any
    seconds: float


def timed(work: Callable[[], T], times: int = 1) -> Took:
    """The work done, as often as said."""
    taken = []
    made: Any = None
    for _turn in range(times):
        made = None
        gc.collect()
        begun = perf_counter()
        made = work()
        taken.append(perf_counter() - begun)
    return Took(made, median(taken))


# --- what is measured ---------------------------------------------------------------------------------------------


async def snapshot_of(slug: str) -> Snapshot:
    """The plan, read anew."""
    found = await Snapshots().of(slug)
    assert found is not None
    return found


async def closed(slug: str, code: str) -> tuple[Review, float]:
    """A review of the plan that is opened and closed, and the seconds that closing took in a process that has not read
    the plan yet."""
    period = Period.parse(f"{code[:4]}-{code[4:]}")
    review, _entry = await open_review(await snapshot_of(slug), period, due=LATER, by=COMMAND_LINE, today=LATER)
    begun = perf_counter()
    await close_review(
        Snapshots(),
        slug,
        review,
        decision=Decision(number="388", day=LATER),
        despite_missing=True,
        by=COMMAND_LINE,
        based_on=review.version,
        today=LATER,
    )
    return find_review(await snapshot_of(slug), code), perf_counter() - begun


async def changed(slug: str) -> None:
    """Every third task gets another title and a later end, so that there is much to compare."""
    snapshot = await snapshot_of(slug)
    some = list(snapshot.all(Task).values())[::3]
    for begin in range(0, len(some), AT_ONCE):
        edits = [
            audit.changed(task, title=f"{task.title} un vēl", period=Period.parse("2015/2018"))
            for task in some[begin : begin + AT_ONCE]
        ]
        await audit.record("task.imported", edits, by=COMMAND_LINE)


async def read(review: Review) -> Statement:
    """The last edition of a review, read from what was frozen."""
    return await statement_of_edition(review.key, review.editions[-1].number, Audience.MEMBERS)


async def closing_and_comparing(slug: str) -> tuple[bool, Content]:
    """The seconds of closing and comparing; and what documents with all changes are made of."""
    print(f"\nReviews of {LARGE} tasks\n")
    row("", "seconds", "at most", "")
    first, before = await closed(slug, FIRST)
    await changed(slug)
    second, after = await closed(slug, SECOND)
    good = max(before, after) <= TO_CLOSE
    row("closing, the plan not read yet", f"{before:.2f}, {after:.2f}", TO_CLOSE, verdict(good))
    taken = []
    for _turn in range(3):
        begun = perf_counter()
        statements = [await read(first), await read(second)]
        reading = perf_counter() - begun
        comparing = timed(lambda: compare(*statements))  # noqa: B023  # at once
        taken.append((reading + comparing.seconds, reading, comparing.seconds))
    whole, reading, seconds = sorted(taken)[1]
    fits = whole <= TO_COMPARE
    row(
        "comparing, both editions read first", f"{whole:.2f} ({reading:.2f} + {seconds:.2f})", TO_COMPARE, verdict(fits)
    )
    return good and fits, content_of(second, statements[1], comparing.made)


def content_of(review: Review, statement: Statement, comparison: Comparison | None) -> Content:
    """What the documents of a review's last edition are made of."""
    report = council_report(statement, review=review, edition=review.editions[-1], comparison=comparison)
    return Content(report, statement)


def bare(tables: Sequence[Table]) -> bytes:
    """The cells of tables as the library writes them by itself: no formats, widths, heights, filters or print set-up.
    Empty ones have a border: without any format the library leaves them out."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"constant_memory": True})
    bordered = book.add_format({"border": 1})
    for table in tables:
        sheet = book.add_worksheet()
        for place, column in enumerate(table.columns):
            sheet.write_string(0, place, column.title)
        for line, one in enumerate(table.rows, start=1):
            for place in range(len(table.columns)):
                value = table.cell(one, place).value
                match value:
                    case None | "":
                        sheet.write_blank(line, place, None, bordered)
                    case int() | Decimal() | Fraction():
                        sheet.write_number(line, place, float(value))
                    case date():
                        sheet.write_datetime(line, place, datetime.combine(value, datetime.min.time()))
                    case _:
                        sheet.write_string(line, place, str(value))
    book.close()
    return file.getvalue()


def large_documents(content: Content, rounds: int) -> bool:
    """The seconds of each document; a workbook beside the bare cells, in turns."""
    print(f"\nDocuments of {LARGE} tasks\n")
    row("", "seconds", "at most", "MB")
    tables = [*content.report.summary, *tables_of(content.report)]
    pairs = [
        (timed(lambda: bare(tables)), timed(lambda: make_document(Format.XLSX, content))) for _turn in range(rounds)
    ]
    ratio = median(ours.seconds / theirs.seconds for theirs, ours in pairs)
    good = ratio <= OF_BARE_XLSX
    row("the same cells bare", f"{median(theirs.seconds for theirs, _ours in pairs):.2f}", "", size_of(pairs[0][0]))
    row("xlsx", f"{median(ours.seconds for _theirs, ours in pairs):.2f}", "", size_of(pairs[0][1]))
    row("xlsx beside the bare cells", f"{ratio:.2f} ×", f"{OF_BARE_XLSX} ×", verdict(good))
    for kind in Format:
        if kind is Format.XLSX:
            continue
        took = timed(lambda: make_document(kind, content))  # noqa: B023  # at once
        is_on_paper = kind.value in ON_PAPER
        fits = not is_on_paper or took.seconds <= TO_PRINT
        good = good and fits
        row(kind.value, f"{took.seconds:.2f}", f"{TO_PRINT} {verdict(fits)}" if is_on_paper else "", size_of(took))
    return good


def size_of(took: Took) -> str:
    return f"{len(took.made) / 2**20:.1f}"


async def documents_of_daugavpils() -> bool:
    """The seconds of every document of the Daugavpils plan's last review but one, with what changed before it."""
    print("\nDocuments of the Daugavpils plan, with their statement read and compared\n")
    row("", "seconds", "at most", "MB")
    _last, (review, _edition), (before, _earlier) = closed_reviews(await snapshot_of(DAUGAVPILS))[:3]
    good = True
    for kind in Format:
        taken = []
        for _turn in range(3):
            begun = perf_counter()
            statement = await read(review)
            content = content_of(review, statement, compare(await read(before), statement))
            made = make_document(kind, content)
            taken.append(perf_counter() - begun)
        fits = median(taken) < OF_DAUGAVPILS
        good = good and fits
        row(kind.value, f"{median(taken):.2f}", f"{OF_DAUGAVPILS} {verdict(fits)}", f"{len(made) / 2**20:.2f}")
    return good


# --- memory: a process of its own, which does nothing else ------------------------------------------------------------


def memory(uri: str, slug: str) -> bool:
    """The most memory that `stratplan export` takes for one document of the whole plan as it is today."""
    print(f"\nMemory of one document of {HUGE} tasks\n")
    row("", "MB", "at most", "")
    good = True
    environment = {**os.environ, "STRATPLAN_MONGODB_URI": uri, "STRATPLAN_MONGODB_DATABASE": DATABASE}
    for kind in Format:
        if kind.value in ON_PAPER:
            continue
        with tempfile.TemporaryDirectory(prefix="sp-") as folder:
            command = [sys.executable, "-m", "stratplan.cli", "export", slug, "--format", kind.value]
            exporting = os.posix_spawn(
                sys.executable,
                [*command, "--output", str(Path(folder) / "document")],
                environment,
                file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)],
            )
            _process, status, used = os.wait4(exporting, 0)
        took = used.ru_maxrss // 1024
        fits = status == 0 and took < MOST_MEMORY
        good = good and fits
        row(kind.value, took, MOST_MEMORY, verdict(fits))
    return good


async def run(uri: str, *, quick: bool) -> bool:
    """Fill the database and measure."""
    async with database.connect(uri, DATABASE, DOCUMENTS):
        print("Making the plans …", flush=True)
        await load_all([resource("seeds") / f"{DAUGAVPILS}.yaml", resource("seeds") / f"{DAUGAVPILS}.progress.yaml"])
        await generate(f"plan-{LARGE}", LARGE)
        good, content = await closing_and_comparing(f"plan-{LARGE}")
        outcomes = [good, large_documents(content, 3 if quick else 7), await documents_of_daugavpils()]
        if not quick:
            await generate(f"plan-{HUGE}", HUGE)
            outcomes.append(memory(uri, f"plan-{HUGE}"))
    return all(outcomes)


def main() -> None:
    """Measure, print, and say by the exit status whether every target was met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, and no memory")
    asked = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="sp-") as folder,
        private_mongod(Path(folder), binary=None, say=lambda _: None) as uri,
    ):
        good = asyncio.run(run(uri, quick=asked.quick))
    print("\nEvery target is met." if good else "\nA target was missed.")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
