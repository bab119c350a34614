// Files on their way: what is too large is said before it is sent, and a bar shows how much is.
document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-upload]");
  if (!form || event.target.type !== "file") return;
  const files = [...event.target.files];
  const large = files.find((file) => file.size > Number(form.dataset.uploadLargest));
  const many = files.length > Number(form.dataset.uploadMost);
  event.target.setCustomValidity(
    large ? `${large.name}: ${form.dataset.uploadTooLarge}` : many ? form.dataset.uploadTooMany : "",
  );
  event.target.reportValidity();
});

function barOf(event) {
  return event.target.closest?.("form[data-upload]")?.querySelector("[data-upload-progress]");
}
document.addEventListener("htmx:xhr:progress", (event) => {
  const bar = barOf(event);
  if (!bar || !event.detail.lengthComputable) return;
  bar.hidden = false;
  bar.firstElementChild.value = (100 * event.detail.loaded) / event.detail.total;
});
document.addEventListener("htmx:afterRequest", (event) => {
  const bar = barOf(event);
  if (bar) bar.hidden = true;
});
