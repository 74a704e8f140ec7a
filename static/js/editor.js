// Editing segments: each open segment is a small form that saves itself.
//
// What is typed is kept in localStorage until the server has it. A save carries the version that
// it was made from and an id of its own; one that got no answer is sent again with the same id,
// so it counts once. No answer ever replaces the box in which someone types.

const SAVE_AFTER_MS = 600;
const RETRY_AFTER_MS = 3000;

const state = document.getElementById("state");

function showState(name, message) {
  if (!state) return;
  state.dataset.state = name;
  state.textContent = message;
}

class Draft {
  constructor(form, editor) {
    this.form = form;
    this.editor = editor;
    this.box = form.elements.text;
    this.version = Number(form.elements.version.value);
    this.savedText = this.box.dataset.saved;
    this.key = `verbatim:${editor.job}:${this.article.dataset.id}`;
    this.pending = null; // a save without an answer: {id, text, version, accept}
    this.sending = false;
    this.failed = false;
    this.wantsAccept = false;
    this.leaving = false;
    this.conflict = null;
    this.restore();
    this.listen();
  }

  get article() {
    return this.form.closest(".seg");
  }

  get clean() {
    return !this.pending && !this.wantsAccept && this.box.value === this.savedText;
  }

  listen() {
    this.box.addEventListener("input", (event) => {
      this.keep();
      this.fit();
      if (!event.isComposing) this.schedule(SAVE_AFTER_MS);
    });
    this.box.addEventListener("compositionend", () => this.schedule(SAVE_AFTER_MS));
    this.box.addEventListener("blur", () => this.save());
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.form.addEventListener("htmx:configRequest", (event) => this.fill(event.detail));
    this.form.addEventListener("htmx:beforeSwap", (event) => this.beforeSwap(event.detail));
    this.form.addEventListener("htmx:afterRequest", (event) => this.answered(event.detail.xhr));
    this.fit();
  }

  // For browsers without field-sizing.
  fit() {
    this.box.style.height = "auto";
    this.box.style.height = `${this.box.scrollHeight}px`;
  }

  keep() {
    try {
      if (this.clean) localStorage.removeItem(this.key);
      else localStorage.setItem(this.key, JSON.stringify({ text: this.box.value, version: this.version }));
    } catch {
      // a full or forbidden storage must not stop the typing
    }
    if (!this.clean && !this.conflict && !this.failed) showState("dirty", "Not saved yet");
  }

  // Text that an earlier page could not save any more.
  restore() {
    const kept = JSON.parse(localStorage.getItem(this.key) ?? "null");
    if (!kept) return;
    if (kept.text === this.savedText) {
      localStorage.removeItem(this.key);
      return;
    }
    this.box.value = kept.text;
    this.version = kept.version;
    showState("dirty", "Restored what was not saved");
    this.schedule(0);
  }

  schedule(ms) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), ms);
  }

  save() {
    clearTimeout(this.timer);
    if (this.sending || this.conflict || this.clean) return;
    this.pending ??= {
      id: newId(),
      text: this.box.value,
      version: this.version,
      accept: this.wantsAccept,
    };
    this.sending = true;
    showState("saving", "Saving…");
    window.htmx.trigger(this.form, "save");
  }

  fill(request) {
    const { id, text, version, accept } = this.pending;
    request.parameters.text = text;
    request.parameters.version = version;
    request.parameters.save_id = id;
    if (accept) request.parameters.accept = "1";
    // another tab may have logged in again since this page was made
    const token = /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie)?.[1];
    if (token) {
      request.headers["x-csrftoken"] = token;
      request.parameters.csrfmiddlewaretoken = token;
    }
  }

  beforeSwap(swap) {
    if (swap.xhr.status === 409) {
      swap.shouldSwap = true;
      swap.target = this.form.querySelector(".conflict");
      swap.swapOverride = "innerHTML";
    } else if (this.editor.current !== this) {
      swap.shouldSwap = false; // the side column belongs to another segment by now
    }
  }

  answered(request) {
    this.sending = false;
    const version = Number(request.getResponseHeader("X-Segment-Version"));
    if (request.status === 200 && version) this.stored(version);
    else if (request.status === 409) this.conflicted(version);
    else this.refused(request);
    this.editor.changed();
  }

  stored(version) {
    this.version = version;
    this.savedText = this.pending.text;
    if (this.pending.accept) {
      this.wantsAccept = false;
      this.article.classList.add("done");
    }
    this.pending = null;
    this.failed = false;
    this.keep();
    if (!this.clean) this.save();
    else showState("saved", `Saved ${new Date().toLocaleTimeString()}`);
  }

  conflicted(version) {
    const box = this.form.querySelector(".conflict-box");
    this.conflict = { version, theirs: box?.dataset.theirs ?? "" };
    this.pending = null;
    showState("conflict", "Two versions");
  }

  refused(request) {
    this.failed = true;
    this.keep();
    if (request.status === 422) {
      this.pending = null;
      showState("unsaved", `Not saved: ${request.responseText}`);
      return;
    }
    const reason = request.status === 200 || request.status === 403 ? "log in again in another tab" : "no connection";
    showState("unsaved", `Not saved: ${reason}. Your text is kept here; trying again`);
    this.schedule(RETRY_AFTER_MS);
  }

  resolve(choice) {
    if (!this.conflict) return;
    const { version, theirs } = this.conflict;
    this.version = version;
    this.savedText = theirs;
    if (choice === "theirs") this.box.value = theirs;
    this.conflict = null;
    this.form.querySelector(".conflict").replaceChildren();
    this.fit();
    this.keep();
    this.box.focus();
    if (this.clean) showState("saved", "Saved");
    this.save();
  }
}

