// The keyboard: j and k walk through the list, Enter opens, / searches, Escape leaves a field, ? shows what there is.
export function listenToKeys() {
  document.addEventListener("click", ({ target }) => {
    if (target.closest("#keys-open")) document.getElementById("keys").showModal();
  });
  document.addEventListener("keydown", (event) => {
    const isWriting = event.target.closest("input, textarea, select");
    if (event.target.id === "text" && event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.target.form.requestSubmit();
      return;
    }
    if (isWriting) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const search = document.getElementById("search");
    if (event.key === "/" && search) {
      event.preventDefault();
      search.focus();
    } else if (event.key === "?") {
      document.getElementById("keys").showModal();
    } else if (event.key === "j" || event.key === "k") {
      const links = [...document.querySelectorAll("#rows [data-row] a")];
      const at = links.indexOf(document.activeElement.closest?.("[data-row] a"));
      const next = at < 0 ? (event.key === "j" ? 0 : links.length - 1) : at + (event.key === "j" ? 1 : -1);
      links[next]?.focus();
    }
  });
}
