// Everything that runs in the browser. Pages work without it; each part makes one thing quicker.
import "./htmx.js";
import "htmx-ext-response-targets";
import { Idiomorph } from "idiomorph/dist/idiomorph-ext.esm.js";
import "./requests.js";
import "./notice.js";
import "./theme.js";
import "./menus.js";
import "./dialog.js";
import "./filters.js";
import "./keys.js";
import "./sortable.js";
import "./mentions.js";
import "./upload.js";
import "./unsaved.js";
import "./drafts.js";
import "./print.js";
import "./secrets.js";
import "./live.js";

// What is being typed survives a morph that arrives meanwhile. Only for fields: Idiomorph leaves out all that is inside the
// element with the focus, and a table's scrolling region has it once somebody has pressed there.
Object.defineProperty(Idiomorph.defaults, "ignoreActiveValue", {
  enumerable: true,
  get: () => document.activeElement?.matches("input, textarea, select") ?? false,
});
