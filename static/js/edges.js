// From when to when a segment lasts: a strip of the waveform with an edge to drag at either side,
// and keys that move them. The edges are two range inputs, one over the other.

import { clock } from "./player.js";

const AROUND_MS = 1500; // shown before and after the segment
const SHORTEST_MS = 50;
const SEND_AFTER_MS = 500;

export class Edges {
  constructor(editor, structure, player) {
    Object.assign(this, { editor, structure, player });
    this.moved = null; // {article, was}: not yet sent
    const { side } = editor.column;
    side.addEventListener("input", ({ target }) => {
      if (target.matches(".edge")) this.move(target.dataset.edge, target.valueAsNumber);
    });
    // not while a key that was pressed meanwhile is to be seen
    side.addEventListener("renewed", () => window.requestIdleCallback?.(() => this.draw(), { timeout: 300 }) ?? this.draw());
    window.addEventListener("pagehide", () => this.send({ keepalive: true }));
    structure.settleTimes = () => this.send();
  }

  get article() {
    return this.editor.current?.article;
  }

  // Moves the start or the end of the open segment.
  nudge(name, byMs) {
    if (this.article) this.move(name, Number(this.article.dataset[name]) + byMs);
  }

  move(name, ms) {
    const { article } = this;
    if (!article) return;
    if (this.moved?.article !== article) this.send();
    const start = Number(article.dataset.start);
    const end = Number(article.dataset.end);
    this.moved ??= { article, was: { start, end } };
    article.dataset[name] =
      name === "start" ? Math.min(Math.max(0, ms), end - SHORTEST_MS) : Math.max(ms, start + SHORTEST_MS);
    this.editor.column.showTimes(article, this.moved.was);
    this.draw();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.send(), SEND_AFTER_MS);
  }

  async send(how) {
    clearTimeout(this.timer);
    const { moved } = this;
    this.moved = null;
    if (!moved) return;
    const { article, was } = moved;
    const { start, end } = article.dataset;
    const done = await this.structure.setTimes(article, Number(start), Number(end), was, how);
    if (!done) Object.assign(article.dataset, was);
    if (this.article !== article || this.moved) return;
    this.editor.column.showTimes(article);
    this.draw();
    this.editor.column.load(article);
  }

  async draw() {
    const { article } = this;
    const strip = this.editor.column.side.querySelector(".edges");
    if (!strip || !article) return;
    const edges = [...strip.querySelectorAll(".edge")];
    if (strip.dataset.of !== article.id) { // or of the segment that was open before
      const { start, end } = article.dataset;
      for (const edge of edges) Object.assign(edge, { min: start - AROUND_MS, max: Number(end) + AROUND_MS });
      strip.dataset.of = article.id;
    }
    for (const edge of edges) {
      const ms = Number(article.dataset[edge.dataset.edge]);
      if (ms < edge.min) edge.min = ms - AROUND_MS;
      if (ms > edge.max) edge.max = ms + AROUND_MS;
      edge.value = ms;
      edge.setAttribute("aria-valuetext", clock(ms));
    }
    const [from, to] = [Number(edges[0].min), Number(edges[1].max)];
    for (const edge of edges) Object.assign(edge, { min: from, max: to });
    const peaks = await this.player.peaksBetween();
    if (strip.isConnected) this.paint(strip.querySelector("canvas"), peaks, article, from, to);
  }

  paint(canvas, peaks, { dataset }, from, to) {
    const { width, height } = canvas.getBoundingClientRect();
    const scale = window.devicePixelRatio || 1;
    canvas.width = width * scale;
    canvas.height = height * scale;
    const pen = canvas.getContext("2d");
    pen.scale(scale, scale);
    pen.fillStyle = getComputedStyle(canvas).color;
    const bars = Math.floor(width / 3);
    for (let i = 0; i < bars; i += 1) {
      const ms = from + (i / bars) * (to - from);
      const tall = Math.max(1, peaks(ms, ms + (to - from) / bars) * height);
      pen.globalAlpha = ms >= dataset.start && ms < dataset.end ? 1 : 0.3;
      pen.fillRect(i * 3, (height - tall) / 2, 1.8, tall);
    }
  }
}
