// The desk's dialogs: find and replace, a term for the lexicon, and the keys.

import { send } from "./sending.js";
import { tell } from "./status.js";

export class Dialogs {
  constructor(editor, structure) {
    Object.assign(this, { editor, structure });
    this.find = document.getElementById("find");
    this.term = document.getElementById("term-dialog");
    this.help = document.getElementById("keys-help");
    this.find?.addEventListener("submit", (event) => this.submitted(event));
    this.term?.addEventListener("submit", (event) => this.submitted(event));
    this.find?.addEventListener("click", (event) => this.goTo(event));
    this.all = [this.find, this.term, this.help].filter(Boolean);
    for (const dialog of this.all) {
      // back to where one was at work
      dialog.addEventListener("close", () => this.editor.current?.box.focus({ preventScroll: true }));
    }
  }

  get open() {
    return this.all.some((dialog) => dialog.open);
  }

  async openFind() {
    const chosen = this.selected();
    this.editor.saveAll();
    const text = this.find.querySelector("#find-text");
    if (chosen) text.value = chosen;
    this.find.showModal();
    text.select();
    if (!text.value) return;
    await this.editor.settled();
    window.htmx.trigger(this.find.querySelector("#find-form"), "look");
  }

  async openTerm() {
    const values = { term: this.selected(), segment: this.editor.current?.article.dataset.id ?? "" };
    if (this.editor.current && !(await this.editor.current.settle())) {
      tell("Save the segment first.");
      return;
    }
    const headers = { "hx-request": "true" };
    const address = this.term.dataset.address;
    const answer = await fetch(`${address}?${new URLSearchParams(values)}`, { headers }).catch(() => null);
    if (!answer?.ok || answer.redirected) {
      tell("The lexicon cannot be reached now.");
      return;
    }
    this.term.querySelector(".content").innerHTML = await answer.text();
    this.term.showModal();
  }

  openHelp() {
    if (!this.open) this.help?.showModal();
  }

  selected() {
    const { box } = this.editor.current ?? {};
    const inBox = box?.value.slice(box.selectionStart, box.selectionEnd);
    return (inBox || window.getSelection()?.toString() || "").trim();
  }

  async submitted(event) {
    const form = event.target;
    if (!form.dataset.wish) return;
    event.preventDefault();
    if (!(await this.editor.settled())) {
      this.close();
      return;
    }
    const answer = await send(form.action, new FormData(form));
    if (answer.why) {
      form.closest("dialog").querySelector(".problem").textContent = `Not done: ${answer.why}`;
      return;
    }
    if (form.dataset.wish === "replace") this.replaced(answer);
    else this.close(answer.text);
  }

  replaced(answer) {
    const { article, box } = this.editor.current ?? {};
    const caret = box?.selectionStart;
    this.editor.forgetClean();
    this.structure.take(answer.text);
    this.close(decodeURIComponent(answer.headers.get("X-Told").replaceAll("+", " ")));
    const again = article && document.getElementById(article.id);
    if (again) this.editor.open(again, caret); // where one was at work
    window.htmx.trigger(this.find.querySelector("#find-form"), "look");
  }

  close(message) {
    for (const dialog of [this.find, this.term]) {
      dialog.querySelector(".problem").textContent = "";
      dialog.close();
    }
    if (message) tell(message);
  }

  goTo(event) {
    const link = event.target.closest("[data-goes-to]");
    if (!link) return;
    event.preventDefault();
    this.find.close();
    const article = document.getElementById(`s${link.dataset.goesTo}`);
    if (article) this.editor.open(article);
  }
}
