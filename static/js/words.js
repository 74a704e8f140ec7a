// When each word is said: fetched for some segments at a time, kept as long as their text is the same.

const PLAYING = "playing"; // the name of the highlight, see desk.css

export class Words {
  constructor(list) {
    this.list = list;
    this.address = `${list.dataset.desk}words/`;
    this.known = new Map(); // id of a segment -> {version, words: [[start, end, start_ms, end_ms]]}
    this.asked = new Map(); // id and version of a segment -> the request that brings its words
    this.came = () => {}; // told when words were fetched
    this.shown = null; // the word that is highlighted
    this.range = null; // where it stands; collapsed when that was changed
    this.highlight = CSS.highlights ? new Highlight() : null;
    if (this.highlight) CSS.highlights.set(PLAYING, this.highlight);
  }

  // The words of a segment's text as it stands on the page, null where it was changed since.
  now(article) {
    const found = this.known.get(article.dataset.id);
    return found && found.version === Number(article.dataset.version) ? found.words : null;
  }

  async of(article) {
    if (!this.now(article)) await this.load(article);
    return this.now(article);
  }

  // Not twice in a second for the same text.
  load({ dataset: { id, version } }) {
    const text = `${id} ${version}`;
    if (!this.asked.has(text)) {
      const done = this.fetch(id).finally(() => setTimeout(() => this.asked.delete(text), 1000));
      this.asked.set(text, done);
    }
    return this.asked.get(text);
  }

  async fetch(id) {
    const answer = await fetch(`${this.address}?from=${id}`).catch(() => null);
    if (!answer?.ok || answer.redirected) return;
    for (const [each, found] of Object.entries(await answer.json().catch(() => ({})))) this.known.set(each, found);
    this.came();
  }

  // Highlights the word of the playing segment that is said at this time.
  show(article, ms) {
    if (!this.highlight) return;
    const words = article && this.now(article);
    if (article && !words) this.load(article);
    const word = words?.findLast(([, , start]) => start <= ms) ?? null;
    if (word === this.shown && (!word || stands(this.range))) return;
    this.shown = word;
    this.highlight.clear();
    this.range = word && rangeOf(article, word);
    if (this.range) this.highlight.add(this.range);
  }

  // When the word at this place of the text is said.
  async timeAt(article, place) {
    const words = (await this.of(article)) ?? [];
    return words.findLast(([start]) => start <= place)?.[2];
  }
}

// Not where the letters were changed, or are not on the page any more.
function stands(range) {
  return Boolean(range) && !range.collapsed && range.startContainer.isConnected;
}

// Where the word stands on the page; in an open segment that is under the box.
function rangeOf(article, [start, end]) {
  const say = article.querySelector(".say");
  const text = say.hidden ? article.querySelector(".under") : say;
  if (text.textContent !== say.textContent) return null; // it is being changed
  const range = document.createRange();
  let at = 0;
  const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (at <= start && start < at + node.length) range.setStart(node, start - at);
    if (at < end && end <= at + node.length) {
      range.setEnd(node, end - at);
      return range;
    }
    at += node.length;
  }
  return null;
}
