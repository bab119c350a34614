// Typing @ in a comment offers the people of the plan. They are those of the select beside it, which is for pages without
// scripts and goes away here. A text area stays a text box to assistive technology (it may not be a combobox itself); the
// rest is the combobox pattern: the list is named, the chosen option is the active descendant, arrows, Enter, Tab, Escape.
import htmx from "./htmx.js";

const MOST = 8;
const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
let open; // { box, list, start, options, at }

function peopleOf(form) {
  return [...form.querySelectorAll("[data-mentions-choice] option")].filter((one) => one.value).map((one) => one.text);
}

function wordAtCaret(box) {
  if (box.selectionStart !== box.selectionEnd) return null;
  const before = box.value.slice(0, box.selectionStart);
  const found = /(?:^|[^\p{L}\p{N}_@])@([\p{L}\p{N}_][^\n@]{0,40}|)$/u.exec(before);
  return found ? { typed: found[1], start: before.length - found[1].length - 1 } : null;
}

function close() {
  if (!open) return;
  open.list.remove();
  open.box.removeAttribute("aria-controls");
  open.box.removeAttribute("aria-activedescendant");
  open = undefined;
}

function choose(at) {
  const { box, start, options } = open;
  const name = `@${options[at]} `;
  const end = box.selectionStart;
  close();
  box.setRangeText(name, start, end, "end");
  box.focus();
  box.dispatchEvent(new Event("input", { bubbles: true }));
  close(); // the name that was just put in is not asked for again
}

function mark(at) {
  open.at = (at + open.options.length) % open.options.length;
  [...open.list.children].forEach((item, place) => item.setAttribute("aria-selected", String(place === open.at)));
  open.list.children[open.at].scrollIntoView({ block: "nearest" });
  open.box.setAttribute("aria-activedescendant", open.list.children[open.at].id);
}

function offer(box) {
  const form = box.closest("[data-mentions]");
  const word = wordAtCaret(box);
  const options = word ? peopleOf(form).filter((name) => startsAWord(fold(name), fold(word.typed))).slice(0, MOST) : [];
  const news = !open;
  close();
  if (!options.length || (word.typed && options.some((name) => fold(name) === fold(word.typed.trimEnd())))) return;
  const list = document.createElement("ul");
  list.className = "mention-list";
  list.id = "mention-list";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", form.dataset.mentionsTitle);
  options.forEach((name, place) => {
    const item = document.createElement("li");
    item.id = `mention-${place}`;
    item.setAttribute("role", "option");
    item.textContent = name;
    item.addEventListener("pointerdown", (event) => {
      event.preventDefault(); // the box keeps the focus
      choose(place);
    });
    list.append(item);
  });
  box.after(list);
  box.setAttribute("aria-controls", list.id);
  open = { box, list, start: word.start, options, at: 0 };
  mark(0);
  const region = document.getElementById("announce");
  if (news && region) region.textContent = form.dataset.mentionsFound;
}

const startsAWord = (name, typed) => name.startsWith(typed) || name.includes(` ${typed}`);

document.addEventListener("input", (event) => {
  if (event.target.matches("[data-mentions-box]")) offer(event.target);
});
document.addEventListener("keydown", (event) => {
  if (!open || event.target !== open.box || event.isComposing) return;
  const keys = {
    ArrowDown: () => mark(open.at + 1),
    ArrowUp: () => mark(open.at - 1),
    Enter: () => choose(open.at),
    Tab: () => choose(open.at),
    Escape: close,
  };
  if (event.shiftKey || event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
  event.preventDefault();
  keys[event.key]();
});
document.addEventListener("focusout", (event) => {
  if (open && event.target === open.box) close();
});
htmx.onLoad((part) => {
  close();
  for (const choice of part.parentElement?.querySelectorAll("[data-mentions-choice]") ?? []) choice.hidden = true;
  for (const box of part.parentElement?.querySelectorAll("[data-mentions-box]") ?? []) {
    box.setAttribute("aria-autocomplete", "list");
  }
});
