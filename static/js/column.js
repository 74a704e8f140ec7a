// The column beside the text. What it tells comes from the server, and is of one segment: until
// that of the open segment is there, nothing in it can be taken for that segment's.

import { Changes } from "./changes.js";
import { exact } from "./player.js";
import { showState, tell } from "./status.js";

const RESTED_MS = 250; // since the last key: to show an answer takes as long as a key or two
const SAVED_FIRST_MS = 40; // the save of the segment that was left has the server to itself
const GONE = 204; // what it would tell of is split or merged by now
const FIELDS = ".particulars input:not([type=hidden], [type=range])";

export class Column {
  constructor(editor) {
    this.editor = editor;
    this.side = document.getElementById("detail");
    this.waiting = []; // who wants to read it once it tells of the open segment
    this.missed = false; // what came while someone was at work in it
    this.saved = null; // a save's answer, to be shown once whoever types rests
    document.body.addEventListener("htmx:beforeSwap", (event) => this.beforeSwap(event.detail));
    document.body.addEventListener("htmx:afterRequest", (event) => this.answered(event.detail));
    this.side.addEventListener("htmx:afterSwap", () => this.renew());
    this.side.addEventListener("focusout", ({ relatedTarget }) => {
      if (this.missed && !this.side.contains(relatedTarget) && !this.typed) this.load(editor.current?.article);
    });
  }

  // What it tells now, null where that is of another segment.
  get content() {
    if (this.saved) this.show(this.saved);
    const found = this.side.querySelector("[data-segment]");
    const { current } = this.editor;
    return found && found.dataset.segment === current?.article.dataset.id ? this.side : null;
  }

  // Resolves to it once it tells of the open segment.
  ready() {
    return this.content ? Promise.resolve(this.side) : new Promise((resolve) => this.waiting.push(resolve));
  }

  // Whether something stands in its fields that was not sent.
  get typed() {
    return [...this.side.querySelectorAll(FIELDS)].some(isTyped);
  }

  load(article) {
    if (!article) return;
    this.saved = null;
    // at once: until it is settled, nothing in it is listened to
    const swap = "innerHTML settle:0ms";
    window.htmx.ajax("GET", this.editor.addressOf(article), { target: this.side, swap })?.catch(() => {});
  }

  // Another segment is open now. Names and times can be given to it at once; what is known of the
  // one before is out of reach.
  moveTo(article) {
    if (!this.side.querySelector(".particulars")) {
      this.side.replaceChildren(document.getElementById("particulars").content.cloneNode(true));
    }
    for (const section of this.side.children) section.inert = !this.content && !section.matches(".particulars");
    const { dataset } = article;
    for (const form of this.side.querySelectorAll(".particulars form")) {
      form.setAttribute("action", form.getAttribute("action").replace(/\d+(?=\/\w+\/$)/, dataset.id));
    }
    const speaker = this.side.querySelector("#speaker");
    if (speaker) speaker.defaultValue = speaker.value = article.querySelector(".t > span:not(.here)")?.textContent ?? "";
    const throughout = this.side.querySelector("#throughout");
    if (throughout) throughout.checked = false;
    this.showTimes(article);
    this.side.dispatchEvent(new Event("renewed"));
    this.saved = null;
    clearTimeout(this.loading);
    this.loading = setTimeout(() => this.editor.current?.article === article && this.load(article), SAVED_FIRST_MS);
  }

  // As they are on the page; `stored`, as the server has them.
  showTimes({ dataset }, stored = dataset) {
    for (const name of ["start", "end"]) {
      const field = this.side.querySelector(`#time-${name}`);
      if (!field) return;
      field.defaultValue = field.value = exact(Number(dataset[name]));
      field.form.elements[`was_${name}`].value = stored[name];
    }
  }

  // What was typed into its fields and not sent, as one moves on.
  sendTyped() {
    const typed = [...this.side.querySelectorAll(FIELDS)].filter((field) => field.type === "text" && isTyped(field));
    for (const form of new Set(typed.map((field) => field.form))) form.requestSubmit();
  }

