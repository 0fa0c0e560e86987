// What is told besides what is shown: the sentence that a page begins with, to whoever listens; and, to all, that a part
// of it could not be fetched anew, so that no figure looks newer than it is.
"use strict";
(() => {
  // A live region is heard when it changes, not when it is there from the beginning.
  const said = document.querySelector("[data-said]");
  if (said) setTimeout(() => window.board.announce(said.textContent.trim().replace(/\s+/g, " ")), 250);

  const tell = (selector) => window.board.announce(document.querySelector(selector)?.textContent.trim().slice(1) ?? "");
  const page = document.documentElement.classList;
  const failing = new Set();
  const show = () => {
    const was = page.contains("is-stale");
    page.toggle("is-stale", failing.size > 0);
    if (!was && failing.size) tell(".stale");
  };
  document.addEventListener("htmx:sseError", () => tell(".away"));
  for (const kind of ["htmx:responseError", "htmx:sendError", "htmx:swapError", "htmx:timeout"]) {
    document.addEventListener(kind, (event) => { if (event.detail.elt?.id) { failing.add(event.detail.elt.id); show(); } });
  }
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.successful && failing.delete(event.detail.elt?.id)) show();
  });
})();
