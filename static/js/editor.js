// Editing segments: an open segment is a small form that saves itself.
//
// Forms are made and put away here, at once and without asking the server, so that no key goes
// astray between two segments and no answer can replace a box in which someone types. What is
// typed is kept in localStorage until the server has it. A save carries the version that it was
// made from and an id; one that got no answer is sent again with the same id, and counts once.

import { forgetOld, keysUnder, read, write } from "./store.js";

const SAVE_AFTER_MS = 600;
const RETRY_AFTER_MS = 3000;
const WORST_FIRST = ["conflict", "unsaved", "saving", "dirty"];

class Draft {
  constructor(article, editor) {
    this.article = article;
    this.editor = editor;
    this.say = article.querySelector(".say");
    this.form = article.querySelector("form.edit") ?? this.makeForm();
    this.box = this.form.elements.text;
    this.savedText = this.say.textContent;
    this.version = Number(article.dataset.version);
    this.key = editor.prefix + article.dataset.id;
    this.pending = null; // a save without an answer: {id, text, version, accept}
    this.sending = false;
    this.composing = false;
    this.wantsAccept = false;
    this.leaving = false;
    this.trouble = ""; // why the last save failed
    this.conflict = null; // {version, theirs}
    this.form.setAttribute("hx-post", `${editor.address}${article.dataset.id}/save/`);
    window.htmx.process(this.form);
    this.say.hidden = true;
    article.classList.add("on");
    this.restore();
    this.listen();
    this.fit();
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
    return !this.pending && !this.wantsAccept && !this.conflict && this.box.value === this.savedText;
  }

  get state() {
    if (this.conflict) return "conflict";
    if (this.trouble) return "unsaved";
    if (this.sending) return "saving";
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
    this.schedule(SAVE_AFTER_MS);
    this.editor.changed();
  }

  // For browsers without field-sizing.
  fit() {
    if (CSS.supports("field-sizing", "content")) return;
    this.box.style.height = "auto";
    this.box.style.height = `${this.box.scrollHeight}px`;
  }

  keep() {
    const { version, pending, box } = this;
    write(this.key, this.clean ? null : { text: box.value, version, pending, at: Date.now() });
  }

  // Text that an earlier page could not save any more, or that was typed before this script came.
  restore() {
    const kept = read(this.key);
    if (kept) {
      this.box.value = kept.text;
      if (kept.text !== this.savedText) {
        this.version = kept.version;
        this.pending = kept.pending;
      }
    }
    this.keep();
    if (!this.clean) this.schedule(0);
  }

  schedule(ms) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), ms);
  }

  save() {
    clearTimeout(this.timer);
    if (this.sending || this.composing || this.conflict || this.clean) return;
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
    // another tab may have logged in again since this page was made
    const token = /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie)?.[1];
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
  }

  stored(version) {
    const { text, accept } = this.pending;
    this.version = version;
    this.savedText = text;
    if (accept) {
      this.wantsAccept = false;
      this.article.classList.add("done");
    }
    this.pending = null;
    this.trouble = "";
    this.keep();
    this.editor.savedAt = new Date();
    this.save(); // what was typed meanwhile
  }

  conflicted(version) {
    this.pending = null;
    this.trouble = "";
    this.conflict = { version, theirs: this.form.querySelector(".conflict-box").dataset.theirs };
    this.keep();
  }

  refused(request) {
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
  }

  focus(at = this.box.value.length) {
    this.leaving = false;
    this.box.focus({ preventScroll: true });
    this.box.setSelectionRange(at, at);
    this.article.scrollIntoView({ block: "nearest" });
  }

  // The form becomes text again.
  close() {
    clearTimeout(this.timer);
    this.say.textContent = this.savedText;
    if (this.savedText) this.say.removeAttribute("aria-label");
    else this.say.setAttribute("aria-label", this.say.dataset.none);
    this.article.dataset.version = this.version;
    this.article.classList.remove("on");
    this.form.remove();
    this.say.hidden = false;
  }
}

export class Editor {
  constructor(list) {
    this.list = list;
    this.prefix = list.dataset.kept;
    this.address = list.dataset.address;
    this.closed = list.dataset.closed !== undefined;
    this.side = document.getElementById("detail");
    this.drafts = new Map(); // article -> Draft
    this.current = null;
    this.savedAt = null;
    this.waiting = []; // who wants to know when all is saved
    forgetOld();
    document.body.addEventListener("htmx:beforeSwap", (event) => this.beforeSwap(event.detail));
    this.side.addEventListener("htmx:afterSwap", () => this.renew());
    window.addEventListener("beforeunload", (event) => {
      this.saveAll();
      if (!this.clean) event.preventDefault();
    });
    document.addEventListener("visibilitychange", () => this.saveAll());
    window.addEventListener("online", () => this.saveAll());
    this.takeUp();
  }

