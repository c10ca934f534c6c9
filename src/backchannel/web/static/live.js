"use strict";
// Live pages: a stream says that something is new, the page fetches itself, and only what no hand is in is replaced.
(() => {
  const root = document.documentElement;
  let seen = root.dataset.version;
  root.classList.add("scripted");

  const dirty = (region) =>
    region.contains(document.activeElement) && document.activeElement.matches("input, textarea, select") ||
    [...region.querySelectorAll("textarea, input:not([type=hidden]), select")].some((field) =>
      field.type === "checkbox" || field.type === "radio" ? field.checked !== field.defaultChecked :
      field.tagName === "SELECT" ? [...field.options].some((o) => o.selected !== o.defaultSelected) :
      field.type === "file" ? field.files.length > 0 : field.value !== field.defaultValue);

  const refresh = async () => {
    const answer = await fetch(location.href, { credentials: "same-origin", cache: "no-store" });
    if (!answer.ok || answer.redirected) { location.reload(); return; }
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const region of document.querySelectorAll("[data-live]")) {
      const other = fresh.querySelector(`[data-live="${region.dataset.live}"]`);
      if (other && !dirty(region) && other.innerHTML !== region.innerHTML) {
        region.replaceWith(document.importNode(other, true));
      }
    }
  };

  let busy = false, again = false;
  const news = async () => {
    if (busy) { again = true; return; }
    busy = true;
    do { again = false; try { await refresh(); } catch { /* the desk is gone for a moment: the stream comes back */ } } while (again);
    busy = false;
  };

  if (root.dataset.state === "open") {
    const stream = new EventSource("/live");
    stream.onmessage = (event) => { if (event.data !== seen) { seen = event.data; news(); } };
    const lost = document.getElementById("lost");
    stream.onerror = () => { if (lost) lost.hidden = false; };
    stream.onopen = () => { if (lost) lost.hidden = true; };
  }

  // Drafts: what is typed goes to the vault, and nowhere into the browser.
  for (const form of document.querySelectorAll("form[data-draft]")) {
    let timer = 0, last = "";
    form.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        const data = new FormData(form);
        const text = [...data].filter(([name, value]) => !name.startsWith("_") && typeof value === "string");
        const body = new URLSearchParams([["_form", data.get("_form")], ["_draft", form.dataset.draft], ...text]);
        if (String(body) !== last) {
          last = String(body);
          fetch("/draft", { method: "POST", body, credentials: "same-origin" }).catch(() => { last = ""; });
        }
      }, 2000);
    });
  }

  // One click is enough: a second does nothing until the page has changed.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    setTimeout(() => { delete form.dataset.sent; }, 10000);
  });

  // The panic lock: Escape, twice.
  let escaped = 0;
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const now = event.timeStamp;
    if (now - escaped < 800) {
      document.body.replaceChildren();
      const lock = new URLSearchParams({ _form: root.dataset.form });
      fetch("/lock", { method: "POST", body: lock, credentials: "same-origin" }).finally(() => location.replace("/"));
    }
    escaped = now;
  });
})();
