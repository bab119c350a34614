"""What closed reviews keep: one flat document for each task and investment line and one for the plan, of each edition,
written once and never again (docs/decisions/0015-frozen-reviews.md)."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, ClassVar, cast

from beanie import Document, PydanticObjectId
from bson import Decimal128
from bson.codec_options import CodecOptions, TypeDecoder, TypeRegistry
from pydantic import BaseModel
from pymongo import ASCENDING, IndexModel

from stratplan.choice import Choice
from stratplan.database import Session
from stratplan.documents import stored
from stratplan.errors import NotVisible
from stratplan.i18n import N_, _
from stratplan.reviews.statement import LineStated, PlanStated, Statement, TaskStated

AT_ONCE = 1000  # documents written in one command

BY_EDITION = IndexModel(
    [("review", ASCENDING), ("edition", ASCENDING), ("audience", ASCENDING), ("place", ASCENDING)], unique=True
)


class Audience(Choice):
    """For whom an edition was frozen: all that there was, or what of it residents saw."""

    MEMBERS = "members", N_("Members of the plan")
    RESIDENTS = "residents", N_("Residents")


class Frozen(Document):
    """One frozen document: of which review, edition and audience, its place among its like, and what it says."""

    scope: PydanticObjectId
    review: PydanticObjectId
    edition: int
    audience: Audience
    place: int
    stated: dict[str, Any]


class FrozenPlan(Frozen):
    """The plan's texts and figures."""

    class Settings:
        name = "frozen_plans"
        indexes: ClassVar = [BY_EDITION]


class FrozenTask(Frozen):
    """A task."""

    class Settings:
        name = "frozen_tasks"
        indexes: ClassVar = [BY_EDITION]


class FrozenLine(Frozen):
    """An investment line."""

    class Settings:
        name = "frozen_lines"
        indexes: ClassVar = [BY_EDITION]


KINDS: tuple[type[Frozen], ...] = (FrozenPlan, FrozenTask, FrozenLine)
Bodies = Mapping[type[Frozen], list[dict[str, Any]]]


def bodies_of(
    statements: Mapping[Audience, Statement], *, scope: PydanticObjectId, review: PydanticObjectId, edition: int
) -> Bodies:
    """The documents of an edition as they are stored."""
    found: dict[type[Frozen], list[dict[str, Any]]] = {kind: [] for kind in KINDS}
    for audience, statement in statements.items():
        parts: tuple[tuple[type[Frozen], Iterable[BaseModel]], ...] = (
            (FrozenPlan, [statement.plan]),
            (FrozenTask, statement.tasks),
            (FrozenLine, statement.lines),
        )
        for kind, stated in parts:
            found[kind] += [
                {
                    "_id": PydanticObjectId(),
                    "scope": scope,
                    "review": review,
                    "edition": edition,
                    "audience": audience.value,
                    "place": place,
                    "stated": stored(one),
                }
                for place, one in enumerate(stated, start=1)
            ]
    return found


async def write(bodies: Bodies, session: Session) -> None:
    """Write the documents of an edition in the transaction of its review."""
    for kind, found in bodies.items():
        for begin in range(0, len(found), AT_ONCE):
            await kind.get_motor_collection().insert_many(found[begin : begin + AT_ONCE], session=session)


async def statement_of_edition(review: PydanticObjectId, edition: int, audience: Audience) -> Statement:
    """What an edition says: read from what was frozen, and from nothing else."""
    asked = {"review": review, "edition": edition, "audience": audience.value}
    plans, tasks, lines = await asyncio.gather(*(_read(kind, asked) for kind in KINDS))
    if not plans:
        raise NotVisible(_("There is no such edition of the review."))
    return Statement(
        plan=PlanStated.model_validate(plans[0]["stated"]),
        tasks=tuple(TaskStated.model_validate(one["stated"]) for one in tasks),
        lines=tuple(LineStated.model_validate(one["stated"]) for one in lines),
    )


async def progress_of_editions(
    reviews: Iterable[PydanticObjectId], audience: Audience
) -> Mapping[tuple[PydanticObjectId, int], Fraction | None]:
    """The plan's progress (a share of one) as every edition of some reviews has it, by review and edition; one read."""
    asked = {"review": {"$in": list(reviews)}, "audience": audience.value}
    found = FrozenPlan.get_motor_collection().find(asked, {"review": 1, "edition": 1, "stated.progress": 1})
    return {
        (raw["review"], raw["edition"]): None
        if raw["stated"]["progress"] is None
        else Fraction(raw["stated"]["progress"])
        async for raw in found
    }


async def parts_of_editions(
    kind: type[Frozen], editions: Iterable[tuple[PydanticObjectId, int]], audience: Audience, names: Iterable[str]
) -> Mapping[PydanticObjectId, list[dict[str, Any]]]:
    """A few fields of all documents of a kind that editions have, in their order, by review; one read."""
    wanted = [{"review": review, "edition": number, "audience": audience.value} for review, number in editions]
    if not wanted:
        return {}
    collection = kind.get_motor_collection().with_options(codec_options=WITH_DECIMALS)
    shape = {"review": 1, **{f"stated.{name}": 1 for name in names}}
    found: dict[PydanticObjectId, list[dict[str, Any]]] = {}
    async for raw in collection.find({"$or": wanted}, shape, batch_size=AT_ONCE).sort("place", ASCENDING):
        found.setdefault(raw["review"], []).append(raw["stated"])
    return found


async def _read(kind: type[Frozen], asked: Mapping[str, Any]) -> list[dict[str, Any]]:
    collection = kind.get_motor_collection().with_options(codec_options=WITH_DECIMALS)
    found = collection.find(asked, {"stated": 1}, batch_size=AT_ONCE).sort("place", ASCENDING)
    return cast("list[dict[str, Any]]", await found.to_list(None))


# --- the digest: whether what is kept is what was frozen ---------------------------------------------------------


def digest_of(bodies: Bodies) -> str:
    """SHA-256 over the documents of an edition as they are stored, in their order: independent of this program."""
    digest = hashlib.sha256()
    for kind in KINDS:
        ordered = sorted(bodies[kind], key=lambda body: (str(body["audience"]), body["place"]))
        for body in ordered:
            digest.update(_line_of(body))
    return digest.hexdigest()


async def digest_kept(review: PydanticObjectId, edition: int, session: Session | None = None) -> str:
    """The digest of what is kept of an edition now."""
    digest = hashlib.sha256()
    for kind in KINDS:
        found = kind.get_motor_collection().find({"review": review, "edition": edition}, session=session)
        async for body in found.sort([("audience", ASCENDING), ("place", ASCENDING)]):
            digest.update(_line_of(body))
    return digest.hexdigest()


def _line_of(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str).encode() + b"\n"


# --- values as BSON keeps them -----------------------------------------------------------------------------------


class _Decimals(TypeDecoder):
    """Reads amounts as the decimals that statements have."""

    bson_type = Decimal128

    def transform_bson(self, value: Decimal128) -> Decimal:
        return value.to_decimal()


WITH_DECIMALS: CodecOptions[dict[str, Any]] = CodecOptions(type_registry=TypeRegistry([_Decimals()]))
