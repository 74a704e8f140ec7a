// Who else is at this desk. Each page tells of itself every few seconds; who is silent is gone.

import { csrfToken, send } from "./sending.js";

const TELL_EVERY_MS = 10_000;

export class Presence {
  constructor(list, editor) {
    this.address = `${list.dataset.desk}here/`;
    this.editor = editor;
    this.others = document.getElementById("others");
    this.tell();
    setInterval(() => this.tell(), TELL_EVERY_MS);
    window.addEventListener("pagehide", () => {
      const body = new URLSearchParams({ leaving: "1", csrfmiddlewaretoken: csrfToken() });
      navigator.sendBeacon(this.address, body);
    });
  }

  async tell() {
    const segment = this.editor.current?.article.dataset.id ?? "";
    const answer = await send(this.address, { segment });
    if (answer.status !== 200) return;
    const holder = document.createElement("template");
    holder.innerHTML = answer.text;
    const found = [...holder.content.children];
    document.querySelectorAll(".seg .here").forEach((each) => each.remove());
    for (const each of found) {
      document.querySelector(`#s${each.dataset.segment || 0} .t`)?.append(each.cloneNode(true));
    }
    const now = found.map((each) => each.outerHTML).join("");
    if (now === this.shown) return; // else screen readers say it again
    this.shown = now;
    this.others.replaceChildren(...found);
  }
}
