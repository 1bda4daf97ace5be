// Dropping files on a form: what its file field takes anyway, with a place to aim
// at, the names of what was chosen, and a word before too much is sent.
function sizeOf(bytes) {
  const unit = bytes < 1 << 20 ? ["kilobyte", 1 << 10] : ["megabyte", 1 << 20];
  const shown = new Intl.NumberFormat(document.documentElement.lang, { style: "unit", unit: unit[0], maximumFractionDigits: 1 });
  return shown.format(bytes / unit[1]);
}

function list(form) {
  const files = [...form.elements.files.files];
  const names = form.querySelector("[data-drop-list]");
  names.replaceChildren(...files.map((f) => {
    const item = document.createElement("li");
    const name = document.createElement("bdi");
    name.textContent = f.name.replace(/[\p{Cc}\p{Cf}]/gu, "\u{fffd}");
    item.append(name, ` ${sizeOf(f.size)}`);
    return item;
  }));
  names.hidden = files.length === 0;
  const large = files.reduce((sum, f) => sum + f.size, 0) > form.dataset.most * (1 << 20) || files.length > form.dataset.count;
  form.querySelector("[data-drop-large]").hidden = !large;
  return large;
}

export function startDrops() {
  const form = document.querySelector("form[data-drop]");
  if (!form) return;
  const hasFiles = (e) => e.dataTransfer?.types.includes("Files");
  form.addEventListener("dragover", (e) => {
    if (!hasFiles(e)) return;
    e.preventDefault();
    form.dataset.over = "";
  });
  form.addEventListener("dragleave", (e) => {
    if (!form.contains(e.relatedTarget)) delete form.dataset.over;
  });
  form.addEventListener("drop", (e) => {
    delete form.dataset.over;
    if (!hasFiles(e)) return;
    e.preventDefault();
    const all = new DataTransfer(); // what was chosen before stays
    for (const f of [...form.elements.files.files, ...e.dataTransfer.files]) all.items.add(f);
    form.elements.files.files = all.files;
    list(form);
  });
  form.addEventListener("change", () => list(form));
  form.addEventListener("submit", (e) => {
    if (list(form)) e.preventDefault();
  });
}
