"""Reads pages as a browser would: the forms on them, and what is wrong with their structure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})
SELF_CLOSING = frozenset({"path", "circle", "rect", "line", "use", "polyline", "polygon", "ellipse", "stop"})  # in SVG
OPTIONAL_END = frozenset({"li", "dt", "dd", "p", "option", "tr", "td", "th", "thead", "tbody", "html", "body", "head"})
NO_BLOCKS = frozenset({"p", "span", "a", "b", "em", "strong", "label", "h1", "h2", "h3", "h4", "button", "summary"})
BLOCKS = frozenset(
    {"div", "p", "ul", "ol", "dl", "table", "form", "section", "nav", "header", "footer", "fieldset", "h1", "h2", "h3"}
)
FILLED_LATER = frozenset({"dialog-title"})  # comes with what is opened in the dialog
LABELLED = frozenset({"input", "select", "textarea"})
INTERACTIVE = frozenset({"a", "button", "select", "textarea", "summary"})


@dataclass
class SentForm:
    """A form as its page shows it: where it goes, and what it would send untouched."""

    method: str
    action: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    kinds: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)
    sends_by_itself: bool = False  # has a button that sends it without a value of its own

    def sent(self, **changed: str) -> list[tuple[str, str]]:
        """What is sent with some fields changed, pressed by its plain button, else by the first."""
        pressed = [] if self.sends_by_itself else self.buttons[:1]
        return [(name, changed.get(name, value)) for name, value in [*self.fields, *pressed]]


class PageReader(HTMLParser):
    """Reads one page or fragment; `problems` has what an HTML checker would say, in words."""

    def __init__(self, text: str, *, fragment: bool = False) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[SentForm] = []
        self.links: list[str] = []
        self.headings: list[int] = []
        self.problems: list[str] = []
        self._open: list[tuple[str, int]] = []
        self._ids: Counter[str] = Counter()
        self._references: list[tuple[str, str]] = []
        self._labels: set[str] = set()
        self._controls: list[tuple[str, dict[str, str]]] = []
        self._inside_label: list[bool] = []
        self._textarea: str | None = None
        self._select: tuple[str, bool] | None = None
        self.feed(text)
        self.close()
        self._finish(fragment)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the element; complain where it may not stand."""
        given = {name: value or "" for name, value in attrs}
        if len(given) < len(attrs):
            self.problems.append(f"line {self.getpos()[0]}: <{tag}> names an attribute twice")
        self._note(tag, given)
        self._read_form(tag, given)
        if tag in BLOCKS:
            blocked = [name for name, _ in self._open if name in NO_BLOCKS]
            if self._open and self._open[-1][0] == "p" and tag != "p":
                self.problems.append(f"line {self.getpos()[0]}: <{tag}> stands in <p>")
            elif [name for name in blocked if name not in ("a", "p")]:
                self.problems.append(f"line {self.getpos()[0]}: <{tag}> stands in <{blocked[-1]}>")
        if tag in INTERACTIVE and any(name in ("a", "button", "label") and name == tag for name, _ in self._open):
            self.problems.append(f"line {self.getpos()[0]}: <{tag}> stands in <{tag}>")
        if tag in ("a", "input", "select", "textarea") and any(name == "button" for name, _ in self._open):
            self.problems.append(f"line {self.getpos()[0]}: <{tag}> stands in <button>")
        if tag == "form" and any(name == "form" for name, _ in self._open):
            self.problems.append(f"line {self.getpos()[0]}: a form stands in a form")
        if tag not in VOID:
            self._open.append((tag, self.getpos()[0]))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element closed at once; only SVG has those."""
        given = {name: value or "" for name, value in attrs}
        if tag not in VOID and tag not in SELF_CLOSING:
            self.problems.append(f"line {self.getpos()[0]}: <{tag}/> is not closed in HTML")
        self._note(tag, given)
        self._read_form(tag, given)

    def handle_endtag(self, tag: str) -> None:
        """Close the element; complain where another is still open in it."""
        if tag in VOID:
            return
        if tag == "textarea":
            self._textarea = None
        while self._open and self._open[-1][0] != tag and self._open[-1][0] in OPTIONAL_END:
            self._open.pop()
        if not self._open or self._open[-1][0] != tag:
            inside = self._open[-1] if self._open else ("nothing", 0)
            self.problems.append(f"line {self.getpos()[0]}: </{tag}> closes <{inside[0]}> of line {inside[1]}")
            if any(name == tag for name, _ in self._open):
                while self._open.pop()[0] != tag:
                    pass
            return
        self._open.pop()

    def handle_data(self, data: str) -> None:
        """Take the text of a textarea as what its form sends."""
        if self._textarea is not None and self.forms:
            fields = self.forms[-1].fields
            fields[-1] = (fields[-1][0], fields[-1][1] + data)

    def _note(self, tag: str, given: dict[str, str]) -> None:
        if any(name == "template" for name, _ in self._open):
            return  # not part of the page until a script puts it there
        if "id" in given:
            self._ids[given["id"]] += 1
        for attribute in ("aria-labelledby", "aria-describedby", "aria-controls", "for", "list", "form"):
            self._references += [(attribute, name) for name in given.get(attribute, "").split()]
        if tag == "label":
            self._labels |= {given["for"]} if "for" in given else set()
        if tag in LABELLED and given.get("type") not in ("hidden", "submit"):
            inside = any(name == "label" for name, _ in self._open)
            self._controls.append((tag, {**given, **({"inside": "label"} if inside else {})}))
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag == "img" and "alt" not in given:
            self.problems.append(f"line {self.getpos()[0]}: a picture without alt")
        if (
            len(tag) == 2
            and tag[0] == "h"
            and tag[1].isdigit()
            and not any(n in ("template", "dialog") for n, _ in self._open)
        ):
            self.headings.append(int(tag[1]))
        if "style" in given or any(name.startswith("on") for name in given):
            self.problems.append(f"line {self.getpos()[0]}: <{tag}> has inline style or script")

    def _read_form(self, tag: str, given: dict[str, str]) -> None:
        if tag == "form":
            self.forms.append(SentForm(given.get("method", "get").lower(), given.get("action", "")))
        if not self.forms or not any(name == "form" for name, _ in [*self._open, (tag, 0)]):
            return
        form = self.forms[-1]
        name = given.get("name")
        if tag == "option" and self._select is not None:
            chosen, found = self._select
            if "selected" in given or not found:
                if found:
                    form.fields.pop()
                form.fields.append((chosen, given.get("value", "")))
                self._select = (chosen, True)
            return
        if name is None:
            form.sends_by_itself |= tag == "button" and given.get("type", "submit") == "submit"
            return
        form.kinds[name] = given.get("type", tag)
        if tag == "button":
            form.buttons.append((name, given.get("value", "")))
        elif tag == "select":
            self._select = (name, False)
        elif tag == "textarea":
            form.fields.append((name, ""))
            self._textarea = name
        elif tag == "input" and (given.get("type") not in ("checkbox", "radio") or "checked" in given):
            form.fields.append((name, given.get("value", "")))

    def _finish(self, fragment: bool) -> None:
        for tag, line in self._open:
            if tag not in OPTIONAL_END:
                self.problems.append(f"line {line}: <{tag}> is never closed")
        self.problems += [f"the id {name!r} stands {count} times" for name, count in self._ids.items() if count > 1]
        if not fragment:
            lost = {
                (attribute, name) for attribute, name in self._references if name not in {*self._ids, *FILLED_LATER}
            }
            self.problems += [f'{attribute}="{name}" names no element' for attribute, name in sorted(lost)]
        for tag, given in self._controls:
            labelled = (
                given.get("id") in self._labels
                or "inside" in given
                or given.get("aria-label")
                or given.get("aria-labelledby")
            )
            if not labelled:
                self.problems.append(f"<{tag} name={given.get('name', '')!r}> has no label")
        if not fragment:
            if self.headings.count(1) != 1:
                self.problems.append(f"{self.headings.count(1)} h1 headings")
            for before, after in zip(self.headings, self.headings[1:], strict=False):
                if after > before + 1:
                    self.problems.append(f"an h{after} follows an h{before}")
