// Everything by keyboard: j and k walk the rows, g and a letter changes the page, / searches, a p r act, ? helps.
"use strict";
(() => {
  let prefix = "", since = 0;
  // A dialog that has just closed keeps the focus until the next frame, and nobody types into it.
  const typing = (target) => target.matches("input, select, textarea, [contenteditable]") && !target.closest("dialog:not([open])");
  const rows = () => [...document.querySelectorAll("[data-row]")].filter((row) => row.offsetParent !== null || row.getClientRects().length);
  const walk = (step) => {
    const all = rows();
    if (!all.length) return;
    const here = all.findIndex((row) => row === document.activeElement || row.contains(document.activeElement));
    const next = all[Math.max(0, Math.min(all.length - 1, here < 0 ? 0 : here + step))];
    (next.matches("a, button") ? next : next.querySelector("a, button") ?? next).focus();
  };
  const press = (selector) => {
    const found = document.querySelector(selector);
    if (found) { found.click(); if (found.matches("input")) { found.focus(); found.select(); } }
    return Boolean(found);
  };
  const actions = {
    j: () => walk(1),
    k: () => walk(-1),
    "/": () => press("input[type=search]"),
    "?": () => press('[data-opens="keys"]'),
  };
  // The address stays as it is: a page that came to "#main" would not give the focus to the field that asks for it.
  document.addEventListener("click", (event) => {
    const main = event.target.closest("a.skip") && document.getElementById("main");
    if (main) { event.preventDefault(); main.focus(); main.scrollIntoView(); }
  });
  // A filter is a form with method GET, and the browser keeps it in the address. What a pointer chooses is sent at once. By
  // keyboard a list passes through its choices and a date through its digits: Enter sends it, or the button beside it.
  let byKeyboard = false;
  document.addEventListener("keydown", () => { byKeyboard = true; }, true);
  document.addEventListener("pointerdown", () => { byKeyboard = false; }, true);
  document.addEventListener("change", (event) => {
    if (!byKeyboard && event.target.matches("form.filters :is(select, input[type=checkbox], input[type=date])")) event.target.form.requestSubmit();
  });
  // A slider that a pointer lets go of is sent. By keyboard it goes in steps, as above.
  document.addEventListener("pointerup", (event) => {
    const slider = event.target.closest?.("form.filters input[type=range]");
    if (slider && slider.value !== slider.defaultValue) slider.form.requestSubmit();
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (typing(event.target) || document.querySelector("dialog[open]")) return;
    const after = performance.now() - since < 1500 ? prefix : "";
    prefix = "";
    if (after === "g") {
      if (press(`nav a[data-key="${CSS.escape(event.key)}"]`)) event.preventDefault();
      return;
    }
    if (event.key === "g") { prefix = "g"; since = performance.now(); return; }
    if (actions[event.key]) { event.preventDefault(); actions[event.key](); return; }
    // What a page can do: <button data-shortcut="a">.
    if (/^[a-z]$/.test(event.key) && press(`[data-shortcut="${event.key}"]`)) event.preventDefault();
  });
})();
