// Single keys. A letter counts by what it writes, or, on a keyboard that writes
// no Latin letters, by its place.
import { move, mark } from "./rows.js";
import { loadWaiting } from "./live.js";

const store = "keys-off";

function letter(e) {
  if (/^[\x20-\x7e]$/.test(e.key)) return e.key.toLowerCase();
  if (e.code === "BracketLeft") return "[";
  if (e.code === "BracketRight") return "]";
  if (e.code.startsWith("Key")) return e.code.slice(3).toLowerCase();
  return e.key;
}

function writing(node) {
  return node.matches("input:not([type=checkbox]), select, textarea, [contenteditable]");
}

function press(e) {
  if (e.ctrlKey || e.metaKey || e.altKey || e.isComposing) return;
  if (writing(e.target)) {
    if (e.key === "Escape") e.target.blur();
    return;
  }
  const help = document.getElementById("help");
  if (help?.matches(":popover-open") && e.key !== "?") return;
  if (e.key === "Escape") return leave(e);
  if (localStorage.getItem(store)) return;
  const key = letter(e);
  const screen = document.querySelector(`.letters a[data-letter="${CSS.escape(key.toUpperCase())}"]`);
  const act = screen ? () => screen.click() : acts[key];
  if (!act) return;
  e.preventDefault();
  act(e);
}

function leave(e) {
  const up = document.querySelector("main[data-up]")?.dataset.up;
  if (!up) return;
  e.preventDefault();
  back(up);
}

// back returns to the list as it was left, where there is one to return to.
function back(up) {
  location.assign(up + (sessionStorage.getItem("list " + up) ?? ""));
}

// clock shows the page as of the instant before or after.
function clock(key) {
  document.querySelector(`[data-clock="${key}"]`)?.click();
}

const acts = {
  j: () => move(1),
  k: () => move(-1),
  x: () => mark(),
  "/": () => document.getElementById("filter")?.focus(),
  ".": () => loadWaiting(),
  y: () => (document.querySelector("tr[data-selected] [data-key-form=y]") ?? document.querySelector("article [data-key-form=y]"))?.requestSubmit(),
  "[": () => clock("["),
  "]": () => clock("]"),
  u: leave,
  "?": () => document.getElementById("help")?.togglePopover(),
};

export function startKeys() {
  document.addEventListener("keydown", press);
  const box = document.getElementById("keys-on");
  if (!box) return;
  box.checked = !localStorage.getItem(store);
  box.addEventListener("change", () => box.checked ? localStorage.removeItem(store) : localStorage.setItem(store, "1"));
}
