// The message after a change: heard by screen readers, closable, and where focus goes when what had it is gone.
function prepare(root) {
  for (const button of root.querySelectorAll("[data-dismiss]")) button.hidden = false;
  const summary = root.matches?.("[data-error-summary]") ? root : root.querySelector("[data-error-summary]");
  summary?.focus();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-dismiss]");
  if (!button) return;
  button.closest("[data-notice]")?.remove();
  document.getElementById("content")?.focus({ preventScroll: true });
});

// A live region tells only what changes: what was on the page from the beginning is put in anew.
const first = document.querySelector("#notice [data-notice]");
if (first) setTimeout(() => first.parentElement?.replaceChildren(first), 150);

// The page itself now, before anybody has typed; what HTMX brings when it comes.
prepare(document);
document.addEventListener("htmx:load", (event) => {
  if (event.detail.elt !== document.body) prepare(event.detail.elt);
});

document.addEventListener("htmx:afterSettle", () => {
  if (document.activeElement && document.activeElement !== document.body) return;
  document.querySelector("#notice button")?.focus({ preventScroll: true });
});
