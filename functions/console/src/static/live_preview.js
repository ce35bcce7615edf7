// What is typed into a form that has a preview is shown in its frame a moment later, as its button would show it.
(() => {
  let waiting = 0;
  const show = (event) => {
    const form = event.target instanceof Element ? event.target.closest("form[data-live]") : null;
    const button = form?.querySelector("button[data-preview]");
    if (!button) return;
    clearTimeout(waiting);
    waiting = setTimeout(() => form.requestSubmit(button), 400);
  };
  document.addEventListener("input", show);
  document.addEventListener("change", show);
})();
