// Plays stretches of recordings where they are linked to: /jobs/…/audio/#t=12.3,14.1

const player = new Audio();
let playing = null; // the link
let end = 0; // s

const shown = () => playing?.classList.toggle("playing", !player.paused);

function stop() {
  player.pause();
  shown();
  playing = null;
}

async function play(link) {
  const [address, stretch] = link.href.split("#t=");
  const [start, last] = stretch.split(",").map(Number);
  stop();
  [playing, end] = [link, last];
  if (player.src !== address) player.src = address;
  player.currentTime = start;
  try {
    await player.play();
  } catch (error) {
    // another was asked for meanwhile; or there is nothing to hear, which the browser then tells
    if (playing === link && error.name !== "AbortError") location.assign(link.href);
  }
  shown();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a.clip");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (link === playing && !player.paused) stop();
  else play(link);
});
player.addEventListener("timeupdate", () => player.currentTime >= end && stop());
player.addEventListener("ended", stop);
