// Times: every one stands in UTC; this adds the reader's own zone beneath it.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const own = new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "medium" });

export function localise(root) {
  for (const t of root.querySelectorAll(".when > time[datetime]")) {
    const at = new Date(t.dateTime);
    if (t.nextElementSibling || isNaN(at) || at.getTimezoneOffset() === 0) continue;
    const east = -at.getTimezoneOffset();
    const offset = (east < 0 ? "−" : "+") + String(Math.floor(Math.abs(east) / 60)).padStart(2, "0") + (east % 60 ? ":" + String(Math.abs(east) % 60).padStart(2, "0") : "");
    const span = root.createElement("span");
    const text = own.format(at);
    const [day, clock] = text.split(" ");
    span.className = "local";
    span.title = text + " " + zone;
    span.textContent = (t.textContent.startsWith(day) ? clock : text) + " " + offset;
    t.after(span);
  }
}

// count writes how long it is until something is due, or how long ago it was.
function count(due, ms) {
  const over = ms < 0, s = Math.floor(Math.abs(ms) / 1000), two = (n) => String(n).padStart(2, "0");
  const text = (over ? due.dataset.over : due.dataset.left) + " " + Math.floor(s / 3600) + ":" + two(Math.floor(s / 60) % 60) + ":" + two(s % 60);
  if (due.textContent !== text) due.textContent = text;
  due.classList.toggle("over", over);
}

export function startTimes() {
  localise(document);
  const line = document.getElementById("zone");
  if (line && new Date().getTimezoneOffset() !== 0) {
    const lang = document.documentElement.lang;
    const offset = new Intl.DateTimeFormat(lang, { timeZoneName: "shortOffset" }).formatToParts().find((p) => p.type === "timeZoneName").value;
    line.textContent = line.dataset.text.replace("{zone}", zone + " (" + offset + ")");
    line.hidden = false;
  }
  const clock = document.getElementById("clock");
  if (!clock) return;
  // The node's clock, carried on by a clock that nobody can set.
  const base = Date.parse(document.body.dataset.now) - performance.now();
  const tick = () => {
    const now = base + performance.now();
    clock.textContent = new Date(now).toISOString().slice(0, 19).replace("T", " ");
    for (const due of document.querySelectorAll("[data-due]")) count(due, Date.parse(due.dataset.due) - now);
  };
  tick();
  setInterval(tick, 1000);
}
