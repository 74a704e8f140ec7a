// Changes to which segments there are, and to their times and speakers: asked of the server, which
// answers with the segments as they are now. What is typed meanwhile is carried over.

import { lettersIn, lineEnd, seam } from "./draft.js";
import { newId, send, unanswered } from "./sending.js";
import { tell } from "./status.js";

const AGAIN_AFTER_MS = 3000;

export class Structure {
  constructor(editor) {
    this.editor = editor;
    this.settleTimes = () => Promise.resolve(); // those that are being changed (edges.js)
  }

  // Cuts the segment at the caret. Until the server has done it, a line's end stands there: what is
  // typed behind it belongs to the second part already.
  split() {
    const { current } = this.editor;
    if (splittable(current)) {
      current.put("\n"); // to be cut there, once it is the second part
      current.held.again = true;
    } else if (this.editor.free()) {
      this.splitAt(current, current.box.selectionStart, current.box.selectionEnd, "end");
    }
  }

  async splitAt(draft, start, end, caret) {
    const { box } = draft;
    if (!box.value.slice(0, start).trim() || !box.value.slice(end).trim()) {
      tell("To split the segment, put the caret between two words.");
      return;
    }
    this.hold(draft, start, end, caret);
    await this.rest(draft);
    const sent = parts(draft);
    if (draft.conflict || !sent) {
      this.release(draft);
      return;
    }
    const values = { text: sent.join(""), at: lettersIn(sent[0], sent[0].length), version: draft.version };
    const answer = await this.ask(draft, "split/", values);
    if (answer) this.wasSplit(draft, sent, this.taken(draft, answer));
    else this.release(draft);
  }

  wasSplit(draft, sent, { here, came: [first, second] }) {
    const { box, held, wantsAccept: accept } = draft;
    const now = parts(draft);
    if (!now) {
      this.unsplit(box.value, sent, here, first, second);
      return;
    }
    const [before, after] = [now[0].trim(), now[1].trimStart()];
    const caret = box.selectionStart - box.value.length + after.length;
    const behind = box.selectionStart > now[0].length;
    const typed = now.map((text, n) => text !== sent[n]);
    this.carry(first, { text: typed[0] ? before : undefined, caret: box.selectionStart, here: here && !behind });
    this.carry(second, { text: typed[1] ? after : undefined, caret: Math.max(0, caret), here: here && behind, accept });
    const again = held.again && here && behind ? after.indexOf("\n") : -1;
    if (again >= 0) this.splitOn(this.editor.current, again);
  }

  // Its line's end was deleted before it was done: so the two are put together again.
  unsplit(text, sent, here, first, second) {
    const at = text.startsWith(sent[0]) ? sent[0].length : 0;
    this.carry(first, { text: text.slice(0, at).trim() });
    this.carry(second, { text: text.slice(at).trimStart(), caret: 0, here });
    if (here) this.merge();
  }

  // At a line's end that was put there while the split before it was under way.
  splitOn(draft, at) {
    this.splitAt(draft, at, at + 1, "preserve");
    if (draft.held) draft.held.again = true; // there may be more
    else draft.box.setRangeText("", at, at + 1, "preserve");
  }

  // Puts the segment together with the one before it.
  async merge() {
    const draft = this.editor.free();
    const before = draft && previous(this.editor.segments, draft.article);
    if (!before) {
      if (draft) tell("There is no segment before this one.");
      return;
    }
    draft.held = { id: newId() };
    this.refresh(draft);
    tell("");
    const other = this.editor.drafts.get(before);
    const saved = !other || (await other.settle());
    if (!saved) tell("Not merged: the segment before is not saved.");
    else await this.rest(draft);
    if (!saved || draft.conflict) {
      this.release(draft);
      return;
    }
    const text = draft.box.value;
    const answer = await this.ask(draft, "merge/", { text, version: draft.version });
    if (answer) this.wasMerged(draft, text, this.taken(draft, answer));
    else this.release(draft);
  }

  wasMerged({ box, wantsAccept: accept }, sent, { here, came: [whole] }) {
    const merged = whole.querySelector(".say").textContent;
    const front = merged.slice(0, merged.length - sent.length);
    const text = box.value === sent ? undefined : front + box.value;
    this.carry(whole, { text, caret: front.length + box.selectionStart, here, accept });
  }

  // One more segment behind this one. What is typed before it is there stands behind a line's end.
  async insert() {
    const draft = this.editor.free();
    if (!draft) return;
    const { box, article } = draft;
    const caret = [box.selectionStart, box.selectionEnd];
    this.hold(draft, box.value.length, box.value.length, "end");
    const answer = await send(`${this.editor.addressOf(article)}insert/`);
    const typed = parts(draft)?.[1] ?? "";
    if (!answer.why) box.setRangeText("", box.value.length - typed.length, box.value.length, "preserve");
    this.release(draft);
    if (!typed) box.setSelectionRange(...caret);
    if (answer.why) {
      tell(`Not done: ${answer.why}`);
      return;
    }
    const here = this.editor.current === draft;
    const [came] = this.take(answer.text);
    this.carry(came, { text: typed || undefined, caret: typed.length, here });
  }

  // A form of the column beside the text: its times, its speaker, or what made it taken back.
  async wish(form) {
    const { editor } = this;
    const { action, dataset } = form;
    const structural = dataset.wish === "back";
    if (structural && !(await editor.settled())) {
      tell("Save the text first.");
      return;
    }
    const { current } = editor;
    const before = current && previous(this.editor.segments, current.article);
    const values = new FormData(form);
    const answer = await send(action, values);
    editor.column.sent(form, values);
    tell(answer.why && `Not done: ${answer.why}`);
    if (answer.why) return;
    const came = this.take(answer.text);
    if (editor.current && editor.current !== current) return; // one has moved on
    const next = structural ? (came.at(-1) ?? before) : current?.article;
    if (!next) return;
    editor.open(next);
    if (editor.current === current) editor.column.load(next);
  }

