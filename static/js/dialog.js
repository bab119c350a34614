// Links with data-dialog open what they lead to in the page's one dialog; a modified click opens the page itself.
// An answer may be a fragment or a whole page (its main part is taken). The event dialog-close (HX-Trigger) closes it.
import htmx from "./htmx.js";
import { isTouched } from "./unsaved.js";

// Looked up each time: an answer may replace the whole page's body.
const dialog = () => document.getElementById("dialog");
const body = () => document.getElementById("dialog-body");

export function showDialog(name) {
  const frame = dialog();
  const heading = body().querySelector("h1, h2, h3");
  if (heading) {
    heading.id ||= "dialog-title";
    frame.setAttribute("aria-labelledby", heading.id);
    frame.removeAttribute("aria-label");
  } else {
    frame.removeAttribute("aria-labelledby");
    frame.setAttribute("aria-label", name ?? "");
  }
  if (!frame.open) frame.showModal();
  frame.scrollTop = 0;
}

function close() {
  if (isTouched(body()) && !window.confirm(document.body.dataset.unsaved)) return;
  dialog().close();
}

document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[data-dialog]");
  if (!link || !body() || event.defaultPrevented) return;
  if (event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  const name = link.textContent.trim();
  try {
    await htmx.ajax("GET", link.getAttribute("href"), { source: link, target: body(), swap: "innerHTML" });
  } catch {
    return; // nothing came: requests.js has said so
  }
  if (body()?.childElementCount) showDialog(name);
});

document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target !== body() || !/<html[\s>]/i.test(event.detail.serverResponse)) return;
  const page = new DOMParser().parseFromString(event.detail.serverResponse, "text/html");
  event.detail.serverResponse = page.querySelector("main")?.innerHTML ?? "";
});

// cancel and close do not bubble: they are caught on the way down.
document.addEventListener(
  "cancel",
  (event) => {
    if (event.target !== dialog()) return;
    event.preventDefault();
    close();
  },
  true,
);
document.addEventListener(
  "close",
  (event) => {
    if (event.target === dialog()) body().replaceChildren();
  },
  true,
);
document.addEventListener("click", (event) => {
  const cancel = event.target.closest("dialog [data-close-dialog]");
  if (cancel) event.preventDefault();
  if (cancel || event.target === dialog()) close();
});
document.addEventListener("dialog-close", () => dialog()?.close());
