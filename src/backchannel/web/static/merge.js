// A page becomes what the desk would show now. Only what a hand is in stays: a field with the focus, something typed.
import { FIELDS, about, buttons, dirty, offers, same } from "./forms.js";
import { seeing } from "./pointer.js";

const root = document.documentElement, CONTROLS = "a, button, summary, [tabindex]";
const ROLLED = ".scroll, .about, .picture, textarea";
let waits = false; // something stays only until the hand is gone

// Every form has a number of its own, and readers open what is folded: that is no news.
const shown = (one) => one.outerHTML === undefined ? one.textContent :
  one.outerHTML.replace(/(name="_number" value=")[0-9a-f]*/g, "$1").replace(/ open=""/g, "");

// Things by what they are, so that the same one is found in a page that has come anew.
const named = (all, key) => {
  const found = new Map(), seen = {};
  for (const one of all) {
    const name = JSON.stringify(key(one));
    seen[name] = (seen[name] || 0) + 1;
    found.set(name + seen[name], one);
  }
  return found;
};
const control = (one) => [one.tagName, one.id, one.name || "", one.form ? about(one.form) : [], one.getAttribute("href"),
  one.getAttribute("value"), one.getAttribute("aria-labelledby"), one.tagName === "SUMMARY" ? one.textContent : ""];
const folded = (one) => [one.id, one.querySelector("summary")?.textContent.replace(/\d/g, ""),
  [...one.querySelectorAll("form")].map(about)];
const rolled = (one) => [one.tagName, one.className];
const part = (one) => {
  const said = one.dataset.live || one.id || one.getAttribute("aria-labelledby");
  if (said) return [one.tagName, said];
  const forms = one.matches("form") ? [one] : [...one.querySelectorAll("form")];
  if (forms.length) return [one.tagName, about(forms[0]), buttons(forms[0])];
  return [one.tagName, ["LI", "TR"].includes(one.tagName) && one.querySelector("a")?.getAttribute("href") || ""];
};

// The same control in what has come anew; null if it is not there any more, or means something else.
const counterpart = (one, region, other) => {
  const at = (of) => named([of, ...of.querySelectorAll(CONTROLS)].filter((each) => each.matches(CONTROLS)), control);
  const key = [...at(region)].find(([, each]) => each === one)?.[0];
  return key && at(other).get(key) || null;
};

const hand = (region, other) => {
  if (region.nodeType !== Node.ELEMENT_NODE) return false;
  const active = document.activeElement;
  if (dirty(region)) return true;
  if (!region.contains(active) || active === document.body) return false;
  return active.matches(FIELDS);
};

// What its reader has opened stays open, what was closed closed, what was scrolled where it was.
const copied = (region, other) => {
  const here = document.importNode(other, true);
  if (region?.nodeType !== Node.ELEMENT_NODE || here.nodeType !== Node.ELEMENT_NODE) return [here, () => {}];
  const both = (which, key) => {
    const [old, fresh] = [region, here].map((of) => named([of, ...of.querySelectorAll(which)].filter((one) => one.matches(which)), key));
    return [...old].filter(([name]) => fresh.has(name)).map(([name, one]) => [one, fresh.get(name)]);
  };
  for (const [one, fresh] of both("details", folded)) fresh.open = one.open;
  const places = both(ROLLED, rolled).map(([one, fresh]) => [fresh, one.scrollTop, one.scrollLeft]);
  return [here, () => { for (const [one, top, left] of places) { one.scrollTop = top; one.scrollLeft = left; } }];
};
const replace = (region, other) => {
  const [here, roll] = copied(region, other);
  const focus = region.contains(document.activeElement) ? counterpart(document.activeElement, region, here) : null;
  region.replaceWith(here);
  roll();
  if (focus) focus.focus({ preventScroll: true });
};

// A form that is typed in stays whole; a line says so if it is not what it was any more.
const stay = (region, other) => {
  waits = true;
  if (!region.matches("form")) return;
  const line = region.querySelector(":scope > .changed");
  const other_ = other?.matches("form") ? other : null;
  const changed = !other_ || !same(buttons(region), buttons(other_)) || !same(offers(region), offers(other_));
  if (!changed) line?.remove();
  if (!changed || line || !region.querySelector(FIELDS)) return;
  const said = document.createElement("p");
  said.className = "changed warn";
  said.setAttribute("role", "status");
  said.textContent = root.dataset.changed;
  region.prepend(said);
};

const become = (region, other) => {
  if (other && shown(region) === shown(other)) return;
  if (!hand(region, other)) { if (other) replace(region, other); else region.remove(); return; }
  if (region.matches("form, a, button, summary") || !region.firstElementChild || other && other.tagName !== region.tagName) {
    stay(region, other);
    return;
  }
  if (other) for (const { name, value } of other.attributes) if (name !== "open") region.setAttribute(name, value);
  children(region, other);
};

const children = (region, other) => {
  const old = named(region.children, part), fresh = other ? named(other.children, part) : new Map(), mates = new Map();
  for (const [name, one] of fresh) if (old.has(name)) mates.set(one, old.get(name));
  const awaited = new Set(mates.values());
  const folds = !other && region.tagName === "DETAILS"; // its name stays as long as what it holds
  let at = region.firstChild;
  const pass = (until) => {
    while (at !== until) {
      const one = at;
      at = at.nextSibling;
      if (folds && one.tagName === "SUMMARY") continue;
      if (!awaited.has(one)) become(one, null);
      else if (!hand(one, null)) one.remove();
    }
  };
  for (const one of other ? [...other.childNodes] : []) {
    const mate = mates.get(one);
    const here = mate?.parentNode === region;
    if (here && at && (at === mate || at.compareDocumentPosition(mate) & Node.DOCUMENT_POSITION_FOLLOWING)) {
      pass(mate);
      at = mate.nextSibling;
    }
    if (mate) awaited.delete(mate);
    if (here) { become(mate, one); continue; }
    const [copy, roll] = copied(mate, one);
    region.insertBefore(copy, at);
    roll();
  }
  pass(null);
};

// Where the eye is, the page stands still: what one writes in, or else what stands at the top.
const still = () => {
  const seen = (one) => { const box = one.getBoundingClientRect(); return box.bottom > 0 && box.top < innerHeight && box.height; };
  const active = document.activeElement;
  const one = active.matches(FIELDS) && seen(active) ? active :
    scrollY > 0 ? [...document.querySelectorAll("main [id], main [data-live]")].find((each) => each.getBoundingClientRect().top >= 0 && seen(each)) : null;
  if (!one) return () => {};
  const top = one.getBoundingClientRect().top;
  return () => {
    const now = one.isConnected ? one : one.id ? document.getElementById(one.id) :
      document.querySelector(`[data-live="${one.dataset.live}"]`);
    if (now) scrollBy(0, now.getBoundingClientRect().top - top);
  };
};

// `pairs`: of what stands here, and what has come of it.
export const merge = (pairs) => {
  waits = false;
  if (pairs.every(([region, other]) => shown(region) === shown(other))) return;
  const seen = seeing(), stand = still();
  for (const [region, other] of pairs) {
    if (shown(region) === shown(other)) continue;
    if (region.matches("main, nav, aside")) children(region, other); else become(region, other);
  }
  stand();
  seen();
};
export const waiting = () => waits;
export { shown };
