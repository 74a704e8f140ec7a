// The player: sound, waveform, clock, speed, and which segment is playing.

import { setText } from "./patch.js";
import { read, write } from "./store.js";

const FINE_BUCKETS = 20_000; // of the waveform: as many as the server gives
const SLIDER_KEYS = {
  ArrowLeft: -1500,
  ArrowDown: -1500,
  ArrowRight: 1500,
  ArrowUp: 1500,
  PageUp: 15000,
  PageDown: -15000,
  Home: -Infinity,
  End: Infinity,
};

export class Player {
  constructor(root, list, words) {
    this.root = root;
    this.list = list;
    this.segments = list.getElementsByClassName("seg");
    this.words = words;
    words.came = () => this.highlight(this.ms); // of what was sought, too, without playing
    this.stepBackMs = Number(root.dataset.stepBackMs);
    this.looped = null; // the article that is played again and again
    this.audio = root.querySelector("audio");
    this.wave = root.querySelector(".wave");
    this.canvas = root.querySelector("canvas");
    this.now = document.getElementById("now");
    this.speed = document.getElementById("speed");
    this.followButton = document.getElementById("follow");
    this.durationMs = Number(root.dataset.durationMs);
    this.peaks = new Uint8Array();
    this.bucketMs = 1; // of a byte of the peaks
    this.follows = root.dataset.follow !== undefined; // as the reader wishes it
    this.following = this.follows;
    this.playing = null; // the article that is highlighted
    this.stoppedAt = null; // where it was paused: playing goes on a little before
    this.listen();
    if (this.audio.error) this.showError(); // before this script came
    this.loadPeaks();
    this.setSpeed(Number(read("verbatim:speed")) || 1);
  }

  get ms() {
    return this.audio.currentTime * 1000;
  }

  listen() {
    this.root.querySelector(".play").addEventListener("click", () => this.toggle());
    this.speed.addEventListener("click", () => this.setSpeed(1));
    this.audio.addEventListener("play", () => this.animate());
    for (const name of ["play", "pause", "ended"]) this.audio.addEventListener(name, () => this.showState());
    for (const name of ["seeked", "loadedmetadata", "pause"]) this.audio.addEventListener(name, () => this.show());
    this.audio.addEventListener("error", () => this.showError());
    this.wave.addEventListener("pointerdown", (event) => {
      this.wave.setPointerCapture(event.pointerId);
      this.seekToPointer(event);
    });
    this.wave.addEventListener("pointermove", (event) => {
      if (this.wave.hasPointerCapture(event.pointerId)) this.seekToPointer(event);
    });
    this.wave.addEventListener("keydown", (event) => {
      const step = SLIDER_KEYS[event.key];
      if (!step || event.altKey) return;
      event.preventDefault();
      this.skip(step);
    });
    for (const name of ["wheel", "touchmove"]) {
      window.addEventListener(name, () => this.stopFollowing(), { passive: true });
    }
    window.addEventListener("keydown", (event) => {
      const scrolls = /^(Page|Arrow|Home|End)/.test(event.key) && !event.altKey;
      if (scrolls && !event.target.closest("textarea, .wave")) this.stopFollowing();
    });
    this.followButton.addEventListener("click", () => this.follow());
    new ResizeObserver(() => this.draw()).observe(this.wave);
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  async loadPeaks() {
    const { width } = this.wave.getBoundingClientRect();
    const found = await this.drawing(Math.max(1, Math.ceil(width * (window.devicePixelRatio || 1))));
    if (!found) return; // the line without its waves still seeks
    Object.assign(this, found);
    this.draw();
  }

  // The waveform in so many buckets, {bucketMs, peaks}; null where there is none, or one is
  // logged out.
  async drawing(buckets) {
    if (!this.root.dataset.peaks) return null;
    const answer = await fetch(`${this.root.dataset.peaks}?buckets=${buckets}`).catch(() => null);
    const bucketMs = Number(answer?.headers.get("Verbatim-Bucket-Ms"));
    return bucketMs ? { bucketMs, peaks: new Uint8Array(await answer.arrayBuffer()) } : null;
  }

  // A function from a stretch in ms to how high the waveform is there, of 1, from a finer drawing.
  async peaksBetween() {
    this.fine ??= this.drawing(FINE_BUCKETS);
    const { bucketMs, peaks } = (await this.fine) ?? this;
    return (from, to) => highest(peaks, from / bucketMs, to / bucketMs) / 255;
  }

  toggle() {
    if (!this.audio.paused) {
      this.audio.pause();
      this.stoppedAt = this.audio.currentTime;
      return;
    }
    const resumes = this.audio.currentTime === this.stoppedAt && !this.audio.ended;
    if (resumes) this.skip(-this.stepBackMs);
    this.play();
  }

  play() {
    this.audio.play().catch((error) => {
      if (error.name !== "AbortError") this.showError();
    });
  }

  playFrom(ms) {
    this.seek(ms);
    this.following = this.follows;
    this.followButton.hidden = true;
    this.play();
  }

  // Plays the segment again and again, or goes on behind it again.
  loop(article) {
    this.looped?.classList.remove("looped");
    this.looped = this.looped === article ? null : article;
    if (!this.looped) return;
    article.classList.add("looped");
    this.playFrom(Number(article.dataset.start));
  }

  follow() {
    this.following = true;
    this.followButton.hidden = true;
    this.reveal(true);
  }

  seek(ms) {
    this.audio.currentTime = Math.min(Math.max(0, ms), this.durationMs) / 1000;
    this.show();
  }

  skip(ms) {
    this.seek(this.ms + ms);
  }

  changeSpeed(by) {
    this.setSpeed(this.audio.playbackRate + by);
  }

  setSpeed(rate) {
    this.audio.playbackRate = Math.min(3, Math.max(0.5, rate));
    this.audio.preservesPitch = true;
    this.speed.textContent = `${this.audio.playbackRate}×`;
    write("verbatim:speed", this.audio.playbackRate);
  }

  seekToPointer(event) {
    const box = this.wave.getBoundingClientRect();
    this.seek(((event.clientX - box.left) / box.width) * this.durationMs);
  }

  showState() {
    const playing = !this.audio.paused;
    this.root.classList.toggle("playing", playing);
    this.root.querySelector(".play").setAttribute("aria-label", playing ? "Pause" : "Play");
  }

  showError() {
    this.now.textContent = "no sound";
    this.root.title = "This browser cannot play the recording yet. A copy that it can play is being made; load the page again in a moment.";
  }

  animate() {
    if (this.audio.paused) return;
    if (this.looped?.isConnected && this.ms >= this.looped.dataset.end) this.seek(Number(this.looped.dataset.start));
    this.show();
    requestAnimationFrame(() => this.animate());
  }

  show() {
    const ms = this.ms;
    this.highlight(ms);
    const shown = clock(ms);
    if (this.now.textContent !== shown) {
      setText(this.now, shown);
      this.wave.setAttribute("aria-valuenow", Math.round(ms));
      this.wave.setAttribute("aria-valuetext", shown);
    }
    const place = Math.round((ms / this.durationMs) * this.canvas.width);
    if (place !== this.drawn) this.draw();
    this.drawn = place;
  }

  highlight(ms) {
    const found = this.segmentAt(ms);
    this.words.show(found, ms);
    if (found === this.playing) return;
    this.playing?.classList.remove("playing");
    this.playing = found;
    found?.classList.add("playing");
    if (found && this.following && !this.audio.paused) this.reveal();
  }

  // The last segment that starts at or before this time, as long as it lasts.
  segmentAt(ms) {
    const all = this.segments;
    let low = 0;
    let high = all.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (Number(all[middle].dataset.start) <= ms) low = middle + 1;
      else high = middle;
    }
    const article = all[low - 1];
    return article && ms < Number(article.dataset.end) ? article : null;
  }

