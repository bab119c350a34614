// A warning before typed text is lost: forms with fields, once something in them was changed and until they are sent.
const touched = new Set();

const isGuarded = (form) => form?.method === "post" && form.querySelector(".field") !== null;

export function isTouched(root) {
  for (const form of touched) {
    if (!form.isConnected) touched.delete(form);
    else if (root.contains(form)) return true;
  }
  return false;
}

export function isDone(form) {
  touched.delete(form);
}

document.addEventListener("input", (event) => {
  if (isGuarded(event.target.form)) touched.add(event.target.form);
});
document.addEventListener("submit", (event) => touched.delete(event.target));
document.addEventListener("reset", (event) => touched.delete(event.target));
window.addEventListener("beforeunload", (event) => {
  if (isTouched(document)) event.preventDefault();
});
