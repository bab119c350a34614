"""Loads seed files (a plan, or what was reported on one) through the verbs that people's own changes go through.

A file is checked whole before anything of it is written, and written in one transaction. What is there already stays
as people have made it: only what is missing is added.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from pydantic import ValidationError

from stratplan.database import Session, in_transaction
from stratplan.errors import RuleBroken
from stratplan.i18n import _
from stratplan.imports.loading import Outcome
from stratplan.imports.marked_yaml import FileRefused, MarkedFile, read
from stratplan.imports.mistakes import mistakes_in
from stratplan.imports.plan_loading import PlanLoading
from stratplan.imports.progress_loading import ProgressLoading
from stratplan.imports.seed_format import PlanFile, ProgressFile
from stratplan.plans.models import Plan


async def load(path: Path) -> Outcome:
    """Load one file, as `load_all` does."""
    (outcome,) = await load_all([path])
    return outcome


async def load_all(paths: Sequence[Path]) -> list[Outcome]:
    """Load the files in their order, all of them or none.

    Raises FileRefused, which names file, line and field of every mistake found in the first file that has any.
    """
    parsed = [_parse(path) for path in paths]

    async def work(session: Session) -> list[Outcome]:
        return [await _write(file, content, session) for file, content in parsed]

    return await in_transaction(work, key="seeds")


async def load_if_empty(paths: Sequence[Path], *, say: Callable[[str], None]) -> None:
    """Load the files, all of them or none, unless there is a plan already."""
    if await Plan.find({"deleted": False}).limit(1).count():
        return
    say(_("There is no plan yet: loading %(files)s.") % {"files": ", ".join(path.name for path in paths)})
    for outcome in await load_all(paths):
        say(str(outcome))


async def _write(file: MarkedFile, content: PlanFile | ProgressFile, session: Session) -> Outcome:
    try:
        if isinstance(content, PlanFile):
            return await PlanLoading(file, content, session).run()
        return await ProgressLoading(file, content, session).run()
    except RuleBroken as broken:
        raise FileRefused(file.path, [file.mistake((), str(broken))]) from None


def _parse(path: Path) -> tuple[MarkedFile, PlanFile | ProgressFile]:
    file = read(path)
    content = file.content
    if not isinstance(content, dict) or "stratplan" not in content:
        raise FileRefused(
            path,
            [file.mistake((), _("This is not a seed file: it has no key “stratplan” with the format's number, 1."))],
        )
    shape: type[PlanFile | ProgressFile] = PlanFile if isinstance(content.get("plan"), dict) else ProgressFile
    try:
        return file, shape.model_validate(content)
    except ValidationError as error:
        raise FileRefused(path, mistakes_in(file, error)) from None
