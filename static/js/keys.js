// Keys of one letter: "/" goes to the search box, "?" shows the list. They can be switched off (WCAG 2.1.4).
import { showDialog } from "./dialog.js";
import htmx from "./htmx.js";

const STORED = "stratplan-keys";

function areOn() {
  try {
    return localStorage.getItem(STORED) !== "off";
  } catch {
    return true; // storage may be forbidden; then the choice lasts as long as the page
  }
}

function list() {
  const template = document.getElementById("keys-template");
  document.getElementById("dialog-body").replaceChildren(template.content.cloneNode(true));
  document.querySelector("[data-keys-switch]").checked = areOn();
  showDialog();
}

htmx.onLoad(() => {
  for (const part of document.querySelectorAll("[data-keys]")) part.hidden = false;
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-keys-show]")) list();
});
document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-keys-switch]")) return;
  try {
    localStorage.setItem(STORED, event.target.checked ? "on" : "off");
  } catch {
    // as above
  }
});
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target.closest("input, textarea, select, [contenteditable], dialog") || !areOn()) return;
  if (event.key === "?") {
    event.preventDefault();
    list();
  } else if (event.key === "/") {
    const box = document.querySelector("[data-search]");
    if (!box) return;
    event.preventDefault();
    box.focus();
    box.select();
  }
});
