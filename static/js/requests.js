// What a request looks like: a thin bar while it runs, words when it fails, counts read out when a list changes.
export const running = new Set();

function show() {
  document.getElementById("progress-bar")?.classList.toggle("running", running.size > 0);
}

export function alarm(text) {
  const region = document.getElementById("alert");
  if (!region) return;
  const message = document.createElement("p");
  message.className = "notice notice-danger";
  message.textContent = text;
  region.replaceChildren(message);
}

document.addEventListener("htmx:beforeRequest", (event) => {
  running.add(event.detail.xhr);
  document.getElementById("alert")?.replaceChildren();
  show();
});
document.addEventListener("htmx:afterRequest", (event) => {
  running.delete(event.detail.xhr);
  show();
});
for (const name of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, () => alarm(document.body.dataset.noConnection));
}
document.addEventListener("htmx:responseError", () => alarm(document.body.dataset.failed));

document.addEventListener("htmx:load", (event) => {
  if (event.detail.elt === document.body) return; // the page itself: nothing has changed
  const said = event.detail.elt.querySelector("[data-announce]");
  const region = document.getElementById("announce");
  if (said && region) region.textContent = said.textContent.trim().replace(/\s+/g, " ");
});
