"use strict";
// Live pages: a stream says that something is new, the page fetches itself, and only what no hand is in is replaced.
(() => {
  const root = document.documentElement;
  let seen = root.dataset.version;
  root.classList.add("scripted");

  const FIELDS = "textarea, input:not([type=hidden]), select";
  const touched = (region, other) =>
    region.contains(document.activeElement) && document.activeElement.matches("input, textarea, select") ||
    dirty(region) || typedBefore(region, other);
  // Where nothing is marked, a browser chooses the first.
  const first = (select) => Math.max([...select.options].findIndex((one) => one.defaultSelected), 0);
  const dirty = (region) =>
    [...region.querySelectorAll(FIELDS)].some((field) =>
      field.type === "checkbox" || field.type === "radio" ? field.checked !== field.defaultChecked :
      field.tagName === "SELECT" ? Math.max(field.selectedIndex, 0) !== first(field) :
      field.type === "file" ? field.files.length > 0 : field.value !== field.defaultValue);

  // Of a form: what it is about, whatever was typed into it.
  const about = (form) => [...form.querySelectorAll("input[type=hidden]")]
    .filter((field) => !field.name.startsWith("_")).map((field) => [field.name, field.value]);

  // Controls by what they do, so that the same one is found in a region that has come anew.
  const named = (region, which, parts) => {
    const found = new Map(), seen = {};
    for (const one of region.querySelectorAll(which)) {
      const key = JSON.stringify([one.tagName, one.id, one.name || "", one.form ? about(one.form) : [], ...parts(one)]);
      seen[key] = (seen[key] || 0) + 1;
      found.set(key + seen[key], one);
    }
    return found;
  };
  const control = (one) => [one.getAttribute("href"), one.getAttribute("value"), one.getAttribute("aria-labelledby"),
    one.tagName === "SUMMARY" ? one.textContent : ""];
  const choice = (one) => [["checkbox", "radio"].includes(one.type) ? one.value : ""];
  const stood = (one) => JSON.stringify(one.tagName === "SELECT" ? [...one.options].map((o) => o.defaultSelected) :
    [one.defaultValue, one.defaultChecked]);

  // This page is the answer to a form, and holds what was typed: the page by itself would not.
  const typedBefore = (region, other) => {
    const fresh = named(other, FIELDS, choice);
    return [...named(region, FIELDS, choice)].some(([key, one]) => fresh.has(key) && stood(fresh.get(key)) !== stood(one));
  };

  // Where the focus goes when a region comes anew; null if what it is on is not there any more, or means something else.
  const focused = (region, other) => {
    const all = "a, button, summary, [tabindex]";
    const key = [...named(region, all, control)].find(([, one]) => one === document.activeElement)?.[0];
    return key && named(other, all, control).get(key) || null;
  };

  // The desk was locked: nothing of it stays on the screen, here or behind "back".
  const others = new BroadcastChannel("locked");
  const gone = () => { document.body.replaceChildren(); others.postMessage("locked"); location.reload(); };
  others.onmessage = (event) => { document.body.replaceChildren(); if (event.data === "locked") location.reload(); };
  addEventListener("pageshow", (event) => { if (event.persisted) gone(); });

  // What its reader has opened stays open, what was closed closed.
  const keepOpen = (from, to) => {
    const [old, fresh] = [from, to].map((one) => [...one.querySelectorAll("details")]);
    if (old.length === fresh.length) old.forEach((one, n) => { fresh[n].open = one.open; });
  };

  // What a page does not say any more is not said here either; its place is kept, should it come back.
  const empty = (region) => { const one = document.createElement("div"); one.dataset.live = region.dataset.live; return one; };

  const refresh = async () => {
    const answer = await fetch(location.href, { credentials: "same-origin", cache: "no-store" });
    if (!answer.ok || answer.redirected) { location.reload(); return; }
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (fresh.documentElement.dataset.state !== "open") { gone(); return; }
    for (const region of document.querySelectorAll("[data-live]")) {
      const other = fresh.querySelector(`[data-live="${region.dataset.live}"]`) || empty(region);
      if (shown(other) === shown(region) || touched(region, other)) continue;
      const within = region.contains(document.activeElement), here = document.importNode(other, true);
      const focus = within ? focused(region, here) : null;
      if (within && !focus) { region.addEventListener("focusout", news, { once: true }); continue; }
      keepOpen(region, here);
      region.replaceWith(here);
      if (focus) focus.focus({ preventScroll: true });
    }
  };
  // Every form has a number of its own: another number is no news.
  const shown = (region) => region.innerHTML.replace(/(name="_number" value=")[0-9a-f]*/g, "$1");

  let busy = false, again = false;
  const news = async () => {
    if (busy) { again = true; return; }
    busy = true;
    do { again = false; try { await refresh(); } catch { /* the desk is gone for a moment: the stream comes back */ } } while (again);
    busy = false;
  };

  if (root.dataset.state === "open") {
    // Only what is looked at listens: a browser has six connections for all its windows.
    const lost = document.getElementById("lost");
    let stream = null;
    const listen = () => {
      if (stream && document.hidden) { stream.close(); stream = null; }
      if (stream || document.hidden) return;
      stream = new EventSource("/live");
      stream.onmessage = (event) => { if (event.data !== seen) { seen = event.data; news(); } };
      stream.onerror = () => { if (lost) lost.hidden = false; };
      stream.onopen = () => { if (lost) lost.hidden = true; };
    };
    document.addEventListener("visibilitychange", listen);
    listen();
  }

  // Drafts: what is typed goes to the vault, and nowhere into the browser; what was kept comes back into its form.
  const own = (form) => [...form.elements].filter((field) => field.name && !field.name.startsWith("_"));
  const buttons = (form) => own(form).filter((f) => f.tagName === "BUTTON").map((f) => f.value);
  const fields = (form) => own(form).filter((f) => !["BUTTON", "FIELDSET", "OUTPUT"].includes(f.tagName) &&
    !["hidden", "password", "file"].includes(f.type) && f.getAttribute("autocomplete") !== "off");
  const values = (form) => fields(form).filter((f) => !["checkbox", "radio"].includes(f.type) || f.checked)
    .map((f) => [f.name, f.value]);
  const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
  const kept = (form) => form.method === "post" && fields(form).some((f) => f.tagName === "TEXTAREA");

  const put = (form, all) => {
    const left = [...all];
    for (const field of fields(form)) {
      if (["checkbox", "radio"].includes(field.type)) {
        field.checked = all.some(([name, value]) => name === field.name && value === field.value);
        continue;
      }
      const at = left.findIndex(([name]) => name === field.name);
      if (at >= 0) field.value = left.splice(at, 1)[0][1];
    }
    for (let up = form.closest("details"); up; up = up.parentElement.closest("details")) up.open = true;
  };
  for (const place of document.querySelectorAll("[data-kept]")) {
    const draft = JSON.parse(place.dataset.kept);
    const form = [...document.forms].find((one) => kept(one) && same(buttons(one), draft.buttons) && same(about(one), draft.about));
    if (form) { put(form, draft.fields); place.classList.add("filled"); }
  }

  const timers = new WeakMap();
  const keep = (form) => {
    timers.delete(form);
    const page = location.pathname;
    const draft = { page, target: form.getAttribute("action") || page, buttons: buttons(form), about: about(form),
      fields: dirty(form) ? values(form) : [] };
    const hidden = (name) => form.querySelector(`input[name="${name}"]`).value;
    const body = new URLSearchParams({ _form: hidden("_form"), _number: hidden("_number"), _draft: JSON.stringify(draft) });
    fetch("/draft", { method: "POST", body, credentials: "same-origin", keepalive: String(body).length < 60000 }).catch(() => {});
  };
  document.addEventListener("input", (event) => {
    const form = event.target.form;
    if (form && kept(form) && !timers.has(form)) timers.set(form, setTimeout(() => keep(form), 2000));
  });
  document.addEventListener("submit", (event) => { clearTimeout(timers.get(event.target)); timers.delete(event.target); });

  // Whoever ticks a name does not mean everybody.
  document.addEventListener("change", (event) => {
    if (!event.target.matches("fieldset input[type=checkbox]") || !event.target.checked) return;
    const some = event.target.closest("fieldset").querySelector("input[type=radio][value=some]");
    if (some) some.checked = true;
  });

  // One click is enough: a second does nothing until the page has changed.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    setTimeout(() => { delete form.dataset.sent; }, 10000);
  });

  // The panic lock: Escape, twice.
  let escaped = -Infinity;
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const now = event.timeStamp;
    if (now - escaped < 800) {
      document.body.replaceChildren();
      others.postMessage("locking");
      const lock = new URLSearchParams({ _form: root.dataset.form });
      fetch("/lock", { method: "POST", body: lock, credentials: "same-origin" }).finally(() => { others.postMessage("locked"); location.replace("/"); });
    }
    escaped = now;
  });
})();
