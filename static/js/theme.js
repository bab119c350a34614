// Light, dark or as the device has it: at once, while the server remembers it in a cookie.
document.addEventListener("submit", (event) => {
  const form = event.target.closest("[data-theme-switch]");
  if (!form || !event.submitter) return;
  event.preventDefault();
  const theme = event.submitter.value;
  document.documentElement.dataset.bsTheme = theme;
  const meta = document.querySelector('meta[name="color-scheme"]');
  if (meta) meta.content = theme === "auto" ? "light dark" : theme;
  for (const button of form.querySelectorAll("button")) {
    button.setAttribute("aria-pressed", String(button === event.submitter));
  }
  const body = new URLSearchParams(new FormData(form));
  body.set("to", theme);
  fetch(form.action, { method: "POST", body, redirect: "manual" }).catch(() => {
    // Without a connection the choice holds for this page only.
  });
});
