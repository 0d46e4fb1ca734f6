// Files dropped onto the upload card, or chosen there, go up one by one with their progress; without this the form does it.
import { toast, word } from "./words.js";

/** Sends one file; gives the row that says what became of it. */
function send(form, file, progressed) {
  return new Promise((resolve, reject) => {
    const data = new FormData();
    data.append("folder", form.elements.folder.value);
    data.append("files", file);
    const request = new XMLHttpRequest();
    request.upload.addEventListener("progress", ({ loaded, total }) => progressed(total ? (100 * loaded) / total : 0));
    request.addEventListener("load", () => (request.status === 200 ? resolve(request.responseText) : reject(new Error(request.status))));
    request.addEventListener("error", () => reject(new Error("offline")));
    request.open("POST", form.action);
    request.setRequestHeader("HX-Request", "true");
    request.send(data);
  });
}

export function uploadFiles() {
  const card = document.getElementById("upload");
  if (!card) return;
  const form = document.getElementById("upload-form");
  const results = document.getElementById("upload-results");
  const [progress, bar, name] = ["upload-progress", "upload-bar", "upload-name"].map((id) => document.getElementById(id));
  let isBusy = false;

  async function upload(files) {
    if (isBusy || files.length === 0) return;
    isBusy = true;
    form.querySelector("button").disabled = true;
    results.replaceChildren();
    progress.hidden = false;
    for (const file of files) {
      name.textContent = file.name;
      bar.value = 0;
      try {
        // The server's own markup, every name in it escaped.
        results.insertAdjacentHTML("beforeend", await send(form, file, (part) => (bar.value = part)));
      } catch {
        toast(`${file.name}: ${word("toast-failed")}`);
      }
    }
    progress.hidden = true;
    form.querySelector("button").disabled = false;
    form.elements.files.value = "";
    isBusy = false;
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    upload([...form.elements.files.files]);
  });
  let depth = 0;
  const mark = (is) => card.toggleAttribute("data-over", is);
  card.addEventListener("dragenter", (event) => {
    event.preventDefault();
    depth += 1;
    mark(true);
  });
  card.addEventListener("dragleave", () => {
    depth -= 1;
    if (depth === 0) mark(false);
  });
  card.addEventListener("dragover", (event) => event.preventDefault());
  card.addEventListener("drop", (event) => {
    event.preventDefault();
    depth = 0;
    mark(false);
    upload([...event.dataTransfer.files]);
  });
}