  async setTimes(article, start, end, was, how) {
    const values = { start: start / 1000, end: end / 1000, was_start: was.start, was_end: was.end };
    const answer = await send(`${this.editor.addressOf(article)}times/`, values, how);
    if (answer.why) tell(`The times are not set: ${answer.why}`);
    else this.take(answer.text);
    return !answer.why;
  }

  // From here on no save comes between, and a line's end stands in the text.
  hold(draft, start, end, caret) {
    const { box } = draft;
    const was = box.value;
    const [blanks] = /^\s*/.exec(was.slice(end)); // stay in the first part: the second begins with a word
    const line = (was.slice(0, start) + blanks).split("\n").length - 1;
    box.setRangeText(`${blanks}\n`, start, end + blanks.length, caret);
    draft.held = { id: newId(), line, was, now: box.value, start, end };
    this.refresh(draft);
    tell("");
  }

  // Nothing came of it: the text is one again.
  release(draft) {
    const { box, held } = draft;
    const at = lineEnd(box.value, held.line);
    if (box.value === held.now) {
      box.value = held.was;
      box.setSelectionRange(held.start, held.end);
    } else if (at >= 0) {
      box.setRangeText(seam(box.value, at), at, at + 1, "preserve");
    }
    draft.held = null;
    this.refresh(draft);
    draft.schedule(0);
  }

  refresh(draft) {
    draft.keep();
    draft.fit();
    draft.showChanges();
    this.editor.changed();
  }

  // Until it is known what became of the save before, too.
  rest(draft) {
    draft.save();
    return draft.rest();
  }

  // Asks until there is an answer, as the first may have been lost: the id tells that it is the
  // same wish. Null where it was refused.
  async ask(draft, what, values) {
    const address = this.editor.addressOf(draft.article) + what;
    this.editor.changed();
    await this.settleTimes();
    let answer = await send(address, { ...values, save_id: draft.held.id });
    while (unanswered(answer)) {
      draft.loggedOut = answer.status === 403;
      draft.trouble = `Not saved: ${answer.why}${draft.loggedOut ? "" : ", trying again"}`;
      this.editor.changed();
      await new Promise((resolve) => setTimeout(resolve, AGAIN_AFTER_MS));
      answer = await send(address, { ...values, save_id: draft.held.id });
    }
    draft.trouble = "";
    const version = Number(answer.headers.get("X-Segment-Version"));
    if (answer.status === 409 && version) {
      draft.form.querySelector(".conflict").innerHTML = answer.text;
      draft.conflicted(version);
    } else if (answer.why) {
      tell(answer.why);
    } else {
      this.editor.savedAt = new Date();
      return answer;
    }
    return null;
  }

  // The segments that came in the place of this one, and whether one is still at work there.
  taken(draft, answer) {
    const here = this.editor.current === draft;
    return { here, came: this.take(answer.text, draft) };
  }

  // The segments of an answer put where they belong. Returns them, in order. `carried`: the form
  // whose text is carried over.
  take(html, carried) {
    const { list, segments, drafts } = this.editor;
    const holder = document.createElement("template");
    holder.innerHTML = html;
    const pieces = holder.content.querySelector("#pieces");
    const ids = pieces.dataset.gone.split(" ").filter(Boolean);
    const gone = ids.map((id) => document.getElementById(`s${id}`)).filter(Boolean);
    const came = [...pieces.children].map((article) => {
      const there = document.getElementById(article.id);
      if (there) article.hidden = there.hidden; // by the filter
      if (there && drafts.has(there)) return update(there, article);
      if (there) there.replaceWith(article);
      else put(article, gone[0] ?? following(segments, article), list);
      return article;
    });
    for (const each of gone) {
      const draft = drafts.get(each);
      if (draft) this.editor.forget(draft, draft === carried);
      each.remove();
    }
    this.editor.changed();
    return came;
  }

  // Gives a segment what was typed for it before it was there; opens it where one is at work there.
  carry(article, { text, caret, here = false, accept = false }) {
    if (!here && !accept && text === undefined) return;
    const draft = this.editor.draftOf(article);
    if (here) this.editor.open(article);
    if (text !== undefined) draft.box.value = text;
    if (caret !== undefined) draft.box.setSelectionRange(caret, caret);
    draft.wantsAccept = accept;
    draft.typed();
    if (!here || accept) draft.save();
  }
}

// The text before and behind the line's end of a split; null where it was deleted.
function parts({ box: { value }, held }) {
  const at = lineEnd(value, held.line);
  return at < 0 ? null : [value.slice(0, at), value.slice(at + 1)];
}

// Whether the caret is in what will be the second part.
function splittable(draft) {
  const at = draft?.held ? lineEnd(draft.box.value, draft.held.line) : -1;
  return at >= 0 && draft.box.selectionStart > at;
}

function previous(segments, article) {
  const all = [...segments];
  return all.slice(0, all.indexOf(article)).findLast((each) => !each.hidden);
}

// Where there is nothing that it stands before, at the end.
function put(article, next, list) {
  if (next) next.before(article);
  else (list.lastElementChild ?? list).append(article);
}

function following(segments, article) {
  const position = Number(article.dataset.position);
  return [...segments].find((each) => Number(each.dataset.position) > position);
}

// An open segment keeps its form: what stands around it is renewed.
function update(there, article) {
  Object.assign(there.dataset, { start: article.dataset.start, end: article.dataset.end });
  there.querySelector(".t").replaceWith(article.querySelector(".t"));
  return there;
}
