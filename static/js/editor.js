// Editing segments: an open segment is a small form (draft.js) that saves itself.
//
// Forms are made and put away here, at once and without asking the server, so that no key goes
// astray between two segments and no answer can replace a box in which someone types.

import { Column } from "./column.js";
import { Draft } from "./draft.js";
import { setText } from "./patch.js";
import { newId, send } from "./sending.js";
import { showState, tell } from "./status.js";
import { forgetOld, keysUnder, read, write } from "./store.js";

const WORST_FIRST = ["conflict", "unsaved", "saving", "dirty"];

export class Editor {
  constructor(list) {
    this.list = list;
    this.segments = list.getElementsByClassName("seg"); // as they are at any time, in order
    this.accepted = list.getElementsByClassName("seg done");
    this.prefix = list.dataset.kept;
    this.address = list.dataset.address;
    this.closed = list.dataset.closed !== undefined;
    this.page = newId(); // other tabs keep texts for the same segments
    this.drafts = new Map(); // article -> Draft
    this.current = null;
    this.savedAt = null;
    this.waiting = []; // who wants to know when all is saved
    this.column = new Column(this);
    forgetOld();
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

  // What earlier pages left unsaved, and the form that came with this one.
  takeUp() {
    const left = keysUnder(this.prefix);
    if (this.closed) {
      if (left.length) showState("unsaved", "Text of yours is not saved. Reopen the review to save it");
      return;
    }
    let last = this.list.querySelector("form.edit")?.closest(".seg");
    for (const key of left) {
      const [id] = key.slice(this.prefix.length).split(":");
      const article = document.getElementById(`s${id}`);
      if (!article || !this.draftOf(article).takeOver(read(key))) this.showOrphan(key);
      else if (key !== this.drafts.get(article).key) write(key, null);
      last ??= article;
    }
    if (last) this.open(last);
    this.changed();
  }

  // Text that cannot be put into a segment: people decide what becomes of it.
  showOrphan(key) {
    const shown = document.getElementById("orphan").content.firstElementChild.cloneNode(true);
    shown.querySelector("textarea").value = read(key)?.text ?? "";
    shown.querySelector("button").addEventListener("click", () => {
      write(key, null);
      shown.remove();
    });
    this.list.before(shown);
  }

  // The form of a segment; until it is opened, it is there for as long as it holds something.
  draftOf(article) {
    const draft = this.drafts.get(article) ?? new Draft(article, this);
    this.drafts.set(article, draft);
    draft.leaving = draft !== this.current;
    article.hidden = false; // text that is kept, in a part that the filter left out
    return draft;
  }

  open(article, caret) {
    if (this.closed) return;
    const before = this.current;
    if (before && before.article !== article) this.column.sendTyped();
    const known = this.drafts.get(article);
    const draft = this.draftOf(article);
    this.current = draft;
    draft.focus(known ? draft.box.selectionStart : caret);
    if (before === draft) return;
    if (before) {
      before.leaving = true;
      before.save();
    }
    this.changed();
    this.column.moveTo(article);
  }

  // The open segment, where nothing is being done to it.
  free() {
    const draft = this.current;
    if (!draft || draft.composing) return null;
    if (draft.conflict) tell("Choose one of the two versions first.");
    if (draft.held) tell("One moment: the segment is being split or merged.");
    return draft.conflict || draft.held ? null : draft;
  }

  // A segment that is no more. `carried`: what its form holds has another place.
  forget(draft, carried) {
    if (!carried && !draft.clean) {
      draft.keep();
      this.showOrphan(draft.key);
    } else {
      draft.drop();
    }
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
    this.current.keep();
    this.current.save();
  }

  resolve(choice) {
    if (this.current?.conflict) this.current.resolve(choice);
  }

  // The change of the lexicon with this number, else the one at the caret, or the next.
  turn(n) {
    const draft = this.free();
    if (!draft) return;
    const { here, box } = draft;
    const item = n ? here.items.find((each) => each.n === n) : here.at(box.selectionStart, box.selectionEnd);
    if (item) draft.turn(item);
  }

  // The next language of the recording, for the word at the caret or what is selected.
  setLanguage() {
    const languages = this.list.dataset.languages?.split(" ");
    if (languages) this.free()?.setLanguage(languages);
  }

  sendLanguage(draft, values) {
    return this.column.sendLanguage(draft, send(`${this.addressOf(draft.article)}language/`, values));
  }

  addressOf(article) {
    return `${this.address}${article?.dataset.id}/`;
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
    const all = [...this.segments];
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
    const accepted = this.accepted.length;
    const all = this.segments.length;
    setText(document.querySelector("#tally b"), accepted);
    setText(document.querySelector("#tally span"), all);
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
    else showState(draft.state, draft.state === "saving" ? "Saving…" : "Not saved yet");
  }

  // Resolves to true once everything is saved; to false, showing the place, when it cannot be.
  async settled() {
    this.saveAll();
    const all = this.clean || (await new Promise((resolve) => this.waiting.push(resolve)));
    if (!all) this.open(this.worst().article);
    return all;
  }
}
