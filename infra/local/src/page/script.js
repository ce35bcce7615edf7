const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const at = (id) => document.getElementById(id);
const made = (name, given = {}, ...children) => {
  const element = Object.assign(document.createElement(name), given);
  element.append(...children);
  return element;
};
const ask = async (path, body) => {
  const answer = await fetch(path, body === undefined ? {} : { method: "POST", body: JSON.stringify(body) });
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.detail || answer.statusText);
  return said;
};
const say = (where, text, bad = false) => { where.textContent = text; where.classList.toggle("bad", bad); };
const filter = at("tenant").value;

// Parts of the page.
const opened = { baskets: () => showBaskets(), faults: () => showFaults(), model: () => showModel() };
const tabs = all("[data-tab]");
const open = (name) => {
  const chosen = tabs.find((one) => one.dataset.tab === name) || tabs[0];
  for (const tab of tabs) {
    tab.toggleAttribute("aria-current", tab === chosen);
    if (tab === chosen) tab.setAttribute("aria-current", "page");
    at(tab.dataset.tab).hidden = tab !== chosen;
  }
  opened[chosen.dataset.tab]?.();
};
// Prefixed, so that no section has this id and the browser does not scroll to it.
const openHash = () => open(location.hash.replace("#show-", ""));
addEventListener("hashchange", openHash);

// The outbox.
const rows = all(".row");
const reader = document.querySelector(".reader");
// As high as what it shows. No script runs inside, so that reading its height is all that being of one origin allows.
const fit = (frame) => {
  const page = frame.contentDocument;
  if (page && page.body) frame.style.height = Math.max(page.documentElement.scrollHeight, page.body.scrollHeight) + 2 + "px";
};
const read = (row) => {
  rows.forEach((one) => { one.toggleAttribute("aria-current", one === row); });
  reader.replaceChildren(at("m" + row.dataset.seq).content.cloneNode(true));
  all("iframe", reader).forEach((frame) => frame.addEventListener("load", () => fit(frame)));
  const views = all("[data-view]", reader);
  views.forEach((view) => view.addEventListener("click", () => {
    views.forEach((one) => one.setAttribute("aria-pressed", String(one === view)));
    reader.querySelector("pre").hidden = view.dataset.view !== "text";
    const frame = reader.querySelector("iframe");
    frame.hidden = view.dataset.view === "text";
    frame.classList.toggle("narrow", view.dataset.view === "narrow");
    frame.style.height = "";
    fit(frame);
  }));
  reader.querySelector("[data-answer]")?.addEventListener("click", () => {
    at("answers").value = reader.querySelector("article").dataset.messageId;
    answering();
    location.hash = "show-write";
    at("words").focus();
  });
};
const block = matchMedia("(max-width: 800px)").matches ? "start" : "nearest";
rows.forEach((row) => row.addEventListener("click", () => { read(row); reader.scrollIntoView({ block }); }));

// The clock.
at("tenant").addEventListener("change", (event) => {
  location.search = event.target.value ? "?tenant=" + encodeURIComponent(event.target.value) : "";
});
const move = async (wish) => {
  document.body.classList.add("busy");
  all("#clock button").forEach((button) => { button.disabled = true; });
  say(at("moved"), "The clock moves, and everything that falls due meanwhile is done.");
  try {
    await ask("/_local/clock", wish);
    location.reload();
  } catch (error) {
    say(at("moved"), error.message, true);
    document.body.classList.remove("busy");
    all("#clock button").forEach((button) => { button.disabled = false; });
  }
};
all("[data-advance]").forEach((button) => button.addEventListener("click", () => move({ advance: button.dataset.advance })));
at("clock").addEventListener("submit", (event) => {
  event.preventDefault();
  move({ to: at("to").value.slice(0, 16) + ":00Z" });
});

// What a form of a section does. What went wrong stands below it.
const does = (id, act) => at(id).addEventListener("submit", async (event) => {
  event.preventDefault();
  const said = at(id).querySelector(".said-here");
  try {
    say(said, await act(Object.fromEntries([...new FormData(at(id))].filter(([, value]) => value !== ""))));
  } catch (error) {
    say(said, error.message, true);
  }
});

