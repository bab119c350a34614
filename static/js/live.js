// Says when somebody has changed what the open page shows. Parts of the page say what they show and as of which revision
// (data-shows: kinds or ids, data-revision). One stream for all tabs of a browser: the tab that holds the lock listens
// and passes on what it hears; a hidden tab lets go, and looks up what it missed when it is shown again.
import htmx from "./htmx.js";
import { running } from "./requests.js";

const SETTLED = 300; // ms of quiet before the notice is decided on: a change made here arrives before its answer
const NOTICES = 4000; // ms after which those whom a change concerns have a notice of it (notices/jobs.py)
const AGAIN = 60_000; // ms until a server that refused is asked again

const heard = new Map(); // id → entry
const own = new Set(); // ids of the entries made in this tab
const dismissed = new Set();
let known; // the revision up to which everything was heard
let many; // whether there were too many to be told one by one: up to this revision, or at all (null)
let ended; // ends what this tab has open
let deciding;
let recounting;

const region = () => document.getElementById("live");
// Residents get no revisions; of what they hear everything is newer than the page.
const parsed = (text) => (text ? text.split(".").map(Number) : null);
const isBehind = (one, other) => one !== null && other !== null && one.some((number, of) => number < other[of]);

// --- what concerns the page -------------------------------------------------------------------------------------

function parts() {
  return [...document.querySelectorAll("[data-shows]")].map((part) => ({
    shown: new Set(part.dataset.shows.split(" ")),
    revision: parsed(part.dataset.revision),
  }));
}

function concerns({ of, number, changes }, { shown, revision }) {
  if (revision && number <= revision[of]) return false;
  // Changes of the whole site (its people) concern only the pages that say so.
  return (of < 2 && shown.has("*")) || changes.some(([kind, id]) => shown.has(kind) || shown.has(id));
}

function decide() {
  clearTimeout(deciding);
  deciding = setTimeout(() => {
    if (running.size) return decide();
    const place = region();
    if (!place) return;
    const made = document.querySelector("#notice [data-entry]")?.dataset.entry;
    if (made) own.add(made);
    const shown = parts();
    const fresh = [...heard.values()].filter(
      (entry) => !own.has(entry.id) && !dismissed.has(entry.id) && shown.some((part) => concerns(entry, part)),
    );
    const uncounted = many !== undefined && shown.some(({ revision }) => many === null || isBehind(revision, many));
    if (fresh.length || uncounted) say(place, fresh, uncounted);
    else place.replaceChildren();
  }, SETTLED);
}

function say(place, fresh, uncounted) {
  const others = fresh.filter((entry) => !entry.own).length;
  const notice = document.getElementById("live-template").content.cloneNode(true);
  const which = uncounted ? "many" : others ? "others" : "own";
  for (const text of notice.querySelectorAll("[data-when]")) {
    const plural = new Intl.PluralRules(document.documentElement.lang).select(others || fresh.length);
    if (text.dataset.when !== which || (text.dataset.plural ?? plural) !== plural) text.remove();
    else text.textContent = text.textContent.replace("#", String(others || fresh.length));
  }
  // A form that names the version it began with is compared with what is there when it is saved.
  if (!document.querySelector(":is(main, dialog[open]) form:has(.field) input[name=version]")) {
    notice.querySelector("[data-typing]").remove();
  }
  notice.querySelector("a").href = window.location.pathname + window.location.search;
  const before = place.textContent.trim();
  const now = notice.textContent.trim();
  // The same words again would be read out again.
  if (before !== now) place.replaceChildren(notice);
}

// On the way down: on the way up the button is gone.
document.addEventListener(
  "click",
  (event) => {
    if (!event.target.closest("#live [data-dismiss]")) return;
    for (const id of heard.keys()) dismissed.add(id);
    many = undefined;
  },
  true,
);
document.addEventListener("htmx:afterSettle", decide);

// --- what is heard ----------------------------------------------------------------------------------------------

function hear({ since, revision, entries }) {
  if (isBehind(known, since)) return void lookUp();
  if (entries === null) many = revision;
  for (const entry of entries ?? []) heard.set(entry.id, entry);
  if (known && revision) known = known.map((number, of) => Math.max(number, revision[of]));
  if (entries === null || entries.length) decide();
  if (entries === null || entries.some((entry) => !entry.own)) {
    clearTimeout(recounting);
    recounting = setTimeout(recount, NOTICES);
  }
}

// What stands at the bell: a page of no plan hears nothing, and counts when it is looked at again.
function recount() {
  const count = document.getElementById("notices-count");
  if (count && !document.hidden) htmx.trigger(count, "recount");
}

async function lookUp() {
  try {
    const answer = await fetch(`${region().dataset.events}?since=${known.join(".")}`);
    if (answer.ok) hear(await answer.json());
  } catch {
    // Without a connection nothing is known; the stream comes back by itself.
  }
}

// --- listening --------------------------------------------------------------------------------------------------

function begin() {
  if (ended || document.hidden || !region()) return;
  const address = region().dataset.events;
  if (known === undefined) known = parsed(region().dataset.revision);
  let source;
  let again;
  const waiting = new AbortController();
  const channel = new BroadcastChannel(`stratplan ${address}`);
  let release;

  const open = () => {
    source = new EventSource(known ? `${address}?since=${known.join(".")}` : address);
    source.onmessage = ({ data }) => {
      channel.postMessage(JSON.parse(data));
      hear(JSON.parse(data));
    };
    source.onerror = () => {
      if (source.readyState === EventSource.CLOSED) again = setTimeout(open, AGAIN);
    };
  };
  channel.onmessage = ({ data }) => {
    if (!data.asked) hear(data);
    else if (source) channel.postMessage({ since: known, revision: known, entries: [] });
  };
  ended = () => {
    waiting.abort();
    clearTimeout(again);
    source?.close();
    channel.close();
    release?.();
    ended = undefined;
  };
  if (navigator.locks) {
    const held = () => new Promise((resolve) => ((release = resolve), open()));
    navigator.locks.request(`stratplan ${address}`, { signal: waiting.signal }, held).catch(() => {
      // This tab is hidden or left before its turn came.
    });
    channel.postMessage({ asked: true });
  } else open();
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return void ended?.();
  begin();
  recount();
});
window.addEventListener("pagehide", () => ended?.());
window.addEventListener("pageshow", (event) => event.persisted && begin());
setTimeout(begin, 500); // a page that is only passed through opens nothing
