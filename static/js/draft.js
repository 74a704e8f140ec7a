// An open segment: its form, what of it is saved, and what the lexicon changed in it.
//
// What is typed is kept in localStorage until the server has it. A save carries the version that
// it was made from and an id; one that got no answer is sent again with the same id, and counts
// once.

import { Changes } from "./changes.js";
import { patch } from "./patch.js";
import { csrfToken, newId } from "./sending.js";
import { read, write } from "./store.js";

const SAVE_AFTER_MS = 600;
const RETRY_AFTER_MS = 3000;

export class Draft {
  constructor(article, editor) {
    this.article = article;
    this.editor = editor;
    this.say = article.querySelector(".say");
    this.form = article.querySelector("form.edit") ?? this.makeForm();
    this.box = this.form.elements.text;
    this.savedText = this.say.textContent;
    this.changes = Changes.read(this.say); // of the lexicon, in the newest text that is known
    this.under = this.form.querySelector(".under");
    this.under.dir = this.box.dir;
    this.version = Number(article.dataset.version);
    this.key = `${editor.prefix}${article.dataset.id}:${editor.page}`;
    this.pending = null; // a save without an answer: {id, text, version, accept}
    this.sending = false;
    this.composing = false;
    this.wantsAccept = false;
    this.wantsLanguage = null;
    this.settingLanguage = false;
    this.seenAt = 0; // the moment that the column beside the text tells of
    this.leaving = false;
    this.trouble = ""; // why the last save failed
    this.conflict = null; // {version, theirs}
    this.held = null; // {id, …} of a split or a merger (structure.js): no save may come between
    this.atRest = []; // who waits for the save under way to be answered
    this.form.setAttribute("hx-post", `${editor.address}${article.dataset.id}/save/`);
    window.htmx.process(this.form);
    this.say.hidden = true;
    article.classList.add("on");
    this.listen();
    this.fit();
    this.showChanges();
    this.keep();
    if (!this.clean) this.schedule(0); // typed before this script came
  }

  makeForm() {
    const form = document.getElementById("form").content.firstElementChild.cloneNode(true);
    const box = form.elements.text;
    box.value = this.say.textContent;
    box.dir = this.say.dir;
    box.lang = this.say.lang;
    box.setAttribute("aria-label", `Text at ${this.article.querySelector(".time").textContent}`);
    this.say.after(form);
    return form;
  }

  get clean() {
    return !this.pending && !this.wantsAccept && !this.conflict && !this.held && this.box.value === this.savedText;
  }

  get state() {
    if (this.conflict) return "conflict";
    if (this.trouble) return "unsaved";
    if (this.sending || this.held) return "saving";
    return this.clean ? "saved" : "dirty";
  }

  listen() {
    this.box.addEventListener("input", () => this.typed());
    this.box.addEventListener("compositionstart", () => (this.composing = true));
    this.box.addEventListener("compositionend", () => {
      this.composing = false;
      this.typed();
    });
    this.box.addEventListener("blur", () => {
      this.composing = false;
      this.save();
    });
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.form.addEventListener("htmx:configRequest", (event) => this.fill(event.detail));
    this.form.addEventListener("htmx:afterRequest", (event) => this.answered(event.detail.xhr));
  }

  typed() {
    this.keep();
    this.fit();
    this.showChanges();
    this.schedule(SAVE_AFTER_MS);
    this.editor.column.showRested();
    this.editor.showWorst(this.editor.worst());
  }

  // The lexicon's changes in the text of the box.
  get here() {
    return this.changes.in(this.box.value);
  }

  // A box cannot hold marks: the same text lies under it, unseen but for them.
  showChanges() {
    const wanted = document.createDocumentFragment();
    wanted.append(...this.here.nodes({ under: true }));
    patch(this.under, wanted);
  }

  // Undoes a change of the lexicon, does it again, or takes a suggestion.
  turn(item) {
    const { start, other } = item;
    const changed = this.here.turned(item);
    this.put(other, start, item.end);
    this.changes = changed;
    this.showChanges();
    this.select({ start, end: start + other.length });
    this.save();
  }