  // The values are known to the server now, or were refused. What was typed since, maybe for another
  // segment, is not.
  sent(form, values) {
    for (const field of form.elements) {
      if (field.type === "checkbox") {
        if (field.checked === values.has(field.name)) field.defaultChecked = field.checked;
      } else if (field.value === values.get(field.name)) {
        field.defaultValue = field.value;
      }
    }
  }

  // Which answers are shown, and where.
  beforeSwap(swap) {
    if (swap.target !== this.side) return; // of a dialog
    const { current, drafts } = this.editor;
    const draft = drafts.get(swap.requestConfig.elt.closest(".seg"));
    const known = swap.xhr.getResponseHeader("X-Segment-Version"); // else the login page, or an error
    const at = Number(swap.xhr.getResponseHeader("X-Segment-At"));
    const ofCurrent = !current || swap.pathInfo.requestPath.includes(`/segments/${current.article.dataset.id}/`);
    if (draft && swap.xhr.status === 409 && known) {
      swap.shouldSwap = true;
      swap.target = draft.form.querySelector(".conflict");
    } else if (!known || !ofCurrent || at < (this.saved?.at ?? current?.seenAt ?? 0)) {
      swap.shouldSwap = false; // or it tells of what was before
    } else if (current && swap.requestConfig.verb === "post") {
      this.saved = { draft: current, at, html: swap.xhr.responseText };
      this.showRested();
      swap.shouldSwap = false;
    } else if (this.busy) {
      this.missed = true;
      swap.shouldSwap = false;
    } else if (current) {
      current.seenAt = at;
    }
  }

  // Again with each key.
  showRested() {
    if (!this.saved) return;
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.saved && this.show(this.saved), RESTED_MS);
  }

  show({ draft, at, html }) {
    this.saved = null;
    if (this.editor.current !== draft || at < draft.seenAt) return;
    if (this.busy) {
      this.missed = true;
      return;
    }
    draft.seenAt = at;
    this.replace(html);
    window.htmx.process(this.side);
    this.renew();
  }

  // What is open in it stays open, and the focus where it is.
  replace(html) {
    const { activeElement } = document;
    const focused = this.side.contains(activeElement) ? activeElement.id : "";
    const open = [...this.side.querySelectorAll("details[open] > summary")].map(({ id }) => id);
    this.side.innerHTML = html;
    for (const id of open) document.getElementById(id)?.parentElement.setAttribute("open", "");
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  }

  // What is being typed or dragged in it must not vanish.
  get busy() {
    const within = this.side.contains(document.activeElement);
    return (within && document.activeElement.matches("input:not([type=checkbox])")) || this.typed;
  }

  answered({ successful, elt, xhr, target, pathInfo, requestConfig }) {
    if (target !== this.side || (successful && xhr.status !== GONE)) return;
    const { current } = this.editor;
    if (elt.closest(".tongues")) this.languageRefused(xhr.responseText);
    const asked = requestConfig.verb === "get" && pathInfo.requestPath === this.editor.addressOf(current?.article);
    if (asked && (xhr.status === GONE || xhr.status === 404)) {
      tell("This segment was replaced meanwhile. Load the page again to see what stands there now.");
    }
  }

  // Not through htmx, whose queue may drop it when another segment is opened meanwhile.
  async sendLanguage(draft, sending) {
    const answer = await sending;
    if (answer.why || !answer.headers.get("X-Segment-Version")) {
      this.languageRefused(answer.why);
      return;
    }
    this.show({ draft, at: Number(answer.headers.get("X-Segment-At")), html: answer.text });
  }

  languageRefused(why) {
    showState("unsaved", `The language is not set: ${why || "no connection, or logged out"}`);
    this.load(this.editor.current?.article);
  }

  renew() {
    const section = this.side.querySelector("[data-segment]");
    if (!section) return;
    this.missed = false;
    const { segment, version, text } = section.dataset;
    const draft = this.editor.drafts.get(document.getElementById(`s${segment}`));
    draft?.renew(text, Number(version));
    draft?.renewChanges(Changes.read(section.querySelector("template").content));
    this.side.dispatchEvent(new Event("renewed"));
    if (this.content) this.waiting.splice(0).forEach((tellOf) => tellOf(this.side));
  }
}

function isTyped(field) {
  return field.type === "checkbox" ? field.checked !== field.defaultChecked : field.value !== field.defaultValue;
}
