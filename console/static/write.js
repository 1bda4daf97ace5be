// Writing: a form is kept on the node at every pause, and in this browser while
// the node does not have it. Nothing that was typed waits for a button.

const pause = 500; // ms without a key before the form is kept
const failed = 5000; // ms before it is tried again

let form, said, timer = 0, busy = null, sure = "", leaving = false;

const text = () => {
  const all = new URLSearchParams(new FormData(form));
  all.delete("version");
  return all.toString();
};
const place = () => "writing:" + location.pathname;

function tell(word) {
  if (said) said.textContent = word ? said.dataset[word] : "";
}

function hold(body) {
  try {
    localStorage.setItem(place(), JSON.stringify({ version: form.elements.version.value, body }));
  } catch { /* no room: the node is asked all the same */ }
}

// keep sends the form to the node, one sending at a time, and returns whether the
// node has it as it stands.
function keep() {
  clearTimeout(timer);
  timer = 0;
  busy ??= send().finally(() => { busy = null; });
  return busy;
}

async function send() {
  for (let body = text(); body !== sure; body = text()) {
    const all = new URLSearchParams(body);
    all.set("version", form.elements.version.value);
    let answer;
    try {
      answer = await fetch(form.action + "/keep", { method: "POST", body: all, redirect: "error" });
    } catch { /* no contact */ }
    if (!answer?.ok) {
      hold(text());
      tell(answer?.status === 401 ? "over" : "off");
      timer = setTimeout(keep, failed);
      return false;
    }
    const [id, version] = (await answer.text()).split(" ");
    taken(id, version, body);
  }
  return true;
}

// taken notes under which name the node has a text. Another name: it was changed
// elsewhere meanwhile, and both texts are there now.
function taken(id, version, body) {
  sure = body;
  form.elements.version.value = version;
  if (text() === body) localStorage.removeItem(place());
  tell("kept");
  if (location.pathname.endsWith(id)) return;
  localStorage.removeItem(place());
  history.replaceState(null, "", "/writing/" + id);
  form.action = "/writing/" + id;
  tell("copy");
}

function changed() {
  tell("");
  clearTimeout(timer);
  timer = setTimeout(keep, pause);
}

// restore puts back what this browser has and the node has not.
function restore() {
  let kept;
  try {
    kept = JSON.parse(localStorage.getItem(place()));
  } catch { /* not ours */ }
  if (!kept) return;
  if (kept.body === sure) return localStorage.removeItem(place());
  const values = new URLSearchParams(kept.body);
  if (kept.version !== form.elements.version.value) return apart(values, kept.version);
  const left = new Map([...new Set(values.keys())].map((k) => [k, values.getAll(k)]));
  for (const f of form.elements) {
    if (!f.name || f.name === "version" || f.type === "submit") continue;
    const all = left.get(f.name) ?? [];
    if (f.type === "checkbox" || f.type === "radio") f.checked = all.includes(f.value);
    else if (all.length) f.value = all.shift();
  }
  keep();
}

// apart keeps a text of this browser beside a newer one of the node.
async function apart(values, version) {
  values.set("version", version);
  try {
    const answer = await fetch(form.action + "/keep", { method: "POST", body: values, redirect: "error" });
    if (!answer.ok) return;
    localStorage.removeItem(place());
    if (!location.pathname.endsWith((await answer.text()).split(" ")[0])) tell("copy");
  } catch { /* next time */ }
}

export function startWriting() {
  form = document.querySelector("form[data-keep]");
  if (!form) return;
  said = document.getElementById("kept");
  sure = text();
  restore();
  form.addEventListener("input", changed);
  form.addEventListener("change", changed);
  form.addEventListener("submit", async (e) => {
    if (leaving || text() === sure && !busy) return;
    e.preventDefault();
    const button = e.submitter;
    if (!await keep()) return;
    leaving = true;
    form.requestSubmit(button);
    leaving = false;
  });
  addEventListener("pagehide", () => {
    if (text() === sure) return;
    hold(text());
    const all = new URLSearchParams(text());
    all.set("version", form.elements.version.value);
    fetch(form.action + "/keep", { method: "POST", body: all, keepalive: true }).catch(() => {});
  });
}
