// What every page loads: fragments that are morphed in, live events, and the keyboard. A page works without it.
import htmx from "htmx.org/dist/htmx.esm.js";
import { Idiomorph } from "idiomorph/dist/idiomorph.esm.js";
import { ringForHelp } from "./alerts.js";
import { offerCannedReplies } from "./canned.js";
import { goLive } from "./live.js";
import { keepThread } from "./thread.js";
import { listenToKeys } from "./keys.js";
import { uploadFiles } from "./upload.js";
import { toast, word } from "./words.js";

// What somebody has opened stays open; `data-keep` stands on fields that somebody may be writing in: they stay as they are.
// A chart is told its new values, and draws them itself (charts.js).
const callbacks = {
  beforeAttributeUpdated: (name, node) => !(name === "open" && node instanceof HTMLDetailsElement),
  beforeNodeMorphed: (old, fresh) => {
    if (!(old instanceof Element && fresh instanceof Element && old.id === fresh.id)) return true;
    if (old.hasAttribute("data-chart") && fresh.hasAttribute("data-chart")) {
      old.dataset.chart = fresh.dataset.chart;
      return false;
    }
    return !old.hasAttribute("data-keep");
  },
};

htmx.defineExtension("morph", {
  isInlineSwap: (style) => style === "morph",
  handleSwap: (style, target, fragment) =>
    style === "morph" ? Idiomorph.morph(target, fragment.children, { morphStyle: "outerHTML", ignoreActiveValue: true, callbacks }) : false,
});

document.addEventListener("htmx:afterRequest", ({ detail, target }) => {
  const form = target.closest?.("form[data-reset]");
  // Only the form's own request: a field's draft has been kept, not sent.
  if (form && form === target && detail.successful) empty(form);
  if (detail.failed && detail.xhr.status !== 401) toast(word("toast-failed"));
});

/** What was written is done with; what was chosen stays. */
function empty(form) {
  for (const field of form.querySelectorAll("textarea, input:not([type=radio], [type=hidden])")) field.value = field.defaultValue = "";
}

/** The list shows which conversation is open, whoever fetched it. */
function markOpen() {
  const open = document.getElementById("open")?.dataset.conversation;
  for (const row of document.querySelectorAll("[data-row]")) {
    const link = row.querySelector("a");
    if (row.dataset.row === open) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}
document.addEventListener("htmx:afterSettle", markOpen);

setInterval(() => {
  for (const left of document.querySelectorAll("[data-countdown]")) {
    const seconds = Math.max(0, Number(left.dataset.countdown) - 1);
    left.dataset.countdown = seconds;
    left.textContent = `${seconds} s`;
  }
}, 1000);

// On a phone the page's own place among its section's may stand beyond the edge.
document.querySelector("[data-tabs] [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

if (document.body.hasAttribute("data-live")) {
  goLive(htmx);
  keepThread();
  offerCannedReplies();
  listenToKeys();
  uploadFiles();
  ringForHelp();
}
