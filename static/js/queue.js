// Uploads from the queue page: many files, by button or drop, each with a progress bar.

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
