// A hand on the page: Escape, twice, locks the desk; any key, press or wheel says that somebody is here (spec/web.md, 4).
const root = document.documentElement, TWICE = 800, AGAIN = 20000;

export const others = new BroadcastChannel("locked");
export const door = () => location.replace(location.pathname + location.search);

// What is typed goes with the lock, and is kept before the vault closes.
let typed = () => [];
export const carry = (found) => { typed = found; };

let escaped = -Infinity, touched = -Infinity;
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const now = event.timeStamp;
  if (now - escaped < TWICE) {
    const body = new URLSearchParams({ _form: root.dataset.form });
    for (const one of typed()) body.append("_draft", one);
    document.body.replaceChildren();
    others.postMessage("locking");
    fetch("/lock", { method: "POST", body, credentials: "same-origin", keepalive: true, redirect: "manual" })
      .finally(() => { others.postMessage("locked"); door(); });
  }
  escaped = now;
});

const touch = (event) => {
  if (!event.isTrusted || event.key === "Escape" || event.timeStamp - touched < AGAIN) return;
  touched = event.timeStamp;
  const body = new URLSearchParams({ _form: root.dataset.form });
  fetch("/touch", { method: "POST", body, credentials: "same-origin" }).catch(() => {});
};
for (const one of ["keydown", "pointerdown", "wheel"]) addEventListener(one, touch, { capture: true, passive: true });
