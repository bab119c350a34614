"""Saying something of a task, asking the unit that is responsible, answering; and all of a plan's discussion."""

from typing import Any

from beanie import PydanticObjectId
from litestar import get, post
from litestar.exceptions import PermissionDeniedException
from litestar.response import Response
from litestar_htmx import HTMXRequest
from pydantic import field_validator

from stratplan.audit import AuditEntry
from stratplan.discussion import list_page
from stratplan.discussion.models import Comment, CommentSort
from stratplan.discussion.panel import Words, WordsEdit, discussion_of
from stratplan.discussion.people import as_kept, as_typed, label_of
from stratplan.discussion.queries import answers_to
from stratplan.errors import NotVisible, RuleBroken
from stratplan.forms import Form, Versioned
from stratplan.goals.models import Task
from stratplan.goals.queries import find_task
from stratplan.goals.reports import of_task
from stratplan.i18n import N_, _
from stratplan.in_place import Deletion, read_action
from stratplan.permissions import Permission
from stratplan.view import View
from stratplan.web import done, page, read_form

# Who says something of a task: those whose unit is responsible for it. Who asks: those who may, of any task.
SAID: dict[str, Any] = {"permission": Permission.DISCUSSION_WRITE, "responsible": of_task}
ASKED: dict[str, Any] = {"permission": Permission.DISCUSSION_ASK}
TASK = "/plans/{slug:str}/tasks/{number:str}"


class Settling(Versioned):
    """Whether a question is answered."""

    resolved: str

    @field_validator("resolved")
    @classmethod
    def _is_yes_or_no(cls, value: str) -> str:
        if value not in ("yes", "no"):
            raise ValueError(N_("Choose one from the list."))
        return value


@get(f"{TASK}/discussion", permission=Permission.DISCUSSION_READ)
async def show_discussion(request: HTMXRequest, view: View, number: str) -> Response[str]:
    """The discussion of one task; `edit` and `answer` name what a form is opened for, where the reader may."""
    task = find_task(view.snapshot, number)
    asked = dict(view.asked)
    editing = _one_of(view, task, asked.get("edit", ""))
    answering = _one_of(view, task, asked.get("answer", ""))
    if editing is not None and editing.author == str(view.reader.account) and _may_change(view, editing, task):
        form = Form.filled(WordsEdit, {"text": as_typed(view.snapshot, editing.text), "version": editing.version})
        return await _discussion(request, view, task, form, editing=editing)
    if answering is not None and answering.sort is CommentSort.QUESTION and _may_answer(view, task):
        return await _discussion(request, view, task, answering=answering)
    return await _discussion(request, view, task)


@post(f"{TASK}/comments", **SAID)
async def create_comment(request: HTMXRequest, view: View, number: str) -> Response[Any]:
    """Comment on a task, or answer a question on it."""
    return await _say(request, view, number, CommentSort.COMMENT)


@post(f"{TASK}/questions", **ASKED)
async def create_question(request: HTMXRequest, view: View, number: str) -> Response[Any]:
    """Ask the unit that is responsible for a task."""
    return await _say(request, view, number, CommentSort.QUESTION)


@post(f"{TASK}/comments/{{comment:str}}", **SAID)
async def update_comment(request: HTMXRequest, view: View, number: str, comment: str) -> Response[Any]:
    """Change the words of a comment of one's own."""
    return await _reword(request, view, number, comment)


@post(f"{TASK}/questions/{{question:str}}", **ASKED)
async def update_question(request: HTMXRequest, view: View, number: str, question: str) -> Response[Any]:
    """Change the words of a question of one's own."""
    return await _reword(request, view, number, question)


@post(f"{TASK}/comments/{{comment:str}}/delete", **SAID)
async def delete_comment(request: HTMXRequest, view: View, number: str, comment: str) -> Response[Any]:
    """Take a comment back, or remove somebody else's; the notice has the way to undo it."""
    return await _remove(request, view, number, comment)


@post(f"{TASK}/questions/{{question:str}}/delete", **ASKED)
async def delete_question(request: HTMXRequest, view: View, number: str, question: str) -> Response[Any]:
    """Take a question back, or remove somebody else's with its answers."""
    return await _remove(request, view, number, question)


@post(f"{TASK}/questions/{{question:str}}/settle", **ASKED)
async def settle_question(request: HTMXRequest, view: View, number: str, question: str) -> Response[Any]:
    """Say that a question is answered, or is still open: who asked it, and planners."""
    settling = await read_action(request, Settling)
    task = find_task(view.snapshot, number)
    document = _found(view, task, question)
    if not view.can(Permission.DISCUSSION_MODERATE) and document.author != view.reader.actor.id:
        raise PermissionDeniedException(detail=Permission.DISCUSSION_MODERATE)
    entry = await document.settle(resolved=settling.resolved == "yes", by=view.reader.actor, based_on=settling.version)
    return await _again(request, view, entry, task, at=document)


# --- what the handlers share ---------------------------------------------------------------------------------------


