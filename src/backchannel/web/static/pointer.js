// News can move what is under the pointer: a click means what was there long enough to be seen.
import { about } from "./forms.js";

const SEEN = 400, PRESSED = "a[href], button, summary, label, input, select, textarea";
let past = [];

const what = (pressed) => {
  const one = pressed.tagName === "LABEL" && pressed.control || pressed;
  return JSON.stringify([one.tagName, one.id, one.name || "", one.getAttribute("value"), one.getAttribute("href"),
    one.tagName === "SUMMARY" ? one.textContent : "", one.form ? [one.form.action, about(one.form)] : []]);
};

// What can be pressed, and where: before the page changes. What is given back says that it has changed.
export const seeing = () => {
  const stood = [...document.querySelectorAll(PRESSED)].map((one) => [one.getBoundingClientRect(), one])
    .filter(([box]) => box.width && box.bottom > 0 && box.top < innerHeight).map(([box, one]) => [box, what(one)]);
  return () => past.push({ at: performance.now(), stood });
};

const under = (stood, x, y) => stood
  .filter(([box]) => box.left <= x && x <= box.right && box.top <= y && y <= box.bottom)
  .sort(([one], [other]) => one.width * one.height - other.width * other.height)[0]?.[1];

document.addEventListener("click", (event) => {
  const pressed = event.detail ? event.target.closest(PRESSED) : null; // the keyboard's click has no detail
  past = past.filter((one) => performance.now() - one.at < SEEN);
  if (!pressed || past.every(({ stood }) => under(stood, event.clientX, event.clientY) === what(pressed))) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}, true);
