const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const choose = (buttons, chosen) => buttons.forEach((button) => button.classList.toggle("on", button === chosen));
const tabs = all("[data-tab]");
const open = (name) => {
  const tab = tabs.find((one) => one.dataset.tab === name) || tabs[0];
  choose(tabs, tab);
  tabs.forEach((one) => { document.getElementById(one.dataset.tab).hidden = one !== tab; });
};
tabs.forEach((tab) => tab.addEventListener("click", () => { open(tab.dataset.tab); history.replaceState(null, "", "#show-" + tab.dataset.tab); }));
// Prefixed, so that no section has this id and the browser does not scroll to it.
open(location.hash.replace("#show-", ""));
const rows = all(".row");
const reader = document.querySelector(".reader");
// As high as what it shows. No script runs inside, so that reading its height is all that being of one origin allows.
const fit = (frame) => {
  const page = frame.contentDocument;
  if (page && page.body) frame.style.height = Math.max(page.documentElement.scrollHeight, page.body.scrollHeight) + 2 + "px";
};
const read = (row) => {
  choose(rows, row);
  reader.replaceChildren(document.getElementById("m" + row.dataset.seq).content.cloneNode(true));
  all("iframe", reader).forEach((frame) => frame.addEventListener("load", () => fit(frame)));
  const views = all("[data-view]", reader);
  views.forEach((view) => view.addEventListener("click", () => {
    choose(views, view);
    reader.querySelector("pre").hidden = view.dataset.view !== "text";
    const frame = reader.querySelector("iframe");
    frame.hidden = view.dataset.view === "text";
    frame.classList.toggle("narrow", view.dataset.view === "narrow");
    frame.style.height = "";
    fit(frame);
  }));
};
const block = matchMedia("(max-width: 800px)").matches ? "start" : "nearest";
rows.forEach((row) => row.addEventListener("click", () => { read(row); reader.scrollIntoView({ block }); }));
const find = document.getElementById("find");
if (find) find.addEventListener("input", () => {
  const wanted = find.value.toLowerCase();
  all("#customers tbody tr").forEach((row) => { row.hidden = !row.textContent.toLowerCase().includes(wanted); });
});
if (rows.length) read(rows[0]);
document.getElementById("tenant").addEventListener("change", (event) => {
  location.search = event.target.value ? "?tenant=" + encodeURIComponent(event.target.value) : "";
});
all("[data-advance]").forEach((button) => button.addEventListener("click", async () => {
  const moved = document.getElementById("moved");
  document.body.classList.add("busy");
  moved.textContent = "Moving the clock…";
  const answer = await fetch("/_local/clock", { method: "POST", body: JSON.stringify({ advance: button.dataset.advance }) });
  if (answer.ok) location.reload();
  else { moved.textContent = (await answer.json()).detail; document.body.classList.remove("busy"); }
}));
