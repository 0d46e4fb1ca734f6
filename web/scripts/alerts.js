// Rings when more patients need staff than before, and shows a notification while nobody looks at the page. What the
// navigation's number counts is compared with what this tab has seen last; each device decides for itself.
import { word } from "./words.js";

const COUNTS = ["emergencies", "waiting", "unanswered"];
const SEEN = "alerts-seen";
const isOn = (name) => localStorage.getItem(name) !== "off";
const wantsNotifications = () => localStorage.getItem("notifications") === "on" && "Notification" in window && Notification.permission === "granted";

let audio;

/** Two notes, rising for somebody who waits; three times, high, for an emergency. */
function ring(isEmergency) {
  audio ??= new AudioContext();
  const notes = isEmergency ? [880, 1175, 880, 1175, 880, 1175] : [659, 880];
  notes.forEach((frequency, number) => {
    const [tone, volume] = [audio.createOscillator(), audio.createGain()];
    const at = audio.currentTime + number * 0.18;
    tone.frequency.value = frequency;
    volume.gain.setValueAtTime(0.0001, at);
    volume.gain.exponentialRampToValueAtTime(0.3, at + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.0001, at + 0.16);
    tone.connect(volume).connect(audio.destination);
    tone.start(at);
    tone.stop(at + 0.17);
  });
}

/** Looks at the navigation's number: rings for what has grown since the last look. */
function look(badge) {
  const now = COUNTS.map((name) => Number(badge.dataset[name] ?? 0));
  const seen = JSON.parse(sessionStorage.getItem(SEEN) ?? "null");
  sessionStorage.setItem(SEEN, JSON.stringify(now));
  document.title = document.title.replace(/^\(\d+\) /, "");
  const count = Math.max(now[0], now[1]);
  if (count) document.title = `(${count}) ${document.title}`;
  if (!seen) return;
  const isEmergency = now[0] > seen[0];
  if (!isEmergency && !(now[1] > seen[1] || now[2] > seen[2])) return;
  document.dispatchEvent(new CustomEvent("satubumi:alert", { detail: { isEmergency } }));
}

export function ringForHelp() {
  document.addEventListener("htmx:afterSettle", () => {
    const badge = document.querySelector("#alerts[data-waiting]");
    if (badge) look(badge);
  });
  document.addEventListener("satubumi:alert", ({ detail: { isEmergency } }) => {
    if (isOn("sound")) ring(isEmergency);
    if (wantsNotifications() && document.hidden) {
      const note = new Notification(word(isEmergency ? "alert-emergency" : "alert-waiting"), { tag: "satubumi", requireInteraction: isEmergency });
      note.onclick = () => {
        window.focus();
        location.assign(`/conversations?filter=${isEmergency ? "emergency" : "waiting"}`);
      };
    }
  });

  const show = () => {
    for (const part of document.querySelectorAll("#sound-switch")) part.setAttribute("aria-pressed", String(isOn("sound")));
    for (const box of document.querySelectorAll("[data-alerts=sound]")) box.checked = isOn("sound");
    for (const box of document.querySelectorAll("[data-alerts=notifications]")) {
      box.disabled = !("Notification" in window) || !window.isSecureContext;
      box.checked = wantsNotifications();
    }
  };
  document.addEventListener("click", ({ target }) => {
    if (target.closest("#sound-switch")) {
      localStorage.setItem("sound", isOn("sound") ? "off" : "on");
      show();
    } else if (target.closest("[data-alerts=try]")) ring(false);
  });
  document.addEventListener("change", async ({ target }) => {
    if (target.dataset.alerts === "sound") localStorage.setItem("sound", target.checked ? "on" : "off");
    else if (target.dataset.alerts === "notifications") {
      const may = target.checked && (await Notification.requestPermission()) === "granted";
      localStorage.setItem("notifications", may ? "on" : "off");
    } else return;
    show();
  });
  show();
}