export class Editor {
  constructor(list) {
    this.list = list;
    this.job = list.dataset.job;
    this.drafts = new Map(); // form -> Draft
    this.current = null;
    this.waiting = []; // who wants to know when all is saved
    document.body.addEventListener("htmx:load", (event) => this.adopt(event.target));
    window.addEventListener("beforeunload", (event) => {
      this.saveAll();
      if (!this.clean) event.preventDefault();
    });
    window.addEventListener("online", () => this.saveAll());
    this.adopt(list);
    this.openLeftBehind();
  }

  get clean() {
    return [...this.drafts.values()].every((draft) => draft.clean);
  }

  get conflict() {
    return this.current?.conflict;
  }

  // Take over the forms in a part of the page that has just come.
  adopt(part) {
    for (const form of part.querySelectorAll?.("form.edit") ?? []) {
      if (this.drafts.has(form)) continue;
      const draft = new Draft(form, this);
      this.drafts.set(form, draft);
      this.current = draft;
      const at = this.caret ?? draft.box.value.length;
      draft.box.focus({ preventScroll: true });
      draft.box.setSelectionRange(at, at);
      draft.article.scrollIntoView({ block: "nearest" });
    }
  }

  open(article, caret) {
    if (this.list.dataset.closed !== undefined) return;
    if (this.current?.article === article) {
      this.current.box.focus();
      return;
    }
    this.leave();
    const form = article.querySelector("form.edit");
    if (form) {
      // left with unsaved text: it is open still
      this.current = this.drafts.get(form);
      this.current.leaving = false;
      this.current.box.focus();
      return;
    }
    this.caret = caret;
    window.htmx.ajax("GET", `${article.dataset.href}?edit`, { target: article, swap: "outerHTML" });
  }

  leave() {
    if (!this.current) return;
    this.current.leaving = true;
    this.current.save();
    this.current = null;
    this.changed();
  }

  accept() {
    this.current.wantsAccept = true;
    this.current.save();
  }

  resolve(choice) {
    this.current?.resolve(choice);
  }

  saveAll() {
    for (const draft of this.drafts.values()) draft.save();
  }

  // Called whenever a draft's fate changed: forms that were left and are saved become text again.
  changed() {
    for (const [form, draft] of this.drafts) {
      if (!draft.leaving || !draft.clean || draft.conflict) continue;
      this.drafts.delete(form);
      const article = draft.article;
      window.htmx.ajax("GET", article.dataset.href, { target: article, swap: "outerHTML" });
    }
    this.tally();
    if (this.clean) this.waiting.splice(0).forEach((tell) => tell(true));
    else if ([...this.drafts.values()].some((draft) => draft.failed || draft.conflict)) {
      this.waiting.splice(0).forEach((tell) => tell(false));
    }
  }

  // Resolves to true once everything is saved, to false when something could not be.
  settled() {
    this.saveAll();
    if (this.clean) return Promise.resolve(true);
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  tally() {
    const accepted = this.list.querySelectorAll(".seg.done").length;
    document.querySelector("#tally b").textContent = accepted;
    document.querySelector(".foot progress").value = accepted;
  }

  openLeftBehind() {
    const prefix = `verbatim:${this.job}:`;
    const key = Object.keys(localStorage).find((name) => name.startsWith(prefix));
    const article = key && document.getElementById(`s${key.slice(prefix.length)}`);
    if (article) this.open(article);
  }
}

// Also on pages without https, where crypto.randomUUID is missing.
function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
