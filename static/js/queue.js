// The queue page. Uploads: many files, by button or drop, each with a progress bar.

import "./live.js";

const form = document.getElementById("upload");
const input = form.querySelector("input[type=file]");
const list = form.querySelector(".uploads");
const maxBytes = Number(form.dataset.maxMb) * 1e6;
const AT_ONCE = 2;

const waiting = [];
let running = 0;

function add(files) {
  for (const file of files) {
    const item = document.createElement("li");
    const name = document.createElement("bdi");
    name.textContent = file.name;
    const bar = document.createElement("progress");
    bar.max = 100;
    bar.value = 0;
    bar.setAttribute("aria-label", `Uploading ${file.name}`);
    const note = document.createElement("span");
    note.className = "sub";
    item.append(name, bar, note);
    list.append(item);
    if (file.size > maxBytes) {
      fail({ item, bar, note }, `Too large: at most ${form.dataset.maxMb} MB are taken.`);
    } else {
      waiting.push({ file, wishes: wishesNow(), item, bar, note });
    }
  }
  next();
}

// What the form says when a file is added: it may be changed for the next ones while this waits.
function wishesNow() {
  const wishes = new FormData(form);
  wishes.delete("files");
  return wishes;
}

function next() {
  while (running < AT_ONCE && waiting.length) send(waiting.shift());
}

function send(upload) {
  running += 1;
  upload.wishes.append("files", upload.file);
  const request = new XMLHttpRequest();
  request.open("POST", form.action);
  request.setRequestHeader("HX-Request", "true");
  request.upload.addEventListener("progress", (event) => {
    if (!event.lengthComputable) return;
    upload.bar.value = (100 * event.loaded) / event.total;
    if (event.loaded === event.total) upload.note.textContent = "Checking…";
  });
  request.addEventListener("loadend", () => {
    running -= 1;
    if (request.status === 201) done(upload, request.responseText);
    else fail(upload, why(request), upload.file);
    next();
  });
  request.send(upload.wishes);
}

function done(upload, row) {
  upload.item.remove();
  document.querySelector("#jobs .empty")?.remove();
  const body = document.querySelector("#jobs tbody");
  body.insertAdjacentHTML("afterbegin", row);
  window.htmx.process(body.firstElementChild);
}

function why(request) {
  if (request.status === 422) return request.responseText;
  if (request.status === 0) return "The connection broke.";
  if (request.status === 200) return "You are logged out. Log in again, then upload."; // the login page
  if (request.status === 403) return "This page is out of date. Load it again, then upload.";
  return `The server could not take it (${request.status}).`;
}

function fail(upload, message, file) {
  upload.bar.remove();
  upload.note.textContent = message;
  upload.note.className = "error";
  if (!file) return;
  const again = document.createElement("button");
  again.type = "button";
  again.className = "link";
  again.textContent = "Try again";
  again.addEventListener("click", () => {
    upload.item.remove();
    add([file]);
  });
  upload.item.append(again);
}

input.addEventListener("change", () => {
  add(input.files);
  input.value = "";
});

let depth = 0; // of nested dragenter events
window.addEventListener("dragenter", () => form.classList.toggle("over", ++depth > 0));
window.addEventListener("dragleave", () => form.classList.toggle("over", --depth > 0));
window.addEventListener("dragover", (event) => event.preventDefault());
window.addEventListener("drop", (event) => {
  event.preventDefault();
  depth = 0;
  form.classList.remove("over");
  add(event.dataTransfer.files);
});
window.addEventListener("beforeunload", (event) => {
  if (running || waiting.length) event.preventDefault();
});

// --- The list: narrowed down as one types, picked from, and handed out ---

const jobs = () => document.getElementById("jobs");
const picks = () => [...jobs().querySelectorAll("tbody .pick input")];
const listError = document.getElementById("list-error");

// What is picked is told, and all of the page can be picked at once.
function countPicks() {
  const all = picks();
  const picked = all.filter((pick) => pick.checked).length;
  const whole = document.getElementById("pick-all");
  const count = document.getElementById("picked");
  whole.checked = picked > 0 && picked === all.length;
  whole.indeterminate = picked > 0 && picked < all.length;
  whole.disabled = !all.length;
  if (count) count.textContent = picked;
}

document.addEventListener("change", ({ target }) => {
  if (!target.matches(".pick input")) return;
  if (target.id === "pick-all") for (const pick of picks()) pick.checked = target.checked;
  countPicks();
});
document.addEventListener("reset", () => setTimeout(countPicks));
window.addEventListener("pageshow", countPicks); // Back brings the ticks back
document.body.addEventListener("htmx:afterSettle", countPicks);

// A list that did not come is said to be missing, beside the one that stands.
const isList = ({ target }) => target?.id === "jobs";
for (const name of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
  document.body.addEventListener(name, ({ detail }) => {
    if (isList(detail)) listError.hidden = false;
  });
}
document.body.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (isList(detail)) listError.hidden = true;
});
listError.querySelector("button").addEventListener("click", () => {
  document.getElementById("filters").requestSubmit();
});
// Back to other filters: the whole page, as its forms differ too.
document.body.addEventListener("htmx:historyCacheMiss", (event) => {
  event.preventDefault();
  window.location.reload();
});

// Menus close as people expect.
const closeMenus = (except) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (menu !== except) menu.open = false;
  }
};
document.addEventListener("click", ({ target }) => closeMenus(target.closest("details.menu")));

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    const open = event.target.closest("details.menu[open]");
    closeMenus();
    open?.querySelector("summary").focus();
  }
  const plain = !event.ctrlKey && !event.altKey && !event.metaKey && !event.repeat;
  const typing = event.target.closest("input, select, textarea, [contenteditable]");
  if (event.key.toLowerCase() === "n" && !event.shiftKey && plain && !typing) {
    event.preventDefault();
    document.getElementById("next").requestSubmit();
  }
});
