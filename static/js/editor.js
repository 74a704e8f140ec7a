// Editing segments: an open segment is a small form (draft.js) that saves itself.
//
// Forms are made and put away here, at once and without asking the server, so that no key goes
// astray between two segments and no answer can replace a box in which someone types.

import { Changes } from "./changes.js";
import { Draft } from "./draft.js";
import { send } from "./sending.js";
import { forgetOld, keysUnder, read, write } from "./store.js";

const WORST_FIRST = ["conflict", "unsaved", "saving", "dirty"];

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
    this.side.addEventListener("htmx:afterRequest", ({ detail }) => {
      if (!detail.successful && detail.elt.closest(".tongues")) this.languageRefused(detail.xhr.responseText);
    });
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
      if (!article) this.showOrphan(key);
      else if (article !== sent) this.open(article);
    }
    if (sent) this.open(sent);
    this.changed();
  }

  // Text for a segment that is not there any more: people decide what becomes of it.
  showOrphan(key) {
    const shown = document.getElementById("orphan").content.firstElementChild.cloneNode(true);
    shown.querySelector("textarea").value = read(key)?.text ?? "";
    shown.querySelector("button").addEventListener("click", () => {
      write(key, null);
      shown.remove();
    });
    this.list.before(shown);
  }

  open(article, caret) {
    if (this.closed) return;
    const before = this.current;
    const known = this.drafts.get(article);
    const draft = known ?? new Draft(article, this);
    this.drafts.set(article, draft);
    this.current = draft;
    article.hidden = false; // text that is kept, in a part that the filter left out
    draft.focus(known ? draft.box.selectionStart : caret);
    if (before === draft) return;
    if (before) {
      before.leaving = true;
      before.save();
    }
    this.changed();
    this.loadSide(article);
  }

  // A segment that is no more.
  forget(draft) {
    draft.drop();
    this.drafts.delete(draft.article);
    if (this.current === draft) this.current = null;
    draft.article.remove();
  }

  // All forms become text again, as what stands in them is saved and about to be changed.
  forgetClean() {
    for (const [article, draft] of this.drafts) {
      this.drafts.delete(article);
      draft.close();
    }
    this.current = null;
  }

  accept() {
    this.current.wantsAccept = !this.current.article.classList.contains("done");
    this.current.save();
  }

  resolve(choice) {
    if (this.current?.conflict) this.current.resolve(choice);
  }

  // The change of the lexicon with this number, else the one at the caret, or the next.
  turn(n) {
    const draft = this.current;
    if (!draft || draft.conflict) return;
    const { here, box } = draft;
    const item = n ? here.items.find((each) => each.n === n) : here.at(box.selectionStart, box.selectionEnd);
    if (item) draft.turn(item);
  }

  // The next language of the recording, for the word at the caret or what is selected.
  setLanguage() {
    const languages = this.list.dataset.languages?.split(" ");
    const draft = this.current;
    if (languages && draft && !draft.conflict) draft.setLanguage(languages);
  }

  // Not through htmx, whose queue may drop it when another segment is opened meanwhile.
  async sendLanguage(draft, values) {
    const answer = await send(`${this.addressOf(draft.article)}language/`, values);
    if (answer.why || !answer.headers.get("X-Segment-Version")) {
      this.languageRefused(answer.why);
      return;
    }
    draft.seenAt = Number(answer.headers.get("X-Segment-At"));
    if (this.current !== draft) return;
    this.side.innerHTML = answer.text;
    window.htmx.process(this.side);
    this.renew();
  }

  languageRefused(why) {
    showState("unsaved", `The language is not set: ${why || "no connection, or logged out"}`);
    if (this.current) this.loadSide(this.current.article);
  }

  addressOf(article) {
    return `${this.address}${article.dataset.id}/`;
  }

  loadSide(article) {
    const address = this.addressOf(article);
    // at once: until it is settled, nothing in it is listened to
    const swap = "innerHTML settle:0ms";
    window.htmx.ajax("GET", address, { target: this.side, swap })?.catch(() => {});
  }

  // To the next mark, or with a step of -1 to the one before; where a segment has none but a check
  // found something in it, to its beginning.
  goToMark(step) {
    const { article, box, here } = this.current ?? {};
    const within = box && here.next(step, box.selectionStart, box.selectionEnd);
    if (within) {
      this.current.select(within);
      return;
    }
    const found = this.nextMarked(article, step);
    if (!found) return;
    this.open(found, 0);
    const first = this.current.here.next(step);
    if (first) this.current.select(first);
  }

  nextMarked(article, step) {
    const all = [...this.list.children];
    const from = article ? all.indexOf(article) + step : step > 0 ? 0 : all.length - 1;
    for (let at = from; all[at]; at += step) {
      if (all[at].hidden) continue;
      const marks = this.drafts.get(all[at])?.here.marks.length;
      if (marks ?? all[at].querySelector(".say mark")) return all[at];
      if (all[at].matches(".gap") || all[at].querySelector(".flags")) return all[at];
    }
    return undefined;
  }

  saveAll() {
    for (const draft of this.drafts.values()) draft.save();
  }

  // Which answers are shown, and where.
  beforeSwap(swap) {
    const asked = swap.requestConfig.elt;
    if (swap.target !== this.side) return; // of a dialog
    const draft = this.drafts.get(asked.closest(".seg"));
    const known = swap.xhr.getResponseHeader("X-Segment-Version"); // else the login page, or an error
    const { current } = this;
    const at = Number(swap.xhr.getResponseHeader("X-Segment-At"));
    const ofCurrent = !current || swap.pathInfo.requestPath.includes(`/segments/${current.article.dataset.id}/`);
    // what is being typed beside the text must not vanish either
    const busy = this.side.contains(document.activeElement) && document.activeElement.matches("input:not([type=checkbox])");
    if (draft && swap.xhr.status === 409 && known) {
      swap.shouldSwap = true;
      swap.target = draft.form.querySelector(".conflict");
    } else if (!known || !ofCurrent || busy || at < (current?.seenAt ?? 0)) {
      swap.shouldSwap = false; // or it tells of what was before
    } else if (current) {
      current.seenAt = at;
    }
  }

  renew() {
    const section = this.side.querySelector("[data-segment]");
    if (!section) return;
    const { segment, version, text } = section.dataset;
    const draft = this.drafts.get(document.getElementById(`s${segment}`));
    draft?.renew(text, Number(version));
    draft?.renewChanges(Changes.read(section.querySelector("template").content));
  }

  // Called whenever a draft's fate changed: forms that were left and are saved become text again.
  changed() {
    for (const [article, draft] of this.drafts) {
      if (!draft.leaving || !draft.clean) continue;
      this.drafts.delete(article);
      draft.close();
    }
    this.count();
    const worst = this.worst();
    this.showWorst(worst);
    if (!worst) this.waiting.splice(0).forEach((tell) => tell(true));
    else if (worst.trouble || worst.conflict) this.waiting.splice(0).forEach((tell) => tell(false));
  }

  count() {
    const accepted = this.list.querySelectorAll(".seg.done").length;
    const all = this.list.childElementCount;
    document.querySelector("#tally b").textContent = accepted;
    document.querySelector("#tally span").textContent = all;
    Object.assign(document.querySelector(".foot progress"), { max: Math.max(1, all), value: accepted });
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
const told = document.getElementById("told");

// Something that people should know now, beside whether all is saved.
export function tell(message) {
  told.textContent = message;
  told.hidden = !message;
}

export function showState(name, message, href) {
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
