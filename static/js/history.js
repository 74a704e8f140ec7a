// Earlier texts of the open segment: back through its history, and forth again.

import { tell } from "./status.js";

export class History {
  constructor(editor) {
    this.editor = editor;
    this.article = null; // the segment that was gone back in
    this.undone = []; // its later texts, the newest first
    this.shown = ""; // the text that was put there last
  }

  // To the text before the last sitting in the segment, then to the one before that.
  async older() {
    const draft = this.editor.free();
    if (!draft) return;
    const now = draft.box.value;
    await draft.settle();
    const column = await this.editor.column.ready();
    if (this.editor.current !== draft || draft.box.value !== now) return; // it took long
    const texts = [...column.querySelectorAll("[data-restores]")].map((each) => each.dataset.restores);
    const text = texts.slice(texts.lastIndexOf(now) + 1).find((each) => each !== now);
    if (text === undefined) tell("There is no text before this one.");
    else this.restore(text);
  }

  restore(text) {
    const draft = this.editor.free();
    if (!draft || draft.box.value === text) return;
    if (!this.inPast(draft)) this.undone = [];
    this.undone.push(draft.box.value);
    this.put(draft, text);
  }

  newer() {
    const draft = this.editor.free();
    if (!draft) return;
    if (this.inPast(draft) && this.undone.length) this.put(draft, this.undone.pop());
    else tell("There is no text after this one.");
  }

  // What was typed since is a text of its own, that nothing comes after.
  inPast(draft) {
    return this.article === draft.article && this.shown === draft.box.value;
  }

  put(draft, text) {
    this.article = draft.article;
    this.shown = text;
    draft.put(text, 0, draft.box.value.length);
    draft.save();
    tell("");
  }
}
