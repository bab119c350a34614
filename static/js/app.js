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
import "./unsaved.js";
import "./print.js";

// What is being typed survives a morph that arrives meanwhile.
Idiomorph.defaults.ignoreActiveValue = true;
