// Live: the node says only that something changed; the page then asks for
// itself again. Rows on the screen keep their place, new ones wait.
import { load, regions, counted } from "./load.js";
import { merge, replace, preview } from "./rows.js";

const quiet = 16000; // ms without a word before the page says so
const pause = 1200; // ms between two looks

let last = Date.now();
let looked = 0;
let timer = 0;
let waiting = null; // the page whose rows wait

function state(word) {
  const pulse = document.getElementById("pulse");
  if (pulse && pulse.dataset.state !== word) {
    pulse.dataset.state = word;
    const text = pulse.querySelector(".pulse-word");
    text.textContent = text.dataset["word" + word[0].toUpperCase() + word.slice(1)];
  }
  document.getElementById("stale").hidden = word !== "off";
}

function heard() {
  last = Date.now();
  state("on");
}

// soon looks again, now or when the pause is over, never while nobody sees it.
function soon() {
  if (timer || document.hidden) return;
  timer = setTimeout(look, Math.max(0, looked + pause - Date.now()));
}

async function look() {
  timer = 0;
  looked = Date.now();
  try {
    const { ok, page } = await load(location.href);
    if (ok) take(page);
  } catch { /* the beat tells whether there is contact */ }
}

function take(page) {
  regions(page);
  const list = document.getElementById("list");
  if (!list) return;
  const n = merge(page);
  waiting = n ? page : null;
  const bar = document.getElementById("waiting");
  bar.hidden = !n;
  if (n) bar.textContent = counted(JSON.parse(bar.dataset.forms), n);
  preview(true);
}

// loadWaiting shows the rows that wait.
export function loadWaiting() {
  if (!waiting) return;
  const page = waiting;
  waiting = null;
  document.getElementById("waiting").hidden = true;
  replace(page);
}

// refresh shows the list as it is now, after the reader changed it.
export async function refresh() {
  const { ok, page } = await load(location.href);
  if (!ok) return;
  waiting = null;
  document.getElementById("waiting").hidden = true;
  regions(page);
  replace(page);
}

let source = null;

// listen opens the stream; a page that nobody sees gives its connection back.
function listen(area) {
  source?.close();
  const { case: id } = document.body.dataset;
  source = new EventSource(id ? "/live?case=" + encodeURIComponent(id) : "/live");
  source.addEventListener("beat", heard);
  source.addEventListener("over", () => location.reload());
  source.addEventListener("change", (e) => {
    heard();
    if (area === "all" || e.data.split(" ").includes(area)) soon();
  });
  source.addEventListener("open", () => {
    if (looked) soon();
    looked ||= 1;
  });
  source.addEventListener("error", () => {
    if (source.readyState !== EventSource.CLOSED) return;
    setTimeout(() => { if (!document.hidden) listen(area); }, 5000);
  });
}

export function startLive(area) {
  listen(area);
  document.getElementById("waiting")?.addEventListener("click", loadWaiting);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return source.close();
    listen(area);
    soon();
  });
  setInterval(() => { if (!document.hidden && Date.now() - last > quiet) state("off"); }, 1000);
}
