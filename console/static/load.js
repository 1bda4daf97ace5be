// load asks for a page of this console and returns it as a document. The
// browser's own loader parses it, so no string becomes markup in a script.
import { localise } from "./time.js";

export function load(url, body) {
  return new Promise((resolve, reject) => {
    const ask = new XMLHttpRequest();
    ask.open(body ? "POST" : "GET", url);
    ask.responseType = "document";
    ask.timeout = 15000;
    ask.onload = () => {
      if (ask.status === 401) return location.reload();
      if (!ask.response) return reject(new Error(url));
      localise(ask.response);
      resolve({ ok: ask.status < 400, page: ask.response });
    };
    ask.onerror = ask.ontimeout = () => reject(new Error(url));
    ask.send(body);
  });
}

// regions replaces the parts of this page that are marked as such by the same
// parts of another one, save where the reader is at work.
export function regions(page) {
  for (const old of document.querySelectorAll("[data-region]")) {
    const fresh = page.getElementById(old.id);
    if (!fresh || old.isEqualNode(fresh) || busy(old)) continue;
    const focus = path(old, document.activeElement);
    old.replaceWith(document.adoptNode(fresh));
    if (focus) follow(fresh, focus)?.focus({ preventScroll: true });
  }
}

function busy(part) {
  const at = document.activeElement;
  return part.contains(at) && at.matches("input, select, textarea") || !getSelection().isCollapsed && part.contains(getSelection().anchorNode);
}

// path and follow find the same place again in a part that was replaced.
function path(root, node) {
  if (!root.contains(node)) return null;
  const steps = [];
  for (; node !== root; node = node.parentNode) steps.unshift([...node.parentNode.children].indexOf(node));
  return steps;
}

function follow(root, steps) {
  for (const i of steps) root = root?.children[i];
  return root;
}

// counted fills a counted text of the catalogue.
export function counted(forms, n) {
  const lang = document.documentElement.lang;
  const form = forms[new Intl.PluralRules(lang).select(n)] ?? forms.other ?? forms.many;
  return form.replace("{n}", new Intl.NumberFormat(lang).format(n));
}

// say shows an error page's words above the list, or takes them away.
export function say(page) {
  const box = document.getElementById("message");
  if (!box) return;
  const words = [...page?.querySelectorAll("#problem h1, #problem > p:not(:has(.button))") ?? []];
  box.textContent = words.map((w, i) => ended(w.textContent.trim(), w.matches(".refusal") && i + 1 < words.length ? ":" : ".")).join(" ");
  box.hidden = words.length === 0;
}

// ended makes a sentence of what stood on a line of its own.
function ended(text, mark) {
  return /[.:!?…]$/.test(text) ? text : text + mark;
}
