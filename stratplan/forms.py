"""Forms: what was typed, what it means, and what is wrong with it at which field, in the reader's language."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Generic, TypeVar, get_args, get_origin

from beanie import PydanticObjectId
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from stratplan import i18n
from stratplan.choice import Choice
from stratplan.documents import Headcount, Money, Percent, Weight
from stratplan.errors import RuleBroken
from stratplan.i18n import N_, _
from stratplan.period import Period
from stratplan.typed import parse_date, parse_money, parse_number, parse_percent


class FormModel(BaseModel):
    """What a form asks for; a field that is not asked for is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Versioned(FormModel):
    """A form that edits: carries the version that it was filled from."""

    version: Annotated[int, Field(ge=1, le=2**31)]


M = TypeVar("M", bound=FormModel)


def _typed(parse: Any) -> BeforeValidator:
    def read(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        return parse(value.strip()) if value.strip() else None

    return BeforeValidator(read)


MoneyField = Annotated[Money | None, _typed(parse_money)]
PercentField = Annotated[Percent | None, _typed(parse_percent)]
WeightField = Annotated[Weight, _typed(parse_number)]
OptionalWeight = Annotated[Weight | None, _typed(parse_number)]
HeadcountField = Annotated[Headcount | None, _typed(parse_number)]
DayField = Annotated[date | None, _typed(parse_date)]
RequiredDay = Annotated[date, _typed(parse_date)]
PeriodField = Annotated[Period, _typed(Period.parse)]
OptionalPeriod = Annotated[Period | None, _typed(Period.parse)]


def _reference(text: str) -> PydanticObjectId:
    if not PydanticObjectId.is_valid(text):
        raise ValueError(N_("Choose one from the list."))
    return PydanticObjectId(text)


def one_chosen(key: PydanticObjectId | None) -> PydanticObjectId:
    """What was chosen; an empty choice is refused."""
    if key is None:
        raise ValueError(N_("Choose one from the list."))
    return key


ReferenceField = Annotated[PydanticObjectId | None, _typed(_reference)]
# Of two such validators the last reads first.
ChosenField = Annotated[PydanticObjectId, BeforeValidator(one_chosen), _typed(_reference)]

_MESSAGES = {
    "missing": N_("Fill this in."),
    "string_too_short": N_("Fill this in."),
    "none_required": N_("Fill this in."),
    "date_type": N_("Fill this in."),
    "decimal_type": N_("Fill this in."),
    "is_instance_of": N_("Fill this in."),
    "int_parsing": N_("Enter a whole number."),
    "int_from_float": N_("Enter a whole number."),
    "decimal_parsing": N_("Enter a number."),
    "enum": N_("Choose one from the list."),
    "literal_error": N_("Choose one from the list."),
    "bool_parsing": N_("Choose one from the list."),
    "too_long": N_("There are too many of these."),
    "extra_forbidden": N_("This form has no such field."),
}
_LIMITS = {
    "string_too_long": (N_("At most %(limit)s characters."), "max_length"),
    "greater_than_equal": (N_("At least %(limit)s."), "ge"),
    "less_than_equal": (N_("At most %(limit)s."), "le"),
    "decimal_max_places": (N_("At most %(limit)s digits after the decimal comma."), "decimal_places"),
    "decimal_max_digits": (N_("At most %(limit)s digits."), "max_digits"),
    "decimal_whole_digits": (N_("At most %(limit)s digits."), "whole_digits"),
}


def sentence(error: Mapping[str, Any]) -> str:
    """One of pydantic's errors as a sentence in the reader's language."""
    kind, context = error["type"], error.get("ctx", {})
    if kind in _LIMITS:
        message, name = _LIMITS[kind]
        return _(message) % {"limit": i18n.number(context[name], 0)}
    if kind == "value_error":
        return _(str(context["error"]))
    return _(_MESSAGES.get(kind, N_("This is not a valid value.")))


def shown(value: Any) -> str:
    """A value as it stands in a form field: days for the browser's own date field, the rest as people write it."""
    match value:
        case None | False:
            return ""
        case True:
            return "on"
        case Choice():
            return str(value.value)
        case Decimal():
            places = max(0, -int(value.normalize().as_tuple().exponent))
            return i18n.number(value, places)
        case date():
            return value.isoformat()
        case Period():
            return i18n.period(value)
    return str(value)


class Form(Generic[M]):
    """A form as it came in (or is first shown): texts by field, errors by field, and `data` when all is well.

    Repeated groups are fields named `milestones-0-title`; a group left wholly empty does not count.
    """

    def __init__(self, model: type[M], texts: Mapping[str, list[str]]) -> None:
        self.model = model
        self.texts = dict(texts)
        self.errors: dict[str, str] = {}
        self.data: M | None = None
        self._places: dict[str, list[int]] = {}

    @classmethod
    def filled(cls, model: type[M], values: Mapping[str, Any] | None = None) -> Form[M]:
        """The form as it is first shown, with `values` by field."""
        texts: dict[str, list[str]] = {}
        for name, value in (values or {}).items():
            if isinstance(value, list | tuple):
                for place, item in enumerate(value):
                    if isinstance(item, BaseModel | Mapping):
                        parts = dict(item) if isinstance(item, BaseModel) else item
                        for inner, part in parts.items():
                            texts[f"{name}-{place}-{inner}"] = [shown(part)]
                    else:
                        texts.setdefault(name, []).append(shown(item))
            else:
                texts[name] = [shown(value)]
        return cls(model, texts)

    @classmethod
    def submitted(cls, model: type[M], items: Iterable[tuple[str, str]]) -> Form[M]:
        """The form as it was sent, checked."""
        texts: dict[str, list[str]] = {}
        for name, value in items:
            texts.setdefault(name, []).append(value)
        form = cls(model, texts)
        try:
            form.data = model.model_validate(form._structured())
        except ValidationError as error:
            for one in error.errors():
                location = one["loc"] or ("",)
                form.errors.setdefault(form._field_at(location), sentence(dict(one)))
        return form

    def _structured(self) -> dict[str, Any]:
        structured: dict[str, Any] = {}
        groups: dict[str, dict[int, dict[str, str]]] = {}
        for name, values in self.texts.items():
            match = re.fullmatch(r"([a-z_]+)-(\d{1,4})-([a-z_]+)", name)
            if match and _is_group(self.model, match[1]):
                groups.setdefault(match[1], {}).setdefault(int(match[2]), {})[match[3]] = values[-1]
            elif name in self.model.model_fields and _is_list(self.model, name):
                structured[name] = [value for value in values if value != ""]
            else:
                structured[name] = values[-1]
        for name in self.model.model_fields:
            if _is_group(self.model, name):
                rows = {
                    place: row
                    for place, row in sorted(groups.get(name, {}).items())
                    if any(value.strip() for field, value in row.items() if field != "key")
                }
                self._places[name] = list(rows)
                structured[name] = list(rows.values())
        return structured

    def _field_at(self, location: tuple[int | str, ...]) -> str:
        head = str(location[0])
        if len(location) >= 2 and isinstance(location[1], int) and head in self._places:
            place = self._places[head][location[1]]
            return f"{head}-{place}-{location[2]}" if len(location) >= 3 else f"{head}-{place}"
        return head

    def value(self, name: str) -> str:
        """The text in a field; empty when nothing is there."""
        values = self.texts.get(name)
        return values[-1] if values else ""

    def values(self, name: str) -> list[str]:
        """All texts of a field that takes several."""
        return self.texts.get(name, [])

    def places(self, name: str, spare: int = 0) -> list[int]:
        """The places of a repeated group that have something in them, and `spare` empty ones after."""
        found = {
            int(match[1])
            for key in self.texts
            if (match := re.fullmatch(rf"{re.escape(name)}-(\d{{1,4}})-[a-z_]+", key))
        }
        after = max(found, default=-1) + 1
        return [*sorted(found), *range(after, after + spare)]

    def filled_places(self, name: str) -> list[int]:
        """The places of the rows that `data` has of a repeated group, in the same order."""
        return self._places.get(name, [])

    def refuse(self, broken: RuleBroken) -> None:
        """Show a broken rule at its field, or over the form."""
        self.data = None
        self.errors[broken.field or ""] = str(broken)


def chosen(items: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """What was sent from the comparison of two versions, as the form itself would have sent it: the reader's own texts,
    and for each field with `choose.<field>=theirs` the texts under `theirs.` instead."""
    sent = list(items)
    theirs = {name.removeprefix("choose.") for name, value in sent if name.startswith("choose.") and value == "theirs"}
    merged = []
    for name, value in sent:
        prefix, _dot, bare = name.rpartition(".")
        wants_theirs = bare.partition("-")[0] in theirs
        if prefix == "theirs":
            merged += [(bare, value)] if wants_theirs else []
        elif prefix != "choose" and not (wants_theirs and not prefix):
            merged.append((name, value))
    return merged


def _is_list(model: type[BaseModel], name: str) -> bool:
    annotation = model.model_fields[name].annotation
    return get_origin(annotation) is list


def _is_group(model: type[BaseModel], name: str) -> bool:
    if name not in model.model_fields or not _is_list(model, name):
        return False
    (item,) = get_args(model.model_fields[name].annotation)
    return isinstance(item, type) and issubclass(item, BaseModel)
