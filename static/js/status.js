// What people are told: beside the name of the page whether all is saved, at its foot all else.

import { setText } from "./patch.js";

const shown = document.getElementById("state");
const told = document.getElementById("told");

// Something that people should know now, beside whether all is saved.
export function tell(message) {
  setText(told, message);
  told.hidden = !message;
}

export function showState(name, message, href) {
  shown.dataset.state = name;
  if (shown.textContent === message) return; // else screen readers say it again
  if (!href) {
    setText(shown, message);
    return;
  }
  const link = document.createElement("a");
  link.href = href;
  if (!href.startsWith("#")) link.target = "_blank";
  link.textContent = message;
  shown.replaceChildren(link);
}