  get clean() {
    return [...this.drafts.values()].every((draft) => draft.clean);
  }

  // What an earlier page left unsaved, and the form that came with this one.
  takeUp() {
    const left = keysUnder(this.prefix);
    if (this.closed) {
      if (left.length) showState("unsaved", "Text of yours is not saved. Reopen the review to save it");
      return;
    }
    const sent = this.list.querySelector("form.edit")?.closest(".seg");
    for (const key of left) {
      const article = document.getElementById(`s${key.slice(this.prefix.length)}`);
      if (article && article !== sent) this.open(article);
    }
    if (sent) this.open(sent);
    this.changed();
  }

  open(article, caret) {
    if (this.closed) return;
    const before = this.current;
    const known = this.drafts.get(article);
    const draft = known ?? new Draft(article, this);
    this.drafts.set(article, draft);
    this.current = draft;
    draft.focus(known ? draft.box.selectionStart : caret);
    if (before === draft) return;
    if (before) {
      before.leaving = true;
      before.save();
    }
    this.changed();
    const address = `${this.address}${article.dataset.id}/`;
    window.htmx.ajax("GET", address, { target: this.side, swap: "innerHTML" })?.catch(() => {});
  }

  accept() {
    this.current.wantsAccept = !this.current.article.classList.contains("done");
    this.current.save();
  }

  resolve(choice) {
    if (this.current?.conflict) this.current.resolve(choice);
  }

  saveAll() {
    for (const draft of this.drafts.values()) draft.save();
  }

  // Which answers are shown, and where.
  beforeSwap(swap) {
    const asked = swap.requestConfig.elt;
    const draft = this.drafts.get(asked.closest(".seg"));
    const known = swap.xhr.getResponseHeader("X-Segment-Version"); // else the login page, or an error
    if (draft && swap.xhr.status === 409 && known) {
      swap.shouldSwap = true;
      swap.target = draft.form.querySelector(".conflict");
    } else if (!known || (draft && draft !== this.current)) {
      swap.shouldSwap = false;
    }
  }

  renew() {
    const { segment, version, text } = this.side.querySelector("[data-segment]")?.dataset ?? {};
    this.drafts.get(document.getElementById(`s${segment}`))?.renew(text, Number(version));
  }

  // Called whenever a draft's fate changed: forms that were left and are saved become text again.
  changed() {
    for (const [article, draft] of this.drafts) {
      if (!draft.leaving || !draft.clean) continue;
      this.drafts.delete(article);
      draft.close();
    }
    const accepted = this.list.querySelectorAll(".seg.done").length;
    document.querySelector("#tally b").textContent = accepted;
    document.querySelector(".foot progress").value = accepted;
    const worst = this.worst();
    this.showWorst(worst);
    if (!worst) this.waiting.splice(0).forEach((tell) => tell(true));
    else if (worst.trouble || worst.conflict) this.waiting.splice(0).forEach((tell) => tell(false));
  }

  worst() {
    const drafts = [...this.drafts.values()];
    return WORST_FIRST.map((name) => drafts.find((draft) => draft.state === name)).find(Boolean);
  }

  showWorst(draft) {
    const at = `#${draft?.article.id}`;
    if (!draft) showState("saved", this.savedAt ? `Saved ${this.savedAt.toLocaleTimeString()}` : "Saved");
    else if (draft.conflict) showState("conflict", "Two versions", at);
    else if (draft.trouble) showState("unsaved", draft.trouble, draft.loggedOut ? this.list.dataset.login : at);
    else showState(draft.state, draft.sending ? "Saving…" : "Not saved yet");
  }

  // Resolves to true once everything is saved; to false, showing the place, when it cannot be.
  async settled() {
    this.saveAll();
    const all = this.clean || (await new Promise((resolve) => this.waiting.push(resolve)));
    if (!all) this.open(this.worst().article);
    return all;
  }
}

const shown = document.getElementById("state");

function showState(name, message, href) {
  shown.dataset.state = name;
  if (shown.textContent === message) return; // else screen readers say it again
  if (!href) {
    shown.textContent = message;
    return;
  }
  const link = document.createElement("a");
  link.href = href;
  if (!href.startsWith("#")) link.target = "_blank";
  link.textContent = message;
  shown.replaceChildren(link);
}

// Also on pages without https, where crypto.randomUUID is missing.
function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
