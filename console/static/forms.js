// Forms: the same posts as without scripts, but the reader keeps his place.
import { load, say } from "./load.js";
import { fill } from "./rows.js";
import { refresh } from "./live.js";

async function inline(form) {
  const buttons = form.querySelectorAll("button");
  for (const b of buttons) b.disabled = true;
  try {
    const { ok, page } = await load(form.action, new URLSearchParams(new FormData(form)));
    if (!ok && !document.getElementById("message")) return show(page);
    say(ok ? null : page);
    if (!ok) return;
    const part = page.getElementById("detail");
    const alone = document.querySelector("main > #detail");
    if (alone && part) return alone.replaceWith(document.adoptNode(part));
    if (part) fill(part, part.dataset.swap);
    if (document.getElementById("list")) await refresh();
  } catch {
    form.submit(); // the browser shows what is wrong
  } finally {
    for (const b of buttons) b.disabled = false;
  }
}

// show puts an error where the page has no room of its own for it.
function show(page) {
  const problem = page.getElementById("problem");
  if (problem) document.getElementById("main").replaceChildren(document.adoptNode(problem));
}

async function reload(form, button) {
  const body = new URLSearchParams(new FormData(form));
  if (button?.name) body.set(button.name, button.value);
  try {
    await load(form.action, body);
  } finally {
    location.reload();
  }
}

// enter moves the token from the fragment, which no server sees, into the form,
// and takes it out of the address and the history.
function enter() {
  const form = document.getElementById("enter");
  if (!form || location.hash.length < 2) return;
  form.elements.token.value = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
  form.requestSubmit();
}

export function startForms() {
  document.addEventListener("submit", (e) => {
    if (e.defaultPrevented) return;
    if (e.target.matches("[data-inline]")) {
      e.preventDefault();
      inline(e.target);
    } else if (e.target.matches("[data-reload]")) {
      e.preventDefault();
      reload(e.target, e.submitter);
    }
  });
  document.addEventListener("click", (e) => {
    if (e.target.closest("[data-print]")) print();
  });
  document.addEventListener("change", (e) => {
    if (e.target.matches(".filter select")) e.target.form.requestSubmit();
  });
  const way = document.getElementById("way");
  if (way) location.replace(way.href);
  enter();
}
