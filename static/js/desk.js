// The review desk: what connects player, editor and keys.

import { Dialogs } from "./dialogs.js";
import { Edges } from "./edges.js";
import { Editor } from "./editor.js";
import { History } from "./history.js";
import { nameOf } from "./keys.js";
import { Player } from "./player.js";
import { Presence } from "./presence.js";
import { Structure } from "./structure.js";
import { Words } from "./words.js";

const STEP_MS = 1500;
const EDGE_STEP_MS = 100;
const SPEED_STEP = 0.125;
const INAUDIBLE = "[inaudible]";

const list = document.getElementById("segments");
const words = new Words(list);
const player = new Player(document.getElementById("player"), list, words);
const editor = new Editor(list);
const structure = new Structure(editor);
const history = new History(editor);
const edges = new Edges(editor, structure, player);
const dialogs = new Dialogs(editor, structure);
if (!editor.closed) new Presence(list, editor);

function accept() {
  const current = editor.current;
  if (!current || current.conflict) return; // two versions want a choice, not a reflex
  const after = neighbour(current.article, 1);
  editor.accept();
  if (after) editor.open(after);
}

function neighbour(article, step) {
  const all = [...editor.segments].filter((each) => !each.hidden || each === article);
  return all[all.indexOf(article) + step];
}

function move(step) {
  const from = editor.current?.article ?? document.activeElement?.closest(".seg") ?? list.querySelector(".playing");
  const to = from ? neighbour(from, step) : editor.segments[0];
  if (to) editor.open(to);
}

function here() {
  return editor.current?.article ?? list.querySelector(".playing");
}

function replay() {
  const article = here();
  if (article) player.playFrom(Number(article.dataset.start));
}

// The segment has text that nobody said.
function nothingSaid() {
  const draft = editor.free();
  if (!draft) return;
  draft.put("", 0, draft.box.value.length);
  accept();
}

function nameSpeaker() {
  if (editor.free()) editor.column.side.querySelector("#speaker").select();
}

// To a page that is about all that is saved.
async function follow(link) {
  if (link && (await editor.settled())) window.location = link.href;
}

const ACTIONS = {
  play: () => player.toggle(),
  back: () => player.skip(-STEP_MS),
  forward: () => player.skip(STEP_MS),
  slower: () => player.changeSpeed(-SPEED_STEP),
  faster: () => player.changeSpeed(SPEED_STEP),
  replay,
  loop: () => here() && player.loop(here()),
  follow: () => player.follow(),
  previous: () => move(-1),
  next: () => move(1),
  next_mark: () => editor.goToMark(1),
  previous_mark: () => editor.goToMark(-1),
  turn: () => (editor.current?.conflict ? editor.resolve("theirs") : editor.turn()),
  keep_mine: () => editor.resolve("mine"),
  language: () => editor.setLanguage(),
  accept,
  submit: () => follow(document.getElementById("submit")),
  inaudible: () => editor.free()?.put(INAUDIBLE),
  nothing_said: nothingSaid,
  speaker: nameSpeaker,
  insert: () => structure.insert(),
  merge: () => structure.merge(),
  start_earlier: () => edges.nudge("start", -EDGE_STEP_MS),
  start_later: () => edges.nudge("start", EDGE_STEP_MS),
  end_earlier: () => edges.nudge("end", -EDGE_STEP_MS),
  end_later: () => edges.nudge("end", EDGE_STEP_MS),
  older: () => history.older(),
  newer: () => history.newer(),
  find: () => dialogs.openFind(),
  add_term: () => dialogs.openTerm(),
  help: () => dialogs.openHelp(),
};

const keys = new Map([["Ctrl+Space", "play"]]);
for (const [action, key] of Object.entries(JSON.parse(list.dataset.keys))) if (key) keys.set(key, action);

document.addEventListener("keydown", (event) => {
  if (event.isComposing || dialogs.open) return; // keys belong to the input method, or the dialog
  const name = nameOf(event);
  const typing = event.target.matches("input, textarea, select");
  const action = keys.get(name) ?? (!typing && event.key === "?" ? "help" : undefined);
  if (action) {
    event.preventDefault();
    ACTIONS[action]();
  } else if (event.target === editor.current?.box) {
    restructures(event, name);
  }
});

// Keys that would go beyond the segment's own text.
function restructures(event, name) {
  const { selectionStart, selectionEnd } = event.target;
  if (name === "Enter") {
    event.preventDefault();
    structure.split();
  } else if (name === "Backspace" && selectionStart === 0 && selectionEnd === 0) {
    event.preventDefault();
    structure.merge();
  }
}

list.addEventListener("click", (event) => {
  const article = event.target.closest(".seg");
  if (event.target.closest(".time")) {
    event.preventDefault();
    player.playFrom(Number(article.dataset.start));
  } else if (event.ctrlKey || event.metaKey) {
    playWord(event, article);
  } else if (event.target.closest(".say")) {
    if (window.getSelection()?.toString()) return; // copying is not editing
    editor.open(article, caretAt(event, article));
  } else if (event.target.dataset.resolve) {
    editor.resolve(event.target.dataset.resolve);
  }
});

async function playWord(event, article) {
  const inBox = event.target.matches("textarea");
  const place = inBox ? event.target.selectionStart : caretAt(event, article);
  const ms = place === undefined ? undefined : await words.timeAt(article, place);
  if (ms !== undefined) player.playFrom(ms);
}

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
for (const button of document.querySelectorAll("[data-does]:not(#detail *)")) {
  button.addEventListener("click", () => ACTIONS[button.dataset.does]());
}

editor.column.side.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-n], button[data-does], button[data-restores]");
  if (!button) return;
  event.preventDefault(); // it sends the form, for when there is no script
  const { n, does, restores } = button.dataset;
  if (n) editor.turn(n);
  else if (does) ACTIONS[does]();
  else history.restore(restores);
});

editor.column.side.addEventListener("submit", (event) => {
  if (!event.target.dataset.wish) return;
  event.preventDefault();
  if (event.target.dataset.wish === "insert") structure.insert();
  else structure.wish(event.target);
});

for (const link of document.querySelectorAll("a[data-settles]")) {
  link.addEventListener("click", (event) => {
    if (editor.clean) return;
    event.preventDefault();
    follow(link);
  });
}
