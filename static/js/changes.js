// What the lexicon changed or suggests in a segment, what the engine doubted, and where that stands
// while the text is typed.
//
// The server marks it in the text (<mark>). Here it is kept beside that text, and found again in
// what the box holds: nobody's typing can put it in the wrong place, at worst it is lost until the
// next save brings it anew.

const OTHER_WAY = { applied: "undone", undone: "applied", open: "taken", taken: "open" };
const DOUBT = "doubt"; // a state beside the lexicon's: the engine was not sure
const CLASSES = { applied: "lex", open: "maybe", [DOUBT]: "low" }; // what is to be seen in the text

export class Changes {
  constructor(text, items, runs) {
    this.text = text;
    this.items = items; // in order: {n, state, other, title, start, end}
    this.runs = runs; // in order: {lang, dir, className, title, start, end}, words of one language
  }

  // From an element or fragment with marks, and spans for the languages in and between them.
  static read(root) {
    const items = [];
    const runs = [];
    let at = 0;
    const enter = (parent) => {
      for (const node of parent.childNodes) {
        const start = at;
        if (node.nodeType === Node.TEXT_NODE) at += node.length;
        else enter(node);
        const { n, state, other } = node.dataset ?? {};
        if (n) items.push({ n, state, other, title: node.title, start, end: at });
        else if (node.localName === "mark") items.push({ state: DOUBT, title: node.title, start, end: at });
        if (node.localName !== "span") continue;
        const { lang, dir, className, title } = node;
        runs.push({ lang, dir, className, title, start, end: at });
      }
    };
    enter(root);
    return new Changes(root.textContent, items, runs);
  }

  // The same in another text: what stands before and after the place where the two differ.
  in(text) {
    if (text === this.text || !(this.items.length || this.runs.length)) {
      return new Changes(text, this.items, this.runs);
    }
    const least = Math.min(text.length, this.text.length);
    let head = 0;
    while (head < least && text[head] === this.text[head]) head += 1;
    let tail = 0;
    while (tail < least - head && text.at(-1 - tail) === this.text.at(-1 - tail)) tail += 1;
    const shift = text.length - this.text.length;
    const last = this.text.length - tail;
    const items = this.items.flatMap((item) => {
      if (item.end <= head) return [item];
      return item.start >= last ? [{ ...item, start: item.start + shift, end: item.end + shift }] : [];
    });
    // of a run the words that stay: what is typed has no language until the server tells
    const runs = this.runs.flatMap((run) => {
      const before = { ...run, end: Math.min(run.end, head) };
      const after = { ...run, start: Math.max(run.start, last) + shift, end: run.end + shift };
      return [before, after].filter((part) => part.start < part.end);
    });
    return new Changes(text, items, runs);
  }

  // With one of them the other way round.
  turned(item) {
    const { start, end, other } = item;
    const shift = other.length - (end - start);
    const items = this.items.map((each) => {
      if (each === item) {
        return { ...each, state: OTHER_WAY[each.state], other: this.text.slice(start, end), end: end + shift };
      }
      return each.start < end ? each : { ...each, start: each.start + shift, end: each.end + shift };
    });
    const text = this.text.slice(0, start) + other + this.text.slice(end);
    return new Changes(text, items, this.in(text).runs);
  }

  get marks() {
    return this.items.filter((item) => CLASSES[item.state]);
  }

  // Of the lexicon's the one at the selection, however it stands, or else the next after it.
  at(from, to) {
    const all = this.items.filter((item) => item.state !== DOUBT);
    const here = all.findLast((item) => item.start <= to && from <= item.end);
    return here ?? all.find((item) => CLASSES[item.state] && item.start >= to);
  }

  // As they are once a reviewer has been through the text.
  get accepted() {
    return new Changes(this.text, this.items.filter((item) => item.state !== DOUBT), this.runs);
  }

  // The next mark from a selection, or with a step of -1 the one before; of none, the first or last.
  next(step, from, to) {
    const { marks } = this;
    if (from === undefined) return marks.at(step > 0 ? 0 : -1);
    if (step < 0) return marks.findLast((item) => item.end <= from);
    return marks.find((item) => item.start >= to);
  }

  // The run that a place is in, else the one before it.
  runAt(place) {
    return this.runs.findLast((run) => run.start <= place);
  }

  // The text as nodes, with its marks and languages. Under a box, whose own text is of one language
  // and direction, these are not told, or its letters would stand elsewhere.
  nodes({ under = false } = {}) {
    const found = [];
    let at = 0;
    for (const { n, state, other, title, start, end } of this.marks) {
      const mark = document.createElement("mark");
      mark.className = CLASSES[state];
      mark.title = title;
      if (n) Object.assign(mark.dataset, { n, state, other });
      mark.append(...this.inRuns(start, end, under));
      found.push(...this.inRuns(at, start, under), mark);
      at = end;
    }
    return [...found, ...this.inRuns(at, this.text.length, under)];
  }

  inRuns(start, end, under) {
    const found = [];
    let at = start;
    for (const { lang, dir, className, title, ...run } of this.runs) {
      const first = Math.max(run.start, at);
      const last = Math.min(run.end, end);
      if (first >= last) continue;
      const span = document.createElement("span");
      span.className = className;
      if (!under) Object.assign(span, dir ? { lang, dir } : { lang });
      if (title) span.title = title;
      span.textContent = this.text.slice(first, last);
      found.push(this.text.slice(at, first), span);
      at = last;
    }
    return [...found, this.text.slice(at, end)].filter(Boolean);
  }
}
