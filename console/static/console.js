// The one module that every page loads. It starts what the page has use for;
// without it every page still works, with links, forms and reloads.
import { startTimes } from "./time.js";
import { startKeys } from "./keys.js";
import { startForms } from "./forms.js";
import { startRows } from "./rows.js";
import { startLive } from "./live.js";
import { startPasskeys } from "./passkey.js";
import { startWriting } from "./write.js";
import { startDrops } from "./drop.js";

startTimes();
startForms();
startRows();
startKeys();
startPasskeys();
startWriting();
startDrops();
if (document.body.dataset.live) startLive(document.body.dataset.live);
