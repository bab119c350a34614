// Filter forms send themselves; empty filters stay out of the address, with and without HTMX.
const PAUSE = 350;
let waiting;

document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-autosubmit]");
  if (form && event.target.type !== "search") form.requestSubmit();
});
document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-autosubmit][hx-get]");
  if (!form || event.target.type !== "search") return;
  clearTimeout(waiting);
  waiting = setTimeout(() => form.requestSubmit(), PAUSE);
});
document.addEventListener("formdata", (event) => {
  if (!event.target.matches("form[data-autosubmit]")) return;
  for (const [name, value] of [...event.formData]) {
    if (value === "" && event.formData.getAll(name).length === 1) event.formData.delete(name);
  }
});