  reveal(asked = false) {
    // while someone types, the page stays where the caret is
    if (!asked && document.activeElement?.matches("textarea")) return;
    const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.playing?.scrollIntoView({ block: "center", behavior: still ? "auto" : "smooth" });
  }

  stopFollowing() {
    if (this.audio.paused || !this.following) return;
    this.following = false;
    this.followButton.hidden = false;
  }

  draw() {
    const { width, height } = this.wave.getBoundingClientRect();
    const scale = window.devicePixelRatio || 1;
    if (this.canvas.width !== Math.round(width * scale)) {
      this.canvas.width = Math.round(width * scale);
      this.canvas.height = Math.round(height * scale);
    }
    const [done, rest, ink] = this.colours();
    const pen = this.canvas.getContext("2d");
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.clearRect(0, 0, width, height);
    const played = this.durationMs ? (this.ms / this.durationMs) * width : 0;
    const bars = Math.floor(width / 3);
    for (let i = 0; i < bars; i += 1) {
      const tall = Math.max(2, (this.peakBetween(i / bars, (i + 1) / bars) / 255) * height);
      pen.fillStyle = i * 3 < played ? done : rest;
      pen.fillRect(i * 3, (height - tall) / 2, 1.8, tall);
    }
    pen.fillStyle = ink;
    pen.fillRect(Math.min(played, width - 1.5), 0, 1.5, height);
  }

  // Canvas takes no light-dark(): three elements of the page lend it their colours.
  colours() {
    const of = (element) => getComputedStyle(element).color;
    return [of(this.wave), of(this.canvas), of(this.now)];
  }

  // The highest peak in a stretch, given in shares of the whole recording.
  peakBetween(from, to) {
    const buckets = this.durationMs / this.bucketMs;
    return highest(this.peaks, from * buckets, to * buckets);
  }
}

function highest(peaks, from, to) {
  const first = Math.max(0, Math.floor(from));
  const last = Math.min(peaks.length, Math.max(first + 1, Math.ceil(to)));
  let found = 0;
  for (let i = first; i < last; i += 1) found = Math.max(found, peaks[i]);
  return found;
}

// As people write times, to the millisecond: 02:03.450, or 1:02:03.450.
export function exact(ms) {
  return `${clock(ms).slice(0, -2)}.${String(Math.round(ms) % 1000).padStart(3, "0")}`;
}

export function clock(ms) {
  const seconds = ms / 1000;
  const pad = (number) => String(Math.floor(number)).padStart(2, "0");
  const hours = seconds >= 3600 ? `${Math.floor(seconds / 3600)}:` : "";
  return `${hours}${pad((seconds / 60) % 60)}:${pad(seconds % 60)}.${Math.floor(seconds * 10) % 10}`;
}
