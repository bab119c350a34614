// Passwords can be looked at, links and codes copied and printed. The buttons are there only where this runs.
function show(root) {
  for (const button of root.querySelectorAll("[data-show-password], [data-copy], [data-print]")) button.hidden = false;
}
show(document);
document.addEventListener("htmx:load", (event) => show(event.detail.elt));

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-show-password], [data-copy], [data-print]");
  if (!button) return;
  if (button.matches("[data-print]")) {
    window.print();
  } else if (button.matches("[data-copy]")) {
    const from = document.getElementById(button.dataset.copy);
    const text = from.value ?? from.innerText;
    try {
      await navigator.clipboard.writeText(text.trim());
      document.getElementById("announce").textContent = button.dataset.copied;
      button.querySelector("span").textContent = button.dataset.copied;
    } catch {
      // Without TLS there is no clipboard: mark it, so that the keyboard can copy it.
      if (from.select) from.select();
      else getSelection().selectAllChildren(from);
    }
  } else {
    const field = button.parentElement.querySelector("input");
    const shown = field.type === "text";
    field.type = shown ? "password" : "text";
    button.setAttribute("aria-pressed", String(!shown));
    field.focus();
  }
});

// What is sent as a password is one, also to the browser's own store.
document.addEventListener("submit", (event) => {
  for (const field of event.target.querySelectorAll("[data-password] input")) field.type = "password";
});