async def _say(request: HTMXRequest, view: View, number: str, sort: CommentSort) -> Response[Any]:
    form = await read_form(request, Words)
    task = find_task(view.snapshot, number)
    question = view.snapshot.find(Comment, form.data.answer_to) if form.data else None
    try:
        text = _text_meant(form, view)
        if text is None:
            return await _form_again(request, view, task, form, answering=question)
        comment = Comment.new(
            scope=view.plan.key,
            task=task.key,
            sort=sort,
            text=text,
            answer_to=form.data.answer_to if form.data and sort is CommentSort.COMMENT else None,
        )
        entry = await comment.add(by=view.reader.actor)
    except RuleBroken as broken:
        form.refuse(broken)
        return await _discussion(request, view, task, form, answering=question, status=409)
    return await _again(request, view, entry, task, at=comment)


async def _reword(request: HTMXRequest, view: View, number: str, key: str) -> Response[Any]:
    form = await read_form(request, WordsEdit)
    task = find_task(view.snapshot, number)
    document = _found(view, task, key)
    try:
        text = _text_meant(form, view, before=document.text)
        if text is None or form.data is None:
            return await _form_again(request, view, task, form, editing=document)
        if document.author != view.reader.actor.id:
            raise PermissionDeniedException(detail="only who wrote a comment changes its text")
        entry = await document.edit({"text": text}, by=view.reader.actor, based_on=form.data.version)
    except RuleBroken as broken:
        form.refuse(broken)
        return await _discussion(request, view, task, form, editing=document, status=409)
    return await _again(request, view, entry, task, at=document)


async def _remove(request: HTMXRequest, view: View, number: str, key: str) -> Response[Any]:
    deletion = await read_action(request, Deletion)
    task = find_task(view.snapshot, number)
    document = _found(view, task, key)
    actor, moderates = view.reader.actor, view.can(Permission.DISCUSSION_MODERATE)
    is_answered = bool(answers_to(view.snapshot, document))
    if document.author == actor.id and not (moderates and is_answered):
        entry = await document.remove(by=actor, based_on=deletion.version)
    elif moderates:
        entry = await document.moderate(by=actor, based_on=deletion.version)
    else:
        raise PermissionDeniedException(detail=Permission.DISCUSSION_MODERATE)
    return await _again(request, view, entry, task)


def _text_meant(form: Form[Any], view: View, *, before: str = "") -> str | None:
    """The text as it is kept, with the person chosen beside it; None where the form is to be shown again."""
    if form.data is None or form.data.change:
        return None
    text = form.data.text
    if form.data.mention is not None:
        label = label_of(view.snapshot, form.data.mention)
        text = text if label in text else f"{text} {label}"
    return as_kept(view.snapshot, text, before=before)


async def _form_again(
    request: HTMXRequest, view: View, task: Task, form: Form[Any], *, status: int = 422, **open_at: Any
) -> Response[Any]:
    """The form with what is wrong in it, or with the chosen person put in."""
    is_empty = set(form.errors) == {"text"} and not form.value("text").strip()
    if form.value("change") == "mention" and form.value("mention") and (form.data is not None or is_empty):
        try:
            label = label_of(view.snapshot, PydanticObjectId(form.value("mention")))
        except RuleBroken as broken:
            form.refuse(broken)
            return await _discussion(request, view, task, form, status=409, **open_at)
        texts = {name: values for name, values in form.texts.items() if name not in ("change", "mention", "text")}
        words = f"{form.value('text').rstrip()} {label} ".lstrip()
        form, status = Form(form.model, {**texts, "text": [words]}), 200
    elif form.data is not None:
        status = 200  # nobody was chosen
    return await _discussion(request, view, task, form, status=status, **open_at)


def _one_of(view: View, task: Task, key: str) -> Comment | None:
    try:
        return _found(view, task, key) if key else None
    except NotVisible:
        return None


def _found(view: View, task: Task, key: str) -> Comment:
    comment = view.get(Comment, key)
    if comment.task != task.key:
        raise NotVisible(_("There is no such page."))
    return comment


def _may_change(view: View, comment: Comment, task: Task) -> bool:
    needed = Permission.DISCUSSION_ASK if comment.sort is CommentSort.QUESTION else Permission.DISCUSSION_WRITE
    return view.can(needed, task)


def _may_answer(view: View, task: Task) -> bool:
    return view.can(Permission.DISCUSSION_WRITE, task)


async def _discussion(
    request: HTMXRequest,
    view: View,
    task: Task,
    form: Form[Any] | None = None,
    *,
    editing: Comment | None = None,
    answering: Comment | None = None,
    status: int = 200,
) -> Response[str]:
    """The discussion with a form open in it: in the task's own page for HTMX, else on a page of its own."""
    discussion = discussion_of(view, task, form, editing=editing, answering=answering)
    return await page(
        request,
        "discussion/task.html",
        {"task": task, "discussion": discussion},
        view=view,
        section="tasks",
        fragment="discussion/_panel.html",
        status=status,
        retarget="#discussion",
    )


async def _again(
    request: HTMXRequest, view: View, entry: AuditEntry | None, task: Task, *, at: Comment | None = None
) -> Response[Any]:
    """The discussion after a change; a plain form is sent on to the task's page."""
    fresh = await view.fresh()
    to = fresh.url(f"/tasks/{task.number}") + (f"#comment-{at.key}" if at is not None else "#discussion")
    context = {"task": task, "discussion": discussion_of(fresh, task)}
    return await done(request, entry, view=fresh, to=to, fragment="discussion/_panel.html", context=context)


handlers = [
    show_discussion,
    create_comment,
    create_question,
    update_comment,
    update_question,
    delete_comment,
    delete_question,
    settle_question,
    *list_page.handlers,
]
