// Cards that are kept while they are typed on. What could not be kept for want of a connection is tried again once there
// is one; until all is kept, leaving the page warns (unsaved.js).
import htmx from "./htmx.js";
import { isDone } from "./unsaved.js";

const typed = new Set(); // cards with something that is not on its way yet
const sent = new Set(); // cards with something on its way, or that did not arrive
const failed = new Set();

const keeper = ":scope > [hx-post]"; // the button that keeps a card
const cardOf = (event) => event.target.closest?.(".review-card:has(> [hx-post])");
const keptCardOf = (event) => (event.target.matches?.(".review-card > [hx-post]") ? cardOf(event) : undefined);

function tryAgain() {
  for (const card of [...failed]) {
    failed.delete(card);
    if (card.isConnected) htmx.trigger(card.querySelector(keeper), "click");
  }
}

for (const name of ["input", "change"]) {
  document.addEventListener(name, (event) => {
    const card = cardOf(event);
    if (card) typed.add(card);
  });
}
document.addEventListener("htmx:beforeRequest", (event) => {
  const card = keptCardOf(event);
  if (card && typed.delete(card)) sent.add(card);
});
for (const name of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
  document.addEventListener(name, (event) => {
    const card = keptCardOf(event);
    if (card) failed.add(card);
  });
}
document.addEventListener("draft-saved", (event) => {
  const card = keptCardOf(event);
  if (!card) return;
  const form = card.closest("form");
  sent.delete(card);
  failed.delete(card);
  if (![...typed, ...sent].some((other) => form.contains(other))) isDone(form);
  tryAgain(); // there is a connection
});
window.addEventListener("online", tryAgain);
