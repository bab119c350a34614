// Dragging into order. A list: data-sortable="group" and data-list (its own name); an entry: data-item with a
// [data-handle] and a form[data-move] (move_form in components/forms.html), which is filled in and sent after the
// drop: the same form that the buttons beside it send. Lists of one group exchange their entries.
import Sortable from "sortablejs";
import htmx from "./htmx.js";

const still = window.matchMedia("(prefers-reduced-motion: reduce)");

function settle({ item, to, from, oldIndex, newIndex }) {
  if (to === from && oldIndex === newIndex) return;
  const form = item.querySelector("form[data-move]");
  const entries = [...to.children].filter((entry) => entry.matches("[data-item]"));
  form.querySelector("[data-move-position]").value = String(entries.indexOf(item) + 1);
  const list = form.querySelector("[data-move-list]");
  if (list) list.value = to.dataset.list;
  form.requestSubmit();
}

htmx.onLoad((loaded) => {
  const lists = [...loaded.querySelectorAll("[data-sortable]")];
  if (loaded.matches?.("[data-sortable]")) lists.push(loaded);
  for (const list of lists) {
    if (Sortable.get(list)) continue;
    Sortable.create(list, {
      group: list.dataset.sortable || undefined,
      draggable: "[data-item]",
      handle: "[data-handle]",
      animation: still.matches ? 0 : 150,
      ghostClass: "sort-ghost",
      dragClass: "sort-drag",
      emptyInsertThreshold: 24,
      onEnd: settle,
    });
  }
});

// The entry that was moved keeps the focus, wherever it is now.
document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.detail.elt;
  if (!event.detail.successful || !form.matches?.("form[data-move]")) return;
  const id = form.closest("[data-item]")?.id;
  document.getElementById(id)?.querySelector("[data-move-focus]")?.focus();
});

// What could not be moved goes back to where the server has it.
for (const name of ["htmx:sendError", "htmx:responseError"]) {
  document.addEventListener(name, (event) => {
    if (event.target.closest?.("form[data-move]")) setTimeout(() => window.location.reload(), 2500);
  });
}
