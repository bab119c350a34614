// htmx as the extensions expect it (a global), set for a strict content security policy.
import htmx from "htmx.org";

window.htmx = htmx;

Object.assign(htmx.config, {
  allowEval: false,
  allowScriptTags: false,
  includeIndicatorStyles: false,
  selfRequestsOnly: true,
  // Pages are not kept in the browser's storage; going back asks the server, which keeps them itself.
  historyCacheSize: 0,
  refreshOnHistoryMiss: true,
  scrollBehavior: "instant",
  defaultSettleDelay: 0,
  responseHandling: [
    { code: "204", swap: false },
    { code: "[23]..", swap: true },
    // A form that did not pass, a stale edit, a broken rule: the answer belongs on the page.
    { code: "(403|404|409|410|422)", swap: true, error: false },
    { code: "[45]..", swap: false, error: true },
  ],
});

export default htmx;
