// A conversation opens at its newest message and stays there while somebody reads at the end; whoever has scrolled up
// keeps their place and finds the way back down.
const NEAR = 80;

export function keepThread() {
  let atEnd = true;
  let heightBefore = 0;
  const thread = () => document.getElementById("thread");
  const toEnd = () => {
    const part = thread();
    if (part) part.scrollTop = part.scrollHeight;
    atEnd = true;
    show();
  };
  const show = () => {
    const button = document.getElementById("to-newest");
    if (button) button.hidden = atEnd;
  };

  document.addEventListener(
    "scroll",
    ({ target }) => {
      if (target.id !== "thread") return;
      atEnd = target.scrollHeight - target.scrollTop - target.clientHeight < NEAR;
      show();
    },
    { capture: true, passive: true },
  );
  document.addEventListener("click", ({ target }) => {
    if (target.closest("#to-newest")) toEnd();
  });
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    heightBefore = detail.target.id === "older" ? (thread()?.scrollHeight ?? 0) : 0;
  });
  document.addEventListener("htmx:afterSettle", ({ detail }) => {
    if (heightBefore) {
      // Older messages came in above: what is read stays where it is.
      const part = thread();
      part.scrollTop += part.scrollHeight - heightBefore;
      heightBefore = 0;
    } else if (detail.target.id === "panel" || atEnd) toEnd();
    else show();
  });
  toEnd();
}
