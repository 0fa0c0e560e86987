// What every page needs in the browser: times that tick, dialogs, the token of forms, the lamp when the server is away.
// Everything is readable without it.
"use strict";
(() => {
  const SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR;
  const meta = (name) => document.querySelector(`meta[name="${name}"]`)?.content ?? "";
  // The server's clock counts, not this machine's.
  let skew = Date.parse(meta("now")) - Date.now();
  const now = () => Date.now() + skew;

  // The words of web/showing/instants.py and durations.py.
  const rough = (length) => {
    if (length < MINUTE) return `${Math.floor(length / SECOND)} s`;
    const days = Math.floor(length / DAY), hours = Math.floor((length % DAY) / HOUR), minutes = Math.floor((length % HOUR) / MINUTE);
    if (days) return hours ? `${days} d ${hours} h` : `${days} d`;
    if (hours) return minutes ? `${hours} h ${minutes} min` : `${hours} h`;
    return `${minutes} min`;
  };
  const relative = (at) => {
    const away = at - now();
    if (Math.abs(away) < 30 * SECOND) return "now";
    return away > 0 ? `in ${rough(away)}` : `${rough(-away)} ago`;
  };
  const duration = (length) => {
    const size = Math.abs(length);
    if (size > 0 && size < MINUTE) return `${Math.max(1, Math.floor(size / SECOND))} s`;
    const hours = Math.floor(size / HOUR), minutes = Math.floor((size % HOUR) / MINUTE);
    return hours ? (minutes ? `${hours} h ${minutes} min` : `${hours} h`) : `${minutes} min`;
  };
  const signed = (length) => (length < 0 ? `\u2212${duration(length)}` : duration(length));

  const set = (element, text) => { if (element.textContent !== text) element.textContent = text; };
  const tick = () => {
    for (const one of document.querySelectorAll("time[data-relative]")) set(one, relative(Date.parse(one.dateTime)));
    // Working time left at an instant, which runs on until the next closing.
    for (const one of document.querySelectorAll("[data-left]")) {
      const from = Date.parse(one.dataset.from), until = Date.parse(one.dataset.until);
      const run = Math.max(0, Math.min(now(), until) - from);
      set(one, signed(Number(one.dataset.left) * SECOND - run));
    }
  };
  setInterval(tick, SECOND);

  const announce = (text) => { const region = document.getElementById("announce"); if (region) set(region, text); };

  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-opens]");
    if (opener) {
      const dialog = document.getElementById(opener.dataset.opens);
      if (dialog && !dialog.open) { dialog.showModal(); event.preventDefault(); }
    }
    if (event.target.closest("[data-prints]")) window.print();
    if (event.target.closest("[data-closes]")) event.target.closest("dialog")?.close();
    const copies = event.target.closest("[data-copies]");
    if (copies) navigator.clipboard?.writeText(new URL(copies.dataset.copies, location.href).href).then(() => announce("Copied"));
  });

  // A slider over time says where it stands, in the browser's words for the organization's zone.
  const zone = meta("zone") || "UTC";
  const hour = () => new Date(now()).toLocaleTimeString("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit" });
  document.addEventListener("input", (event) => {
    const says = document.getElementById(event.target.dataset?.speaks ?? "");
    if (says) set(says, new Date(Number(event.target.value) * SECOND).toLocaleString("en-GB", { timeZone: zone, dateStyle: "medium", timeStyle: "short" }));
  });

  // What somebody has opened stays open while what is in it moves.
  if (window.Idiomorph) Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, element) => name !== "open" || !element.matches("details, dialog");
  document.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.verb !== "get") event.detail.headers["X-CSRF-Token"] = meta("csrf");
  });
  // Who reads along is told once that something changed, not every cell of it.
  document.addEventListener("htmx:afterSwap", (event) => {
    const fresh = event.target.querySelector?.("[data-announces]") ?? (event.target.matches?.("[data-announces]") ? event.target : null);
    if (fresh) announce(fresh.dataset.announces);
    if (event.target.id !== "lamp") for (const one of document.querySelectorAll("[data-shown]")) set(one, hour());
    tick();
  });
  // Empty values are no filters: a bookmark stays short.
  document.addEventListener("formdata", (event) => {
    if (event.target.matches("form.filters")) for (const [name, value] of [...event.formData]) if (value === "") event.formData.delete(name);
  });
  const away = document.documentElement.classList;
  document.addEventListener("htmx:sseError", () => away.add("is-away"));
  // What happened meanwhile was told to nobody.
  const catchUp = () => { for (const one of document.querySelectorAll('[hx-trigger*="sse:changed"]')) htmx.trigger(one, "sse:changed"); };
  let source = null;
  document.addEventListener("htmx:sseOpen", (event) => {
    source = event.detail.source;
    if (!away.contains("is-away")) return;
    away.remove("is-away");
    catchUp();
  });

  // A browser has six connections to a host. A tab that nobody looks at gives its own back, and takes it when it is seen.
  let asleep = 0;
  document.addEventListener("visibilitychange", () => {
    clearTimeout(asleep);
    if (document.hidden) { asleep = setTimeout(() => source?.close(), MINUTE); return; }
    if (source?.readyState !== EventSource.CLOSED) return;
    source = null;
    for (const one of [document.body, ...document.querySelectorAll('[sse-swap], [hx-trigger*="sse:"]')]) htmx.trigger(one, "htmx:afterProcessNode");
    catchUp();
  });
  window.board = { announce, now };
  tick();
})();
