// Words that scripts say: the page brings them along in its reader's language.
export const word = (key) => document.querySelector(`#words [data-word="${key}"]`)?.textContent ?? "";

export function toast(text) {
  const place = document.getElementById("toasts");
  const note = document.getElementById("toast").content.firstElementChild.cloneNode(true);
  note.textContent = text;
  place.append(note);
  setTimeout(() => note.remove(), 6000);
}
