// Changes to which segments there are, and to their times and speakers: asked of the server, which
// answers with the segments as they are now. What is typed meanwhile is carried over.

import { lettersIn } from "./draft.js";
import { tell } from "./editor.js";
import { newId, send, unanswered } from "./sending.js";

const AGAIN_AFTER_MS = 3000;

export class Structure {
  constructor(editor) {
    this.editor = editor;
  }

  // Cuts the segment at the caret. Until the server has done it, a line's end stands there: what is
  // typed behind it belongs to the second part already.
  async split() {
    const draft = this.free();
    if (!draft) return;
    const { box } = draft;
    const at = box.selectionStart;
    if (!box.value.slice(0, at).trim() || !box.value.slice(box.selectionEnd).trim()) {
      tell("To split the segment, put the caret between two words.");
      return;
    }
    draft.held = { id: newId() };
    box.setRangeText("\n", at, box.selectionEnd, "end");
    draft.keep();
    draft.fit();
    draft.showChanges();
    await draft.rest();
    if (draft.conflict) {
      join(box, at);
      this.release(draft);
      return;
    }
    const sent = parts(box.value, at);
    const values = { text: sent.join(""), at: lettersIn(sent[0], sent[0].length), version: draft.version };
    const answer = await this.ask(draft, "split/", values);
    const now = parts(box.value, at);
    if (!answer) {
      join(box, at);
      this.release(draft);
      return;
    }
    const caret = box.selectionStart - now[0].length - 1;
    const [first, second] = this.take(answer.text);
    if (now[0] !== sent[0]) this.carry(first, now[0].trim());
    const typed = now[1] === sent[1] ? undefined : now[1].trimStart();
    this.carry(second, typed, Math.max(0, caret - (now[1].length - now[1].trimStart().length)));
  }

  // Puts the segment together with the one before it.
  async merge() {
    const draft = this.free();
    const before = draft && previous(draft.article);
    if (!before) {
      if (draft) tell("There is no segment before this one.");
      return;
    }
    const other = this.editor.drafts.get(before);
    draft.held = { id: newId() };
    const ready = (!other || (await other.settle())) && (await draft.rest(), !draft.conflict);
    if (!ready) {
      tell("Not merged: the segment before is not saved.");
      this.release(draft);
      return;
    }
    const text = draft.box.value;
    const answer = await this.ask(draft, "merge/", { text, version: draft.version });
    if (!answer) {
      this.release(draft);
      return;
    }
    const { value, selectionStart } = draft.box;
    const [whole] = this.take(answer.text);
    const merged = whole.querySelector(".say").textContent;
    const front = merged.slice(0, merged.length - text.length);
    this.carry(whole, value === text ? undefined : front + value, front.length + selectionStart);
  }

  // A form of the column beside the text: its times, its speaker, one more segment after it, or
  // what made it taken back.
  async wish(form) {
    const draft = this.editor.current;
    const name = form.dataset.wish;
    const structural = name === "back";
    if (structural && draft && !(await draft.settle())) {
      tell("Save the segment first.");
      return;
    }
    const answer = await send(form.action, new FormData(form));
    if (answer.why) {
      tell(`Not done: ${answer.why}`);
      return;
    }
    tell("");
    document.activeElement?.blur();
    const came = this.take(answer.text);
    const next = name === "insert" ? came[0] : structural ? came.at(-1) : draft?.article;
    if (!next) return;
    this.editor.open(next);
    this.editor.loadSide(next);
  }

  async setTimes(article, start, end, was) {
    const values = { start: start / 1000, end: end / 1000, was_start: was.start, was_end: was.end };
    const answer = await send(`${this.editor.addressOf(article)}times/`, values);
    if (answer.why) tell(`The times are not set: ${answer.why}`);
    else this.take(answer.text);
    return !answer.why;
  }

  // The open segment, where nothing is being done to it.
  free() {
    const draft = this.editor.current;
    return draft && !draft.conflict && !draft.held && !draft.composing ? draft : null;
  }

  release(draft) {
    draft.held = null;
    draft.keep();
    draft.fit();
    draft.showChanges();
    draft.schedule(0);
    this.editor.changed();
  }

  // Asks until there is an answer, as the first may have been lost: the id tells that it is the
  // same wish. Null where it was refused.
  async ask(draft, what, values) {
    const address = this.editor.addressOf(draft.article) + what;
    this.editor.changed();
    let answer = await send(address, { ...values, save_id: draft.held.id });
    while (unanswered(answer)) {
      draft.trouble = `Not saved: ${answer.why}, trying again`;
      draft.loggedOut = answer.status === 403;
      this.editor.changed();
      await new Promise((resolve) => setTimeout(resolve, AGAIN_AFTER_MS));
      answer = await send(address, { ...values, save_id: draft.held.id });
    }
    draft.trouble = "";
    const version = Number(answer.headers.get("X-Segment-Version"));
    if (answer.status === 409 && version) {
      draft.form.querySelector(".conflict").innerHTML = answer.text;
      draft.held = null;
      draft.conflicted(version);
    } else if (answer.why) {
      tell(answer.why);
    } else {
      this.editor.savedAt = new Date();
      return answer;
    }
    return null;
  }

  // The segments of an answer put where they belong. Returns them, in order.
  take(html) {
    const { list, drafts } = this.editor;
    const holder = document.createElement("template");
    holder.innerHTML = html;
    const pieces = holder.content.querySelector("#pieces");
    const came = [...pieces.children].map((article) => {
      const there = document.getElementById(article.id);
      if (there && drafts.has(there)) return update(there, article);
      if (there) there.replaceWith(article);
      else list.insertBefore(article, after(list, article));
      return article;
    });
    for (const id of pieces.dataset.gone.split(" ").filter(Boolean)) {
      const gone = document.getElementById(`s${id}`);
      if (drafts.has(gone)) this.editor.forget(drafts.get(gone));
      gone?.remove();
    }
    this.editor.changed();
    return came;
  }

  // Opens a segment with text that was typed before it was there.
  carry(article, text, caret) {
    this.editor.open(article, caret);
    if (text === undefined) return;
    const draft = this.editor.current;
    draft.box.value = text;
    if (caret !== undefined) draft.box.setSelectionRange(caret, caret);
    draft.typed();
  }
}


// The text before and behind the line's end that was put at this place.
function parts(text, at) {
  const end = text[at] === "\n" ? at : text.indexOf("\n");
  return end < 0 ? [text.slice(0, at), text.slice(at)] : [text.slice(0, end), text.slice(end + 1)];
}

function join(box, at) {
  const end = box.value[at] === "\n" ? at : box.value.indexOf("\n");
  if (end >= 0) box.setRangeText("", end, end + 1, "preserve");
}

function previous(article) {
  let before = article.previousElementSibling;
  while (before?.hidden) before = before.previousElementSibling;
  return before;
}

// What the new one is put before.
function after(list, article) {
  const position = Number(article.dataset.position);
  return [...list.children].find((each) => Number(each.dataset.position) > position) ?? null;
}

// An open segment keeps its form: what stands around it is renewed.
function update(there, article) {
  Object.assign(there.dataset, { start: article.dataset.start, end: article.dataset.end });
  there.querySelector(".t").replaceWith(article.querySelector(".t"));
  return there;
}
