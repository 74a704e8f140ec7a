// The review desk: what connects player, editor and keys.

import { Editor } from "./editor.js";
import { Player } from "./player.js";

const list = document.getElementById("segments");
const player = new Player(document.getElementById("player"), list);
const editor = new Editor(list);

function accept() {
  const current = editor.current;
  if (!current || current.conflict) return; // two versions want a choice, not a reflex
  const after = neighbour(current.article, 1);
  editor.accept();
  if (after) editor.open(after);
}

function neighbour(article, step) {
  const all = [...list.children].filter((each) => !each.hidden || each === article);
  return all[all.indexOf(article) + step];
}

function move(step) {
  const from = editor.current?.article ?? document.activeElement?.closest(".seg") ?? list.querySelector(".playing");
  const to = from ? neighbour(from, step) : list.firstElementChild;
  if (to) editor.open(to);
}

function replay() {
  const article = editor.current?.article ?? list.querySelector(".playing");
  if (article) player.playFrom(Number(article.dataset.start));
}

const KEYS = {
  Escape: () => player.toggle(),
  "Ctrl+Space": () => player.toggle(),
  F1: () => player.skip(-1500),
  F2: () => player.skip(1500),
  F3: () => player.changeSpeed(-0.125),
  F4: () => player.changeSpeed(0.125),
  F6: replay,
  "Alt+PageUp": () => move(-1),
  "Alt+PageDown": () => move(1),
  "Ctrl+Enter": accept,
  "Ctrl+Shift+Enter": submit,
  "Shift+F9": () => editor.setLanguage(),
  F7: () => editor.resolve("mine"),
  F8: () => editor.goToMark(1),
  "Shift+F8": () => editor.goToMark(-1),
  F9: () => (editor.current?.conflict ? editor.resolve("theirs") : editor.turn()),
};

function nameOf(event) {
  const key = event.code === "Space" ? "Space" : event.key;
  return (event.ctrlKey ? "Ctrl+" : "") + (event.altKey ? "Alt+" : "") + (event.shiftKey ? "Shift+" : "") + key;
}

document.addEventListener("keydown", (event) => {
  if (event.isComposing) return; // keys belong to the input method
  const action = KEYS[nameOf(event)];
  if (!action) return;
  event.preventDefault();
  action();
});

list.addEventListener("click", (event) => {
  const article = event.target.closest(".seg");
  if (event.target.closest(".time")) {
    event.preventDefault();
    player.playFrom(Number(article.dataset.start));
  } else if (event.target.closest(".say")) {
    if (window.getSelection()?.toString()) return; // copying is not editing
    editor.open(article, caretAt(event, article));
  } else if (event.target.dataset.resolve) {
    editor.resolve(event.target.dataset.resolve);
  }
});

list.addEventListener("keydown", (event) => {
  if ((event.key === "Enter" || event.key === " ") && event.target.matches(".say")) {
    event.preventDefault();
    editor.open(event.target.closest(".seg"));
  }
});

// Where in the text a click fell.
function caretAt(event, article) {
  const at = document.caretPositionFromPoint?.(event.clientX, event.clientY);
  const found = at ? [at.offsetNode, at.offset] : pointOf(document.caretRangeFromPoint?.(event.clientX, event.clientY));
  const say = article.querySelector(".say");
  if (!found || !say.contains(found[0])) return undefined;
  const before = document.createRange();
  before.setStart(say, 0);
  before.setEnd(...found);
  return before.toString().length;
}

function pointOf(range) {
  return range && [range.startContainer, range.startOffset];
}

document.getElementById("next-mark")?.addEventListener("click", () => editor.goToMark(1));

editor.side.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-n]");
  if (!button) return;
  event.preventDefault(); // it sends the form, for when there is no script
  editor.turn(button.dataset.n);
});

async function submit() {
  const link = document.getElementById("submit");
  if (link && (await editor.settled())) window.location = link.href;
}

document.getElementById("submit")?.addEventListener("click", (event) => {
  if (editor.clean) return;
  event.preventDefault();
  submit();
});
