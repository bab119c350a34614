// Links with data-dialog open what they lead to in the page's one dialog; a modified click opens the page itself.
// An answer may be a fragment or a whole page (its main part is taken). The event dialog-close (HX-Trigger) closes it.
import htmx from "./htmx.js";
import { isTouched } from "./unsaved.js";

const dialog = document.getElementById("dialog");
const body = document.getElementById("dialog-body");

export function showDialog(name) {
  const heading = body.querySelector("h1, h2, h3");
  if (heading) {
    heading.id ||= "dialog-title";
    dialog.setAttribute("aria-labelledby", heading.id);
    dialog.removeAttribute("aria-label");
  } else {
    dialog.removeAttribute("aria-labelledby");
    dialog.setAttribute("aria-label", name ?? "");
  }
  if (!dialog.open) dialog.showModal();
  dialog.scrollTop = 0;
}

function close() {
  if (isTouched(body) && !window.confirm(document.body.dataset.unsaved)) return;
  dialog.close();
}

if (dialog && body) {
  document.addEventListener("click", async (event) => {
    const link = event.target.closest("a[data-dialog]");
    if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    await htmx.ajax("GET", link.getAttribute("href"), { source: link, target: body, swap: "innerHTML" });
    if (body.childElementCount) showDialog(link.textContent.trim());
  });

  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target !== body || !/<html[\s>]/i.test(event.detail.serverResponse)) return;
    const page = new DOMParser().parseFromString(event.detail.serverResponse, "text/html");
    event.detail.serverResponse = page.querySelector("main")?.innerHTML ?? "";
  });

  dialog.addEventListener("cancel", (event) => {
    if (event.target !== dialog) return;
    event.preventDefault();
    close();
  });
  dialog.addEventListener("click", (event) => {
    const cancel = event.target.closest("[data-close-dialog]");
    if (cancel) event.preventDefault();
    if (cancel || event.target === dialog) close();
  });
  dialog.addEventListener("close", () => body.replaceChildren());
  document.addEventListener("dialog-close", () => dialog.close());
}
