// What the lexicon changed or suggests in a segment, and where that stands while the text is typed.
//
// The server marks it in the text (<mark>). Here it is kept beside that text, and found again in
// what the box holds: nobody's typing can put it in the wrong place, at worst it is lost until the
// next save brings it anew.

const OTHER_WAY = { applied: "undone", undone: "applied", open: "taken", taken: "open" };
const CLASSES = { applied: "lex", open: "maybe" }; // what is to be seen in the text

export class Changes {
  constructor(text, items) {
    this.text = text;
    this.items = items; // in order: {n, state, other, title, start, end}
  }

  // From an element or fragment with marks.
  static read(root) {
    const items = [];
    let at = 0;
    for (const node of root.childNodes) {
      const start = at;
      at += node.textContent.length;
      const { n, state, other } = node.dataset ?? {};
      if (n) items.push({ n, state, other, title: node.title, start, end: at });
    }
    return new Changes(root.textContent, items);
  }

  // The same in another text: what stands before and after the place where the two differ.
  in(text) {
    if (text === this.text || !this.items.length) return new Changes(text, this.items);
    const least = Math.min(text.length, this.text.length);
    let head = 0;
    while (head < least && text[head] === this.text[head]) head += 1;
    let tail = 0;
    while (tail < least - head && text.at(-1 - tail) === this.text.at(-1 - tail)) tail += 1;
    const shift = text.length - this.text.length;
    const items = this.items.flatMap((item) => {
      if (item.end <= head) return [item];
      const after = item.start >= this.text.length - tail;
      return after ? [{ ...item, start: item.start + shift, end: item.end + shift }] : [];
    });
    return new Changes(text, items);
  }

  // With one of them the other way round.
  turned(item) {
    const { n, start, end, other } = item;
    const shift = other.length - (end - start);
    const items = this.items.map((each) => {
      if (each.n === n) {
        return { ...each, state: OTHER_WAY[each.state], other: this.text.slice(start, end), end: end + shift };
      }
      return each.start < end ? each : { ...each, start: each.start + shift, end: each.end + shift };
    });
    return new Changes(this.text.slice(0, start) + other + this.text.slice(end), items);
  }

  get marks() {
    return this.items.filter((item) => CLASSES[item.state]);
  }

  // The one at the selection, however it stands, or else the next mark after it.
  at(from, to) {
    const here = this.items.findLast((item) => item.start <= to && from <= item.end);
    return here ?? this.marks.find((item) => item.start >= to);
  }

  // The next mark from a selection, or with a step of -1 the one before; of none, the first or last.
  next(step, from, to) {
    const { marks } = this;
    if (from === undefined) return marks.at(step > 0 ? 0 : -1);
    if (step < 0) return marks.findLast((item) => item.end <= from);
    return marks.find((item) => item.start >= to);
  }

  // The text as nodes, with its marks.
  nodes() {
    const found = [];
    let at = 0;
    for (const { n, state, other, title, start, end } of this.marks) {
      const mark = document.createElement("mark");
      mark.className = CLASSES[state];
      mark.title = title;
      Object.assign(mark.dataset, { n, state, other });
      mark.textContent = this.text.slice(start, end);
      found.push(this.text.slice(at, start), mark);
      at = end;
    }
    return [...found, this.text.slice(at)].filter(Boolean);
  }
}
