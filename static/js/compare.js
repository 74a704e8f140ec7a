// The comparison: a segment is played at its time; what came between two people is shown.

import "./live.js";

const sound = document.getElementById("sound");
let end = 0;
let row = null;

function rest() {
  row?.classList.remove("playing");
  row = null;
}

function watch() {
  if (!row) return;
  if (sound.currentTime * 1000 < end) requestAnimationFrame(watch);
  else sound.pause();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest(".listen-to");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const same = row === link.closest("tr");
  sound.pause();
  rest();
  if (same) return;
  row = link.closest("tr");
  row.classList.add("playing");
  end = Number(link.dataset.end);
  if (sound.error) sound.load(); // there was no network when the page asked for it
  sound.currentTime = Number(link.dataset.start) / 1000;
  sound.play().then(watch, rest);
});

sound.addEventListener("pause", rest);
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") sound.pause();
});

document.body.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const { status } = detail.xhr;
  if (status !== 409 && status !== 422) return;
  detail.shouldSwap = true;
  detail.isError = false;
});

// Where no row comes back, the old one stays: its button sends the same again, which counts once.
const WHY = { 0: "no connection", 403: "log in again" };

document.body.addEventListener("htmx:afterRequest", ({ detail: { xhr, elt } }) => {
  const { status } = xhr;
  if (!(status in WHY) && status < 500) return;
  const cell = elt.closest(".ways");
  const told = cell.querySelector(".error") ?? document.createElement("p");
  told.className = "error";
  told.role = "alert";
  cell.prepend(told);
  told.textContent = `Not done: ${WHY[status] ?? `the server has trouble (${status})`}.`;
});