// Writing as a customer: what can be answered is what left by mail or text message, newest first.
const answerable = rows.map((row) => at("m" + row.dataset.seq).content.querySelector("article")).filter((one) => one.dataset.messageId);
answerable.forEach((one) => at("answers").append(new Option(`${one.dataset.from}: ${one.querySelector("h2").textContent}`, one.dataset.messageId)));
const answering = () => {
  const answered = answerable.find((one) => one.dataset.messageId === at("answers").value);
  if (answered) {
    at("from").value = answered.dataset.from;
    at("channel").value = answered.dataset.channel;
  }
  all("[data-new]").forEach((field) => { field.hidden = Boolean(answered) || at("channel").value === "sms"; });
};
at("answers").addEventListener("change", answering);
at("channel").addEventListener("change", answering);
at("sentence").addEventListener("change", (event) => { if (event.target.value) at("words").value = event.target.value; });
does("inbound", async (wish) => {
  // An answer goes where the message came from, and a text message to the number that wrote last.
  if (wish.in_reply_to || wish.channel === "sms") ["tenant", "subject"].forEach((name) => delete wish[name]);
  const { to } = await ask("/_local/inbound", wish);
  return `It is taken, for ${[to].flat().join(", ")}. Look at the customer in the console.`;
});

// Payments.
const OUTCOMES = {
  paid: "The payer pays", pending: "The payer pays, the money is on its way", succeeded: "The money arrives", failed: "It fails",
  refunded: "It is given back", charged_back: "The bank takes it back", expired: "Nobody pays in time",
};
const money = ({ amount_minor, currency }) => {
  const { maximumFractionDigits: digits } = new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions();
  return new Intl.NumberFormat("en", { style: "currency", currency }).format(amount_minor / 10 ** digits);
};
const table = (name, heads, lines) => {
  const body = lines.map((cells) => made("tr", {}, ...cells.map((cell) => made("td", {}, cell))));
  const head = made("thead", {}, made("tr", {}, ...heads.map((text) => made("th", { scope: "col" }, text))));
  const frame = made("div", { className: "scroll", tabIndex: 0, role: "region", ariaLabel: name }, made("table", {}, head, made("tbody", {}, ...body)));
  return lines.length ? frame : made("p", { className: "empty" }, "There is none.");
};
const showBaskets = async () => {
  const baskets = await ask("/_local/baskets" + (filter ? "?tenant=" + encodeURIComponent(filter) : ""));
  const lines = baskets.reverse().map((basket) => {
    const what = made("select", { ariaLabel: `What happens to ${basket.id}` }, ...Object.entries(OUTCOMES).map(([word, does]) => new Option(does, word)));
    const button = made("button", { type: "button", className: "plain", textContent: "Do it" });
    button.addEventListener("click", async () => {
      const said = document.querySelector("#baskets > .said-here");
      try {
        const { events } = await ask(`/_local/baskets/${encodeURIComponent(basket.id)}`, { outcome: what.value });
        await showBaskets();
        say(said, events.length ? `The provider told of ${events.map(({ type }) => type).join(", ")}.` : "The provider tells of nothing.");
      } catch (error) {
        say(said, error.message, true);
      }
    });
    const page = made("a", { href: basket.pay_url, textContent: basket.provider });
    return [basket.tenant, page, money(basket), basket.status, made("span", { className: "buttons" }, what, button)];
  });
  at("baskets-list").replaceChildren(table("Baskets", ["Seller", "Provider's page", "Amount", "Status", "What happens"], lines));
};

// Faults.
const offerModes = () => {
  const modes = at("target").selectedOptions[0].dataset.modes.split(" ");
  at("mode").replaceChildren(...modes.map((mode) => new Option(mode.replaceAll("_", " "), mode)));
};
at("target").addEventListener("change", offerModes);
offerModes();
const showFaults = async () => {
  const { to_come: next, came } = await ask("/_local/faults");
  at("faults-list").replaceChildren(
    made("h3", {}, "Still to come"),
    table("Faults to come", ["Where", "What", "How often"], next.map(({ target, mode, times }) => [target, mode.replaceAll("_", " "), String(times)])),
    made("h3", {}, "Came"),
    table("Faults that came", ["Fault", "How often"], Object.entries(came).map(([fault, times]) => [fault, String(times)])),
  );
};
does("fault", async ({ target, mode, times, call }) => {
  await ask("/_local/faults", { target, mode, times: Number(times), ...(call && { call: Number(call) }) });
  await showFaults();
  return `${target} is to fail.`;
});
at("clear").addEventListener("click", async () => {
  await ask("/_local/faults", { target: at("target").value, times: 0 });
  await showFaults();
  say(at("fault").querySelector(".said-here"), `Nothing of ${at("target").value} is to fail.`);
});

// The model of answers.
const showModel = async () => {
  const { mode, asked } = await ask("/_local/model");
  at("behaves").value = mode;
  at("asked-list").replaceChildren(table("Questions", ["Model", "Words"], asked.reverse().map(({ model, words }) => [model, made("pre", {}, words)])));
};
does("model-form", async ({ mode, says }) => {
  await ask("/_local/model", mode === "says" ? { mode, says: JSON.parse(says) } : { mode });
  return "So it does from now on.";
});

if (rows.length) read(rows[0]);
answering();
openHash();