  // Text in the place of what is there, or of what is selected.
  put(text, start = this.box.selectionStart, end = this.box.selectionEnd) {
    const { box } = this;
    box.focus({ preventScroll: true });
    box.setSelectionRange(start, end);
    // so that the browser can undo it; not every browser lets pages do so
    if (document.execCommand(text ? "insertText" : "delete", false, text)) return;
    box.setRangeText(text, start, end, "end");
    box.dispatchEvent(new Event("input", { bubbles: true }));
  }

  // The word at the caret, or what is selected, in the next of the languages; once it is saved, as
  // the server counts in the text that it has.
  async setLanguage(languages, selection = [this.box.selectionStart, this.box.selectionEnd]) {
    if (!this.clean) {
      this.wantsLanguage = [languages, selection];
      this.save();
      return;
    }
    const { box, here } = this;
    const [start, end] = wordsAt(box.value, ...selection);
    if (start === end || this.settingLanguage) return;
    const now = languages.indexOf(here.runAt(start)?.lang ?? "");
    this.settingLanguage = true;
    await this.editor.sendLanguage(this, {
      start: lettersIn(box.value, start),
      end: lettersIn(box.value, end),
      version: this.version,
      language: languages[(now + 1) % languages.length],
    });
    this.settingLanguage = false;
  }

  select({ start, end }) {
    this.box.focus({ preventScroll: true });
    this.box.setSelectionRange(start, end);
    this.article.scrollIntoView({ block: "nearest" });
  }

  // For browsers without field-sizing.
  fit() {
    if (CSS.supports("field-sizing", "content")) return;
    this.box.style.height = "auto";
    this.box.style.height = `${this.box.scrollHeight}px`;
  }

  keep() {
    const { version, pending, wantsAccept: accept, whole: text } = this;
    write(this.key, this.clean ? null : { text, version, pending, accept, at: Date.now() });
  }

  // The text as it is without a split that is under way.
  get whole() {
    const { box, held } = this;
    if (held && box.value === held.now) return held.was;
    const at = lineEnd(box.value, held?.line);
    return at < 0 ? box.value : box.value.slice(0, at) + seam(box.value, at) + box.value.slice(at + 1);
  }

  // Text that an earlier page could not save any more. False where another page left other text.
  takeOver(kept) {
    if (!kept || (kept.text === this.box.value && !kept.accept)) return true;
    if (!this.clean) return false;
    this.box.value = kept.text;
    this.version = kept.version;
    this.pending = kept.pending;
    this.wantsAccept = kept.accept;
    this.keep();
    this.fit();
    this.showChanges();
    this.schedule(0);
    return true;
  }

