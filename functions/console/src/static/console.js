// The keyboard: ? lists the keys, g and a letter leads to a section, / to the search, j and k through rows, Enter opens one. x picks the row that is
// looked at, and the letter of one of its buttons presses it; b does something with the picked rows. A page's own keys lead where the links that bear
// them do. Without this script every page works as well. A form that was sent is not sent twice by a second press; what is sent twice all the same,
// the server recognises.
"use strict";
(() => {
  const keys = document.getElementById("keys");
  const show = document.getElementById("show-keys");
  const isTyped = (target) => target instanceof Element && target.closest("input, textarea, select, [contenteditable]");
  let before = "";

  const step = (by) => {
    const rows = [...document.querySelectorAll("[data-row] a:first-of-type")];
    const links = rows.filter((link, at) => rows.findIndex((one) => one.closest("[data-row]") === link.closest("[data-row]")) === at);
    if (links.length === 0) return;
    const at = links.findIndex((link) => link.closest("[data-row]").contains(document.activeElement));
    links[Math.min(Math.max(at + by, 0), links.length - 1)].focus();
  };

  // The row that is looked at: the one with the focus, or the only one of the page.
  const row = () => {
    const rows = document.querySelectorAll("[data-row]");
    return document.activeElement?.closest("[data-row]") ?? (rows.length === 1 ? rows[0] : null);
  };

  // A letter of the row that is looked at, else of the page itself: the letter of a row that nobody looks at presses nothing.
  const act = (key) => {
    if (!/^[a-z]$/.test(key)) return false;
    const own = row()?.querySelector(key === "x" ? "input.pick" : `[data-key="${key}"]`);
    const ofPage = [...document.querySelectorAll(`[data-key="${key}"], [data-key-page="${key}"]`)].find((one) => !one.closest("[data-row]"));
    const found = own ?? ofPage;
    found?.click();
    return found !== undefined;
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || keys?.open || isTyped(event.target)) return;
    const leads = before === "g";
    before = leads ? "" : event.key;
    if (leads) {
      // What follows g leads to a section, or nowhere: it never presses a button.
      document.querySelector(`.sections a[data-letter="${CSS.escape(event.key)}"]`)?.click();
    } else if (event.key === "?" && keys) {
      keys.showModal();
    } else if (event.key === "/") {
      document.querySelector("[data-search]")?.focus();
    } else if (event.key === "j") {
      step(1);
    } else if (event.key === "k") {
      step(-1);
    } else if (event.repeat || !act(event.key)) {
      // A key that is held down presses a button once.
      return;
    }
    event.preventDefault();
  });

  // Each button says its letter.
  document.querySelectorAll("button[data-key], button[data-key-page], summary[data-key]").forEach((button) => {
    const hint = document.createElement("kbd");
    hint.textContent = button.dataset.key ?? button.dataset.keyPage;
    hint.setAttribute("aria-hidden", "true");
    button.append(" ", hint);
    button.setAttribute("aria-keyshortcuts", hint.textContent);
  });

  // Where the sections do not fit, the one that the page belongs to is seen.
  const section = document.querySelector(".sections a[aria-current]");
  const sections = section?.closest(".sections");
  if (sections) sections.scrollLeft = section.offsetLeft - (sections.clientWidth - section.offsetWidth) / 2;

  if (keys && show) {
    show.hidden = false;
    show.addEventListener("click", () => keys.showModal());
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || form.method !== "post") return;
    // What fills a frame leaves this page as it is.
    if (event.submitter?.formTarget) return;
    // After the form was read: a button that is disabled is no part of it.
    setTimeout(() => form.querySelectorAll("button").forEach((button) => { button.disabled = true; }));
  });
  // A page that comes back out of the browser's memory is as it was left.
  addEventListener("pageshow", () => document.querySelectorAll("form[method=post] button").forEach((button) => { button.disabled = false; }));
})();
