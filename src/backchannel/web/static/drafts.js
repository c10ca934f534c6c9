// Drafts: what is typed goes to the vault, and nowhere into the browser; what was kept comes back into its form.
import { about, buttons, dirty, fields, same, ticks, values } from "./forms.js";

const MOST = 60000; // bytes that a browser sends while its page goes
const answered = document.documentElement.dataset.answered; // then the page holds what was typed: as its fields' own text
const kept = (form) => form.method === "post" && fields(form).some((f) => f.tagName === "TEXTAREA");
const typed = (form) => answered ? fields(form).some((f) => f.tagName === "TEXTAREA" && f.value.trim()) : dirty(form);
const hidden = (form, name) => form.querySelector(`input[name="${name}"]`).value;

const draft = (form) => JSON.stringify({ page: location.pathname, target: form.getAttribute("action") || location.pathname,
  buttons: buttons(form), about: about(form), number: hidden(form, "_number"),
  fields: typed(form) ? [...values(form), ["_offered", ticks(form).map((f) => `${f.name}=${f.value}`).join(" ")]] : [] });

// Who was chosen is chosen again, by seat; if one of them is gone, or "all" would be more than it was: nobody.
const put = (form, all, place) => {
  const left = all.filter(([name]) => !name.startsWith("_"));
  const then = (all.find(([name]) => name === "_offered")?.[1] || "").split(" ");
  const now = ticks(form).map((f) => `${f.name}=${f.value}`);
  const chosen = left.map(([name, value]) => `${name}=${value}`);
  const groups = new Set([...then, ...now].map((one) => one.split("=")[0]));
  const lost = then.some((one) => chosen.includes(one) && !now.includes(one));
  for (const field of fields(form)) {
    if (["checkbox", "radio"].includes(field.type)) {
      field.checked = left.some(([name, value]) => name === field.name && value === field.value);
      continue;
    }
    const at = left.findIndex(([name]) => name === field.name);
    if (at >= 0) field.value = left.splice(at, 1)[0][1];
  }
  for (const set of form.querySelectorAll("fieldset")) {
    const boxes = [...set.querySelectorAll("input[type=checkbox]")].filter((f) => groups.has(f.name));
    const all_ = set.querySelector("input[type=radio][value=all]"), some = set.querySelector("input[type=radio][value=some]");
    const more = all_?.checked && boxes.some((f) => !then.includes(`${f.name}=${f.value}`));
    if (!more && !(lost && (boxes.length || some))) continue;
    for (const box of boxes) box.checked = false;
    if (some) some.checked = true;
    place.classList.add("narrowed");
  }
  for (let up = form.closest("details"); up; up = up.parentElement.closest("details")) up.open = true;
};
for (const place of document.querySelectorAll("[data-kept]")) {
  const one = JSON.parse(place.dataset.kept);
  const form = [...document.forms].find((each) => kept(each) && same(buttons(each), one.buttons) && same(about(each), one.about));
  if (form) { put(form, one.fields, place); place.classList.add("filled"); }
}

const timers = new Map();
const keep = (form) => {
  clearTimeout(timers.get(form));
  timers.delete(form);
  const body = new URLSearchParams({ _form: hidden(form, "_form"), _draft: draft(form) });
  fetch("/draft", { method: "POST", body, credentials: "same-origin", keepalive: String(body).length < MOST }).catch(() => {});
};
document.addEventListener("input", (event) => {
  const form = event.target.form;
  if (form && kept(form) && !timers.has(form)) timers.set(form, setTimeout(() => keep(form), 2000));
});
// Who is to read it is kept at once; so is what is typed when the page is left, or the form sent: it may not be taken.
document.addEventListener("change", (event) => {
  if (event.target.form && event.target.matches("input[type=radio], input[type=checkbox], select") && kept(event.target.form)) keep(event.target.form);
});
addEventListener("pagehide", () => { for (const form of [...timers.keys()]) if (form.isConnected) keep(form); });
document.addEventListener("submit", (event) => { if (kept(event.target)) keep(event.target); });

// What the lock takes along: all that is typed here, as much as goes.
export const carried = () => {
  let left = MOST;
  return [...document.forms].filter((form) => kept(form) && typed(form)).map(draft)
    .filter((one) => (left -= encodeURIComponent(one).length + 9) > 0);
};