  schedule(ms) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), ms);
  }

  save() {
    clearTimeout(this.timer);
    if (this.sending || this.composing || this.conflict || this.clean) return;
    if (this.held && !this.pending) return;
    this.pending ??= {
      id: newId(),
      text: this.box.value,
      version: this.version,
      accept: this.wantsAccept,
    };
    this.keep();
    this.sending = true;
    this.editor.changed();
    window.htmx.trigger(this.form, "save");
  }

  fill(request) {
    const { id, text, version, accept } = this.pending;
    Object.assign(request.parameters, { text, version, save_id: id });
    if (accept) request.parameters.accept = "1";
    const token = csrfToken();
    if (token) {
      request.headers["x-csrftoken"] = token;
      request.parameters.csrfmiddlewaretoken = token;
    }
  }

  answered(request) {
    this.sending = false;
    const version = Number(request.getResponseHeader("X-Segment-Version"));
    if (request.status === 200 && version) this.stored(version);
    else if (request.status === 409 && version) this.conflicted(version);
    else this.refused(request);
    this.editor.changed();
    if (this.resting) this.atRest.splice(0).forEach((tell) => tell());
  }

  // No save is under way; to be split or merged, neither one that is to be sent again, as the
  // server may have it.
  get resting() {
    return !this.sending && !(this.held && this.pending);
  }

  // Resolves once that is so.
  rest() {
    return this.resting ? Promise.resolve() : new Promise((resolve) => this.atRest.push(resolve));
  }

  // Resolves once all is saved, to true; to false where it cannot be.
  async settle() {
    this.save();
    await this.rest();
    const again = !this.clean && !this.trouble && !this.conflict && !this.held && !this.composing;
    return again ? this.settle() : this.clean;
  }

  stored(version) {
    const { text, accept } = this.pending;
    this.version = version;
    this.savedText = text;
    if (accept) {
      this.wantsAccept = false;
      this.article.classList.add("done");
      this.changes = this.changes.accepted;
      this.showChanges();
    }
    this.pending = null;
    this.trouble = "";
    this.keep();
    this.mirror();
    this.editor.savedAt = new Date();
    this.save(); // what was typed meanwhile
    const wish = this.clean && this.wantsLanguage;
    if (!wish) return;
    this.wantsLanguage = null;
    this.setLanguage(...wish);
  }

  conflicted(version) {
    this.wantsLanguage = null;
    this.pending = null;
    this.trouble = "";
    this.conflict = { version, theirs: this.form.querySelector(".conflict-box").dataset.theirs };
    this.keep();
  }

  refused(request) {
    this.wantsLanguage = null;
    this.loggedOut = request.status === 200 || request.status === 403;
    const final = { 404: "this segment is not there any more. Copy your text", 422: request.responseText }[
      request.status
    ];
    if (final) this.pending = null; // only other text would be taken
    else this.schedule(RETRY_AFTER_MS);
    const passing = request.status === 0 ? "no connection" : `the server has trouble (${request.status})`;
    this.trouble = `Not saved: ${final ?? (this.loggedOut ? "log in again" : `${passing}, trying again`)}`;
    this.keep();
  }

  resolve(choice) {
    const { version, theirs } = this.conflict;
    this.version = version;
    this.savedText = theirs;
    if (choice === "theirs") this.box.value = theirs;
    this.showChanges();
    this.conflict = null;
    this.form.querySelector(".conflict").replaceChildren();
    this.fit();
    this.keep();
    this.box.focus();
    this.save();
    this.editor.changed();
  }

  // The text as it is on the server, for a box that nobody has typed into.
  renew(text, version) {
    if (!this.clean || this.composing || version <= this.version) return;
    const at = this.box.selectionStart;
    this.version = version;
    this.savedText = this.box.value = text;
    this.box.setSelectionRange(at, at);
    this.fit();
    this.mirror();
  }

  // As the server tells them, of the text that it has or has just been sent.
  renewChanges(changes) {
    if (changes.text !== this.savedText && changes.text !== this.pending?.text) return;
    this.changes = changes;
    this.showChanges();
  }

  focus(at = this.box.value.length) {
    this.leaving = false;
    this.box.focus({ preventScroll: true });
    this.box.setSelectionRange(at, at);
    this.article.scrollIntoView({ block: "nearest" });
  }

  // Its segment is no more: what it holds was carried over.
  drop() {
    clearTimeout(this.timer);
    write(this.key, null);
  }

  // What is saved, as the text that stands here without the form, for those who read it there.
  mirror() {
    this.say.replaceChildren(...this.changes.in(this.savedText).nodes());
    if (this.savedText) this.say.removeAttribute("aria-label");
    else this.say.setAttribute("aria-label", this.say.dataset.none);
    this.article.dataset.version = this.version;
  }

  // The form becomes text again.
  close() {
    clearTimeout(this.timer);
    this.mirror();
    this.article.classList.remove("on");
    this.form.remove();
    this.say.hidden = false;
  }
}

// From and to where the words reach that a selection touches.
function wordsAt(text, from, to) {
  const words = [...new Intl.Segmenter(undefined, { granularity: "word" }).segment(text)];
  const met = words.filter(({ index, segment, isWordLike }) => {
    const end = index + segment.length;
    return isWordLike && (from < to ? index < to && from < end : index <= from && from <= end);
  });
  if (!met.length) return [from, from];
  const last = met.at(-1);
  return [met[0].index, last.index + last.segment.length];
}

// How many letters the server counts before a place: those beyond 16 bits are two here.
export function lettersIn(text, place) {
  return [...text.slice(0, place)].length;
}

// A split that is under way stands as the end of a line, the nth in the text.

export function lineEnd(text, nth = -1) {
  let at = -1;
  for (let n = 0; n <= nth; n += 1) {
    at = text.indexOf("\n", at + 1);
    if (at < 0) return -1;
  }
  return at;
}

// What stands there without it: words do not grow together.
export function seam(text, at) {
  return /\S\n\S/.test(text.slice(at - 1, at + 2)) ? " " : "";
}
