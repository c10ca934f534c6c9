// Live pages: a stream says that something is new, the page fetches itself, and becomes what it is now (merge.js).
import { carried } from "./drafts.js";
import { carry, door, others } from "./hand.js";
import { merge, shown, waiting } from "./merge.js";

const root = document.documentElement;
let seen = root.dataset.version;
root.classList.add("scripted");
carry(carried);
document.querySelectorAll("noscript").forEach((one) => one.remove());

// The desk was locked: nothing of it stays on the screen, here or behind "back".
const gone = () => { document.body.replaceChildren(); others.postMessage("locked"); door(); };
others.onmessage = (event) => { document.body.replaceChildren(); if (event.data === "locked") door(); };
addEventListener("pageshow", (event) => { if (event.persisted) gone(); });

// A page as it is now; null where the desk has a fault for a moment.
const fetched = async (place) => {
  const answer = await fetch(place, { credentials: "same-origin", cache: "no-store" });
  if (answer.status >= 500) return null;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (page.documentElement.dataset.state !== "open") { gone(); return null; }
  page.querySelectorAll("noscript").forEach((one) => one.remove());
  // What was typed here and kept is no news; whether the desk answers is known here.
  for (const [which, stays] of [["[aria-labelledby=drafts]", false], ["#lost", true]]) {
    const here = document.querySelector(which), there = page.querySelector(which);
    if (here && there) there.replaceWith(page.importNode(here, true)); else if (there && !stays) there.remove();
  }
  return page;
};

// What stands around the page alone, where the page itself is an answer that the desk does not hold any more.
const around = (page) => [...document.querySelectorAll("nav [data-live], aside [data-live], main > [data-around]")]
  .map((one) => [one, page.querySelector(`[data-live="${one.dataset.live}"]`)]).filter(([, other]) => other);
const whole = (page) => ["nav", "main", "aside"].map((which) => [document.querySelector(`.desk > ${which}`), page.querySelector(`.desk > ${which}`)]);

let plain = null;
const refresh = async () => {
  const page = await fetched(location.href);
  if (!page) return;
  merge(page.documentElement.dataset.answered === root.dataset.answered ? whole(page) : around(page));
  if (root.dataset.answered) await besides(await fetched(location.pathname));
};

// A page that is an answer: what its address shows without it may have changed meanwhile, or be gone with its words.
const besides = async (page) => {
  if (!page) return;
  const now = shown(page.querySelector("main"));
  plain ??= now;
  const over = page.querySelector("[data-gone]");
  if (over) document.querySelectorAll("main .about").forEach((one) => one.replaceChildren());
  document.getElementById("look").hidden = now === plain && !over;
};

let busy = false, again = false;
const news = async () => {
  if (busy) { again = true; return; }
  busy = true;
  do { again = false; try { await refresh(); } catch { /* the desk is gone for a moment: the stream comes back */ } } while (again);
  busy = false;
};
document.addEventListener("focusout", () => { if (waiting()) setTimeout(news); });

if (root.dataset.state === "open") {
  // Only what is looked at listens: a browser has six connections for all its windows.
  const lost = (is) => { const one = document.getElementById("lost"); if (one) one.hidden = !is; };
  let stream = null;
  const listen = () => {
    if (stream && document.hidden) { stream.close(); stream = null; }
    if (stream || document.hidden) return;
    stream = new EventSource("/live");
    stream.onmessage = (event) => { if (event.data !== seen) { seen = event.data; news(); } };
    stream.onerror = () => lost(true);
    stream.onopen = () => lost(false);
  };
  document.addEventListener("visibilitychange", listen);
  listen();
  if (root.dataset.answered) fetched(location.pathname).then(besides, () => {});
}

// Whoever ticks a name does not mean everybody.
document.addEventListener("change", (event) => {
  if (!event.target.matches("fieldset input[type=checkbox]") || !event.target.checked) return;
  const some = event.target.closest("fieldset").querySelector("input[type=radio][value=some]");
  if (some) some.checked = true;
}, true);

// One click is enough: a second does nothing until the page has changed.
const sent = new WeakSet();
document.addEventListener("submit", (event) => {
  const form = event.target, lost = document.getElementById("lost");
  // To nobody nothing is sent: a browser would keep its words beside the page that says so.
  if (sent.has(form) || lost && !lost.hidden) { event.preventDefault(); return; }
  sent.add(form);
  setTimeout(() => sent.delete(form), 10000);
  if (form.getAttribute("action") !== "/lock") return;
  for (const one of carried()) form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "_draft", value: one }));
});
