// The settings page: keys that are pressed in a field are written into it, and what is wrong with
// them is said at once. The server looks at them again.

import { nameOf } from "./keys.js";

const LEFT_ALONE = new Set(["", "Tab", "Shift+Tab", "Enter"]); // Enter sends the form, as in any other
const EMPTIES = new Set(["Backspace", "Delete"]);

const form = document.getElementById("settings");
const told = document.getElementById("told");
const fields = [...form.querySelectorAll("input[data-action]")];
const whyNot = new Map();
for (const [why, keys] of Object.entries(JSON.parse(form.dataset.refused))) {
  for (const key of keys) whyNot.set(key, why);
}
const said = new Map(); // what the server said of a field, until another key is there
const before = new Map(); // what was in a field before an input method wrote into it

function refusal(name) {
  const last = name.endsWith("+") ? "+" : name.split("+").at(-1);
  const held = name.slice(0, -last.length);
  if ([...last].length === 1 && (held.includes("Alt") || !/Ctrl|Meta/.test(held))) return form.dataset.types;
  return whyNot.get(name);
}

function conflict(field) {
  const others = fields.filter((other) => other !== field && other.value && other.value === field.value);
  if (!others.length) return "";
  const listed = others.map((other) => `“${other.dataset.action}”`).join(" and ");
  return `${field.value} is also the key of ${listed}. Choose another one here or there.`;
}

function show(field, message) {
  const error = document.getElementById(`${field.id}-error`);
  if (error.textContent !== message) error.textContent = message;
  if (message) field.setAttribute("aria-invalid", "true");
  else field.removeAttribute("aria-invalid");
}

function review() {
  for (const field of fields) {
    const unchanged = field.value === field.defaultValue;
    show(field, conflict(field) || (unchanged && said.get(field)) || "");
    const first = field.dataset.default;
    document.getElementById(`${field.id}-default`).textContent = field.value === first ? "" : `at first: ${first}`;
  }
}

function tell(field) {
  told.textContent = conflict(field) || `${field.value || "No key"}: ${field.dataset.action}`;
}

form.addEventListener("keydown", (event) => {
  const field = event.target;
  if (!fields.includes(field)) return;
  const name = nameOf(event);
  if (LEFT_ALONE.has(name)) return;
  event.preventDefault();
  const why = refusal(name);
  if (why && !EMPTIES.has(name)) {
    review();
    told.textContent = `${name} ${why}. Choose another key.`;
    show(field, told.textContent);
    return;
  }
  field.value = EMPTIES.has(name) ? "" : name;
  review();
  tell(field);
});

// on a screen's keyboard names of keys are typed
form.addEventListener("input", (event) => {
  if (fields.includes(event.target) && !event.isComposing) review();
});

form.addEventListener("compositionstart", ({ target }) => before.set(target, target.value));
form.addEventListener("compositionend", ({ target }) => {
  if (!fields.includes(target)) return;
  target.value = before.get(target);
  told.textContent = "That was the input method's. Switch it off for a moment, then press the keys.";
});

for (const field of fields) {
  const error = document.getElementById(`${field.id}-error`).textContent;
  if (error && !conflict(field)) said.set(field, error);
}
form.querySelector("[aria-invalid]")?.focus();
