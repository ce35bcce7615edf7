// The keyboard: ? lists the keys, g and a letter leads to a section, / to the search, j and k through rows, Enter opens one. Without this script
// every page works as well. A form that was sent is not sent twice by a second press; what is sent twice all the same, the server recognises.
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

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyped(event.target)) return;
    const led = before === "g" ? document.querySelector(`.sections a[data-letter="${CSS.escape(event.key)}"]`) : null;
    before = event.key;
    if (led) {
      led.click();
    } else if (event.key === "?" && keys && !keys.open) {
      keys.showModal();
    } else if (event.key === "/") {
      document.querySelector("[data-search]")?.focus();
    } else if (event.key === "j") {
      step(1);
    } else if (event.key === "k") {
      step(-1);
    } else {
      return;
    }
    event.preventDefault();
  });

  if (keys && show) {
    show.hidden = false;
    show.addEventListener("click", () => keys.showModal());
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || form.method !== "post") return;
    // After the form was read: a button that is disabled is no part of it.
    setTimeout(() => form.querySelectorAll("button").forEach((button) => { button.disabled = true; }));
  });
  // A page that comes back out of the browser's memory is as it was left.
  addEventListener("pageshow", () => document.querySelectorAll("form[method=post] button").forEach((button) => { button.disabled = false; }));
})();
