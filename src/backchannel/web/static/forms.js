// What a form is about, and what was typed into it.
export const FIELDS = "textarea, input:not([type=hidden]), select";

// Where nothing is marked, a browser chooses the first.
const first = (select) => Math.max([...select.options].findIndex((one) => one.defaultSelected), 0);

const moved = (field) => ["checkbox", "radio"].includes(field.type) ? field.checked !== field.defaultChecked :
  field.tagName === "SELECT" ? Math.max(field.selectedIndex, 0) !== first(field) :
  field.type === "file" ? field.files.length > 0 : field.value !== field.defaultValue;
export const dirty = (region) => [...region.querySelectorAll(FIELDS)].some(moved);

const own = (form) => [...form.elements].filter((field) => field.name && !field.name.startsWith("_"));
const tick = (field) => ["checkbox", "radio"].includes(field.type);

// What it is about, whatever was typed into it; what it does.
export const about = (form) => [...form.querySelectorAll("input[type=hidden]")]
  .filter((field) => !field.name.startsWith("_")).map((field) => [field.name, field.value]);
export const buttons = (form) => own(form).filter((f) => f.tagName === "BUTTON").map((f) => f.value);

// What can be typed or chosen in it; whom it can go to is in that.
export const offers = (form) => own(form).flatMap((f) => f.tagName === "SELECT" ?
  [...f.options].map((one) => [f.name, one.value]) : [[f.name, tick(f) || f.type === "hidden" ? f.value : ""]]);
export const ticks = (form) => own(form).filter((f) => f.type === "checkbox");

export const fields = (form) => own(form).filter((f) => !["BUTTON", "FIELDSET", "OUTPUT"].includes(f.tagName) &&
  !["hidden", "password", "file"].includes(f.type) && f.getAttribute("autocomplete") !== "off");
export const values = (form) => fields(form).filter((f) => !tick(f) || f.checked).map((f) => [f.name, f.value]);
export const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
