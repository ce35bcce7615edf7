// A picture that somebody chose goes into the form as a data URL, and into the drawing of the page; a secret that is shown once is marked whole.
"use strict";
(() => {
  document.addEventListener("change", (event) => {
    const input = event.target;
    const into = input instanceof HTMLInputElement && input.dataset.into ? document.getElementById(input.dataset.into) : null;
    if (!into || !input.files || input.files.length === 0) return;
    const reader = new FileReader();
    reader.addEventListener("load", () => {
      into.value = reader.result;
      document.querySelectorAll("svg.setup-drawing image").forEach((image) => image.setAttribute("href", reader.result));
    });
    reader.readAsDataURL(input.files[0]);
  });
  document.addEventListener("focusin", (event) => {
    if (event.target instanceof HTMLInputElement && event.target.matches("[data-select]")) event.target.select();
  });
})();
