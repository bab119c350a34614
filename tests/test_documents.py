"""Documents: what is stored comes back as it was, and limits hold whoever writes.

These run on mongomock, which stores and finds faithfully; what needs transactions or order runs on the real server.
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal

import pytest
import pytest_asyncio
from beanie import Document, PydanticObjectId, init_beanie
from bson import Decimal128
from mongomock_motor import AsyncMongoMockClient
from pydantic import TypeAdapter, ValidationError

from stratplan import app, database, documents
from stratplan.accounts.models import Account, Membership
from stratplan.discussion.models import Comment, CommentSort
from stratplan.documents import Code, Line, LivingDocument, Prose, now, stored
from stratplan.evidence.file_types import FileType
from stratplan.evidence.models import Evidence
from stratplan.goals.models import Goal, Milestone, Report, Task
from stratplan.goals.states import Execution, Outcome
from stratplan.investments.models import InvestmentLine, MoneyReport, Share, Stage, YearAmount
from stratplan.period import Period
from stratplan.permissions import Role
from stratplan.plans.models import FundingKind, FundingSource, Organisation, Plan, PlanState, Section, Term, TermKind
from stratplan.reviews.links import ReviewLink
from stratplan.reviews.models import Edition, Review, ReviewState, Submission, SubmissionState
from stratplan.reviews.report_template import ReportTemplate
from stratplan.swot.models import Quadrant, SwotEntry
from stratplan.units.models import Unit, UnitKind

KEY, OTHER = PydanticObjectId(), PydanticObjectId()
PERIOD = Period.parse("2016-Q3/2017-Q1")


@pytest_asyncio.fixture
async def mocked(opened: database.Database) -> AsyncIterator[None]:
    """Documents bound to a stand-in for the server; bound back to the real one afterwards."""
    await init_beanie(database=AsyncMongoMockClient(tz_aware=True)["mocked"], document_models=list(app.DOCUMENTS))
    yield
    await init_beanie(database=opened.db, document_models=list(app.DOCUMENTS))


def one_of_each() -> list[LivingDocument]:
    """A document of every kind with every field set."""
    return [
        Organisation(id=KEY, scope=KEY, name="Sociālo lietu pārvalde", short="SLP", founded=date(2005, 8, 16)),
        Plan.new(
            slug="plans",
            title="Stratēģija",
            organisation=KEY,
            first_year=2015,
            last_year=2017,
            state=PlanState.APPROVED,
            decision_number="388",
            decision_date=date(2015, 3, 26),
            mission="Palīdzēt.",
            vision="Atbalsts\nīstajā brīdī.",
        ),
        Section.new(scope=KEY, order=2, title="Problēmas", text="Pirmā rindkopa.\n\nOtrā."),
        Term.new(scope=KEY, sort=TermKind.ABBREVIATION, word="GMI", meaning="garantētais minimālais ienākums"),
        FundingSource.new(scope=KEY, code="ERAF", name="Fonds", funding=FundingKind.EU, order=3),
        Unit.new(
            scope=KEY,
            name="Nodaļa",
            short="N",
            parent=OTHER,
            sort=UnitKind.DEPARTMENT,
            headcount=Decimal("20.5"),
            valid_from=date(2015, 1, 1),
            valid_to=date(2017, 12, 31),
        ),
        Goal.new(scope=KEY, code="SM1", order=1, title="Mērķis", description="Apraksts", weight=Decimal("2.5")),
        Task.new(
            scope=KEY,
            number="2.10",
            goal=OTHER,
            title="Uzdevums",
            result="Rezultāts",
            period=PERIOD,
            lead=OTHER,
            partners=[KEY],
            sources=[OTHER],
            weight=Decimal(3),
            milestones=[Milestone(key="a", title="Solis", due=date(2016, 6, 30), done_on=date(2016, 7, 15))],
        ),
        Report.new(
            scope=KEY,
            task=OTHER,
            on=date(2016, 9, 30),
            percent=40,
            execution=Execution.IN_PROGRESS,
            outcome=Outcome.PARTLY_REACHED,
            text="Padarīts.",
            next_steps="Vēl viens līgums.",
            obstacles="Nav.",
            unchanged=True,
            review=OTHER,
            by="6b05d981bc2241336fe688b2",
            illustrative=True,
        ),
        InvestmentLine.new(
            scope=KEY,
            number="2.4.1",
            title="Rinda",
            goal=OTHER,
            tasks=[KEY],
            amount=Decimal("341482.07"),
            yearly=True,
            period=PERIOD,
            shares=[
                Share(source=KEY, percent=Decimal("12.5")),
                Share(source=OTHER, amount=Decimal("0.10"), inferred=True),
            ],
            stages=[Stage(key="b", title="Posms", period=PERIOD, amount=Decimal("1.00"), done_on=date(2017, 1, 1))],
            planned=[YearAmount(source=KEY, year=2016, amount=Decimal("5.55"))],
            money_reports=[MoneyReport(on=date(2016, 9, 30), source=KEY, year=2016, spent=Decimal("1.01"))],
            note="Piezīme",
        ),
        Review.new(
            scope=KEY,
            period=Period.parse("2016-Q3"),
            due=date(2016, 10, 14),
            note="Īsi.",
            state=ReviewState.CLOSED,
            opened_at=now(),
            opened_by="6b05d981bc2241336fe688b2",
            editions=[
                Edition(
                    number=1,
                    day=date(2016, 9, 30),
                    closed_at=now(),
                    by="6b05d981bc2241336fe688b2",
                    decision_number="12",
                    decision_date=date(2016, 10, 27),
                    digest="0" * 64,
                    tasks=2,
                    lines=1,
                    reason="Kļūda.",
                )
            ],
        ),
        Submission.new(
            scope=KEY,
            review=OTHER,
            unit=KEY,
            name="Nodaļa",
            state=SubmissionState.RETURNED,
            sent_at=now(),
            sent_by="6b05d981bc2241336fe688b2",
            on_behalf=True,
            remark="Par maz.",
        ),
        ReviewLink.new(scope=KEY, review=OTHER, unit=KEY, account=OTHER, name="Nodaļa", revoked=True),
        SwotEntry.new(scope=KEY, quadrant=Quadrant.THREAT, text="Draudi", order=4, goals=[KEY], tasks=[OTHER]),
        Comment.new(
            scope=KEY,
            task=OTHER,
            sort=CommentSort.QUESTION,
            text="Kad?\nKur?",
            author="6b05d981bc2241336fe688b2",
            answer_to=KEY,
            resolved=True,
        ),
        Evidence.new(
            scope=KEY,
            task=OTHER,
            report=KEY,
            name="akts.pdf",
            file_type=FileType.PDF,
            size=1,
            sha256="0" * 64,
            description="Parakstīts akts",
            file=OTHER,
            uploaded_by="6b05d981bc2241336fe688b2",
        ),
        ReportTemplate.new(
            scope=KEY, name="veidne.docx", size=1, sha256="0" * 64, file=OTHER, uploaded_by="6b05d981bc2241336fe688b2"
        ),
        Account.new(scope=KEY, disabled=True),
        Membership.new(scope=KEY, account=OTHER, role=Role.REPORTER, units=[KEY]),
    ]


async def test_every_kind_comes_back_from_the_database_as_it_was_stored(mocked: None) -> None:
    documents = one_of_each()
    assert {document.kind for document in documents} == set(LivingDocument.kinds)
    for document in documents:
        collection = type(document).get_motor_collection()
        body = {name: stored(getattr(document, name)) for name in type(document).model_fields if name != "id"}
        await collection.insert_one({"_id": document.key, **body})
        found = await type(document).get(document.key)
        assert found is not None
        assert dict(found) == dict(document)


async def test_amounts_are_stored_exactly_and_days_and_periods_as_text_that_sorts(mocked: None) -> None:
    assert stored(Decimal("341482.07")) == Decimal128("341482.07")
    assert (stored(date(2016, 9, 30)), stored(PERIOD)) == ("2016-09-30", "2016-Q3/2017-Q1")
    with pytest.raises(TypeError):
        stored(1.5)  # amounts are never floats


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (Goal, {"code": "SM1", "title": " "}),
        (Goal, {"code": "SM1", "title": "x" * 501}),
        (Goal, {"code": "SM1", "title": "Mērķis", "weight": "-1"}),
        (Goal, {"code": "SM1", "title": "Mērķis", "stranger": 1}),
        (Term, {"word": "Vārds\x00", "meaning": "x"}),
        (FundingSource, {"code": "PB", "name": "Budžets", "funding": "gift"}),
        (InvestmentLine, {"number": "1", "title": "x", "goal": KEY, "amount": "0.001"}),
        (InvestmentLine, {"number": "1", "title": "x", "goal": KEY, "amount": "1" * 13}),
        (InvestmentLine, {"number": "1", "title": "x", "goal": KEY, "shares": [{"source": KEY}]}),
        (Unit, {"name": "N", "sort": "position", "valid_from": "2017-01-01", "valid_to": "2016-01-01"}),
        (Report, {"task": KEY, "on": "2016-09-30", "percent": 101, "execution": "in_progress"}),
    ],
)
async def test_limits_hold_whoever_writes(mocked: None, kind: type[LivingDocument], values: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        kind.new(scope=KEY, **values)


async def test_text_is_kept_in_one_form_whatever_was_typed(mocked: None) -> None:
    term = Term.new(scope=KEY, word="  A\u0304bele \n zied ", meaning="Pirmā\r\nOtrā\r")
    assert (term.word, term.meaning) == ("Ābele zied", "Pirmā\nOtrā")


def test_the_application_knows_every_kind_of_document() -> None:
    known: set[type[Document]] = set(app.DOCUMENTS)
    assert set(LivingDocument.kinds.values()) <= known


def test_a_single_line_has_nothing_that_is_not_seen() -> None:
    line: TypeAdapter[str] = TypeAdapter(Line)
    code: TypeAdapter[str] = TypeAdapter(Code)
    for typed, kept in (
        ("Izglī\u00adtība", "Izglītība"),
        ("\ufeffPilsēta\u200b", "Pilsēta"),
        ("ziņa\u202etxt.exe", "ziņatxt.exe"),
        ("\u2066Attīstība\u2069 un\u200e vide", "Attīstība un vide"),
        ("a\u200d\u200cb", "ab"),
        ("Ģimene 👩\u200d👧", "Ģimene 👩\u200d👧"),
    ):
        assert line.validate_python(typed) == kept
        assert line.validate_python(kept) == kept
    assert code.validate_python("PB\u200b") == "PB"
    with pytest.raises(ValidationError):
        line.validate_python("\u200b\u2060 ")
    # A text may be in a language that is written from the right.
    assert TypeAdapter(Prose).validate_python("a\u2067ب\u2069") == "a\u2067ب\u2069"


def test_of_all_characters_those_are_refused_that_cannot_be_kept() -> None:
    refused = {character for character in map(chr, range(sys.maxunicode + 1)) if documents._NOT_KEPT.search(character)}
    by_category = {
        character
        for character in map(chr, range(sys.maxunicode + 1))
        if unicodedata.category(character) in ("Cc", "Cs") or character == "\ufffd"
    }
    assert refused == by_category - {"\n", "\t"}
