// Canned replies: a slash in an empty message opens the list, more letters narrow it, Enter puts the text into the message.
const list = () => document.getElementById("canned");
const field = () => document.getElementById("text");
const offered = () => [...list().querySelectorAll("[data-canned]:not([hidden])")];
const chosen = () => list().querySelector("[aria-selected=true]");

function choose(option) {
  chosen()?.setAttribute("aria-selected", "false");
  option?.setAttribute("aria-selected", "true");
  option?.scrollIntoView({ block: "nearest" });
  if (option) field().setAttribute("aria-activedescendant", option.id);
  else field().removeAttribute("aria-activedescendant");
}

function close() {
  const part = list();
  if (!part || part.hidden) return;
  choose(null);
  part.hidden = true;
}

function narrow() {
  const wanted = field().value.slice(1).toLowerCase();
  for (const option of list().querySelectorAll("[data-canned]")) option.hidden = !option.dataset.canned.toLowerCase().includes(wanted);
  choose(offered()[0]);
}

function put(option) {
  field().value = option.dataset.text;
  close();
  field().focus();
  field().dispatchEvent(new Event("input", { bubbles: true }));
}

function follow() {
  if (!list()) return;
  if (!/^\/[^\n]*$/.test(field().value)) return close();
  if (list().hidden) {
    list().hidden = false;
    // Colleagues may have written new ones.
    list().dispatchEvent(new Event("canned"));
  }
  narrow();
}

export function offerCannedReplies() {
  document.addEventListener("input", ({ target }) => {
    if (target.id === "text") follow();
  });
  document.addEventListener("htmx:afterSettle", ({ detail }) => {
    if (detail.target.id === "canned" && !list().hidden) narrow();
  });
  document.addEventListener("click", ({ target }) => {
    const option = target.closest("#canned [data-canned]");
    if (option) put(option);
    else if (target.closest("#canned-open")) {
      if (field().value === "") field().value = "/";
      field().focus();
      follow();
    } else if (!target.closest("#canned, #text")) close();
  });
  // Ahead of the other keys: while the list is open, Enter and Escape are meant for it.
  document.addEventListener(
    "keydown",
    (event) => {
      if (event.target.id !== "text" || !list() || list().hidden) return;
      const options = offered();
      const at = options.indexOf(chosen());
      if (event.key === "ArrowDown") choose(options[(at + 1) % options.length]);
      else if (event.key === "ArrowUp") choose(options.at(at - 1));
      else if ((event.key === "Enter" || event.key === "Tab") && at >= 0) put(options[at]);
      else if (event.key === "Escape") close();
      else return;
      event.preventDefault();
      event.stopImmediatePropagation();
    },
    { capture: true },
  );
}
