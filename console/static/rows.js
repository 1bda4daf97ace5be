// Rows: one is selected, by key or pointer; beside a wide list stands what the
// selected row holds.
import { load, counted } from "./load.js";

let selected = null; // key of the selected row
let shown = null; // key of the row in the pane
let timer = 0;

const rows = () => [...document.querySelectorAll("tbody[data-rows] > tr")];
const pane = () => {
  const p = document.getElementById("pane");
  return p && getComputedStyle(p).display !== "none" ? p : null;
};
const handle = (tr) => tr.querySelector(".row-link") ?? tr.querySelector("[tabindex]") ?? tr.cells[0];

export function select(tr, focus) {
  for (const other of document.querySelectorAll("tr[data-selected]")) delete other.dataset.selected;
  selected = tr?.dataset.key ?? null;
  if (!tr) return;
  tr.dataset.selected = "";
  if (focus) {
    const at = handle(tr);
    if (!at.matches("a")) at.tabIndex = -1;
    at.focus({ preventScroll: true });
    tr.scrollIntoView({ block: "nearest" });
  }
  clearTimeout(timer);
  timer = setTimeout(preview, 90);
}

export function move(step) {
  const all = rows();
  if (!all.length) return;
  const i = all.findIndex((tr) => tr.dataset.key === selected);
  select(all[i < 0 ? 0 : Math.min(Math.max(i + step, 0), all.length - 1)], true);
}

export function mark() {
  const box = rows().find((tr) => tr.dataset.key === selected)?.querySelector("input[type=checkbox]");
  box?.click();
}

// preview puts the page of the selected row into the pane.
export async function preview(again) {
  const box = pane();
  const tr = rows().find((r) => r.dataset.key === selected);
  const link = tr?.querySelector(".row-link");
  if (!box || !link || !again && shown === selected) return;
  const key = selected;
  try {
    const { page } = await load(link.href);
    const part = page.getElementById("detail") ?? page.getElementById("problem");
    if (key !== selected || !part) return;
    fill(part, key);
  } catch { /* the banner says that there is no contact */ }
}

// fill shows a part in the pane; what is there already stays as it is.
export function fill(part, key) {
  const box = pane();
  if (!box) return;
  part.removeAttribute("data-region"); // the pane follows its row
  const h1 = part.querySelector("h1");
  h1?.replaceWith(heading(h1));
  const old = box.firstElementChild;
  if (old?.isEqualNode(part)) return;
  const top = key === shown ? box.scrollTop : 0;
  box.replaceChildren(document.adoptNode(part));
  box.scrollTop = top;
  shown = key;
}

// heading keeps one first-level heading on the page.
function heading(h1) {
  const h2 = document.createElement("h2");
  h2.className = h1.className;
  h2.append(...h1.childNodes);
  return h2;
}

// merge takes the rows of a fresh page into the rows on the screen: what
// changed is changed in place, nothing moves, and what is new is counted.
export function merge(page) {
  const here = new Map(rows().map((tr) => [tr.dataset.key, tr]));
  let fresh = 0;
  for (const tr of page.querySelectorAll("tbody[data-rows] > tr")) {
    const old = here.get(tr.dataset.key);
    if (!old) fresh++;
    else cells(old, tr);
  }
  const total = (doc) => Number(doc.querySelector("table[data-total]")?.dataset.total ?? 0);
  return fresh ? Math.max(fresh, total(page) - total(document)) : 0;
}

function cells(old, tr) {
  [...tr.cells].forEach((cell, i) => {
    const was = old.cells[i];
    if (!was || was.isEqualNode(cell)) return;
    const focused = was.contains(document.activeElement);
    const marked = was.querySelector("input[type=checkbox]")?.checked;
    was.replaceWith(document.adoptNode(cell));
    if (marked && cell.querySelector("input[type=checkbox]")) cell.querySelector("input[type=checkbox]").checked = true;
    if (focused) handle(old).focus({ preventScroll: true });
  });
}

// replace shows the list of a fresh page whole and keeps the selection.
export function replace(page) {
  const old = document.getElementById("list");
  const next = page.getElementById("list");
  if (!old || !next) return;
  const focused = old.contains(document.activeElement);
  old.replaceWith(document.adoptNode(next));
  tally();
  const all = rows();
  const same = all.find((tr) => tr.dataset.key === selected);
  if (same) select(same, focused);
  else if (pane() && all.length) select(all[0], focused);
  preview(true);
}

// tally says how many rows are marked, and shows what can be done with them.
export function tally() {
  const bar = document.querySelector("[data-acts]");
  const all = document.querySelector("[data-mark-all]");
  if (all) all.hidden = false;
  if (!bar) return;
  const n = document.querySelectorAll("tbody input[name=id]:checked").length;
  const count = bar.querySelector(".acts-count");
  count.textContent = n ? counted(JSON.parse(count.dataset.forms), n) : "";
  bar.hidden = n === 0;
}

export function startRows() {
  document.querySelector(".tabs [aria-current]")?.scrollIntoView({ inline: "nearest", block: "nearest" });
  tally();
  if (rows().length) sessionStorage.setItem("list " + location.pathname, location.search);
  document.addEventListener("change", (e) => {
    if (e.target.matches("[data-mark-all]")) {
      for (const box of document.querySelectorAll("tbody input[name=id]")) box.checked = e.target.checked;
    }
    if (e.target.matches("[type=checkbox]")) tally();
  });
  document.addEventListener("click", (e) => {
    const tr = e.target.closest("tbody[data-rows] > tr");
    if (!tr || e.target.closest("input, button, a:not(.row-link)") || e.ctrlKey || e.metaKey || e.shiftKey || e.button) return;
    if (!getSelection().isCollapsed) return;
    const link = tr.querySelector(".row-link");
    if (e.detail === 0 || !link) return; // a key has opened it
    if (pane()) {
      e.preventDefault();
      select(tr, true);
    } else if (!e.target.closest("a")) {
      link.click();
    }
  });
  document.addEventListener("dblclick", (e) => e.target.closest("tbody[data-rows] > tr")?.querySelector(".row-link")?.click());
  document.addEventListener("focusin", (e) => {
    const tr = e.target.closest("tbody[data-rows] > tr");
    if (tr && tr.dataset.key !== selected) select(tr, false);
  });
  if (pane() && rows().length) select(rows()[0], false);
}
