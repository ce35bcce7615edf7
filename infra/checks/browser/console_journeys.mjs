// What the console was built for, as people do it. Things are found by their roles and names, so that another wording of a sentence breaks nothing.

import assert from "node:assert/strict";

import { CALLER, EXCEPTIONS, LAST_TUESDAY, SILENT } from "./console_book.mjs";
import { MissingPage } from "./console_person.mjs";

/** The first of these that is there: `[role, name]` each. Says what there is instead where none is. */
async function offered(person, within, ...wanted) {
  for (const [role, name] of wanted) {
    const found = within.getByRole(role, { name }).first();
    if (await found.count()) {
      return found;
    }
  }
  const named = await within.locator("a, button, summary, label").evaluateAll((all) => all.map((one) => one.textContent.trim().replace(/\s+/g, " ")));
  throw new Error(`${person.page.url()} has none of ${wanted.map(([role, name]) => `${role} ${name}`).join(", ")}, but: ${[...new Set(named)].join(" | ")}`);
}

const main = (person) => person.page.getByRole("main");
/** The rows of the worklist. */
const work = (person) => main(person).locator("li[data-row], article[data-row], tr[data-row]");

async function says(person, text, what) {
  const whole = (await main(person).innerText()).replace(/\s+/g, " ");
  assert.match(whole, text, `${person.who}: ${what}, at ${person.page.url()}`);
}

/** Presses the likely answer of what is first. */
async function settleFirst(person) {
  if (!(await work(person).count())) {
    await person.section("Home");
  }
  await person.press(work(person).first().getByRole("button").first());
  person.nothingWrong("settling an exception");
}

async function openTasks(tenant) {
  return (await tenant.api("/v1/tasks?limit=100")).tasks.length;
}

/** Twenty exceptions, one after the other, each by its first answer. */
async function clearWorklist(person, tenant) {
  const before = await openTasks(tenant);
  await person.section("Home");
  person.begin();
  const rows = await work(person).count();
  assert.ok(rows >= EXCEPTIONS, `the worklist shows ${rows} rows, and there are ${before}`);
  // The letter of a button presses it in the row that is looked at, and in no other.
  await person.type("d");
  await person.settled();
  assert.equal(await openTasks(tenant), before, "a letter pressed the button of a row that nobody looks at");
  await settleFirst(person);
  assert.equal(await openTasks(tenant), before - 1, `the first exception is not settled; the page says ${await main(person).innerText()}`);
  person.took("the first exception settled", 3);
  await person.type("j", "d");
  await person.settled();
  assert.equal(await openTasks(tenant), before - 2, "j and d do not settle the first row");
  for (let settled = 2; settled < EXCEPTIONS; settled += 1) {
    await settleFirst(person);
  }
  assert.equal(await openTasks(tenant), before - EXCEPTIONS, "some are not settled");
  return `${EXCEPTIONS} exceptions are settled with ${person.clicks} clicks, and one by two keys`;
}

/** Leads to a customer's page by a search. */
async function findCustomer(person, name) {
  await person.section("Customers");
  const search = main(person).getByRole("searchbox").first();
  await search.fill(name);
  await search.press("Enter");
  await person.page.waitForURL(/[?&]q=/);
  await person.settled();
  const link = main(person).locator("[data-row]").getByRole("link", { name }).first();
  await link.waitFor();
  return link;
}

/** What is said of why: the parts of the page that are called so, without their headings. */
async function reasons(person) {
  const parts = await main(person).getByRole("region", { name: /why/i }).all();
  return (await Promise.all(parts.map((part) => part.locator(":scope > *:not(h2):not(h3)").allInnerTexts()))).flat().join(" ");
}

/** A hold because of a dispute is said. */
const HELD = /hold|held|disput|paus|kept back/i;

/** What X owes, and why there was no letter. */
async function whyNoLetter(person) {
  const link = await findCustomer(person, SILENT.name);
  person.begin();
  await person.press(link);
  await says(person, /£480\.00/, "what is owed");
  if (!HELD.test(await reasons(person))) {
    await person.press(main(person).getByRole("link", { name: new RegExp(SILENT.number) }).first());
  }
  assert.match(await reasons(person), HELD, `${person.page.url()}: why no letter`);
  person.took("what a customer owes, and why no letter", 2);
  return "both are said";
}

/** Moves the focus by Tab to a thing, as somebody without a mouse does. */
async function reach(person, target) {
  for (let step = 0; step < 150; step += 1) {
    if (await target.evaluate((element) => element === document.activeElement)) {
      return;
    }
    await person.page.keyboard.press("Tab");
  }
  throw new Error(`${person.page.url()}: Tab does not lead to ${target}`);
}

/** Reaches a thing and presses it by the keyboard, which counts as a click does. */
async function pressKey(person, target) {
  await reach(person, target);
  person.clicks += 1;
  await person.page.keyboard.press("Enter");
  await person.settled();
}

/** Somebody rings and promises; the collector writes it down without a mouse. */
async function takeCall(person, tenant) {
  const { page } = person;
  await person.section("Home");
  await person.type("g", "c");
  await page.waitForURL(/\/console\/customers/);
  await person.settled();
  await person.type("/");
  await page.keyboard.type("Kestrel");
  await page.keyboard.press("Enter");
  await page.waitForURL(/[?&]q=/);
  await person.settled();
  const link = main(person).locator("[data-row]").getByRole("link", { name: CALLER.name }).first();
  await link.waitFor();
  person.begin();
  await pressKey(person, link);
  assert.match(page.url(), /\/console\/customers\/cus_/);
  const promises = () => main(person).locator("form:visible").filter({ has: page.locator("input[type=date]") }).filter({ hasText: /promise/i });
  if (!(await promises().count())) {
    await pressKey(person, main(person).locator("summary, a, button").filter({ hasText: /promise/i }).first());
  }
  const form = promises();
  const on = form.first().locator("input[type=date]").first();
  await reach(person, on);
  // As a keyboard writes a day into the field: month, day, year.
  await page.keyboard.type("03202026");
  await pressKey(person, form.first().locator("button:not([type=button])").first());
  person.took("a promise recorded, by the keyboard alone", 4);
  const { data } = await tenant.api("/v1/agreements?kind=promise");
  assert.deepEqual(data.map(({ status }) => status), ["open"], `what is promised; the page says ${await main(person).innerText()}`);
  return "the promise is open";
}

/** Fills in a number one higher, in the last step that has one. */
async function wait1More(person) {
  const opens = main(person).locator("li summary").last();
  if (await opens.count()) {
    await person.press(opens);
  }
  const form = main(person).locator("form").filter({ has: person.page.getByRole("button", { name: /save step|save the step|^save/i }) });
  const number = form.locator("input[type=number]:not([value='']):visible").last();
  await number.fill(String(Number(await number.inputValue()) + 1));
  await person.press(number.locator("xpath=ancestor::form[1]").getByRole("button", { name: /save/i }).first());
}

/** How many versions a workflow has. */
async function versions(tenant, id) {
  const answer = await tenant.api(`/v1/workflows/${id}/versions`, { role: "manager" });
  return (answer.versions ?? answer.data).length;
}

/** A manager changes a workflow, looks what that would do, publishes it and takes it back. */
async function changeWorkflow(person, tenant) {
  const { page, stack } = person;
  await person.section("Workflows");
  person.begin();
  await person.press(main(person).locator("[data-row]").getByRole("link").first());
  const workflow = new URL(page.url()).pathname;
  const id = workflow.split("/").at(-1);
  const before = await versions(tenant, id);
  await person.press(await offered(person, main(person), ["button", /change|edit/i], ["link", /draft/i]));
  const draft = new URL(page.url()).pathname;
  await wait1More(person);
  assert.ok(!(await main(person).getByRole("alert").count()), `the change is not taken: ${await main(person).innerText()}`);
  await person.open(draft);
  await person.look("a draft that was changed");
  await person.press(await offered(person, main(person), ["button", /simulat/i], ["link", /simulat/i]));
  for (let round = 0; round < 20 && (await main(person).getByRole("progressbar").count()); round += 1) {
    await stack.settle();
    await page.reload();
  }
  await says(person, /differ|by day/i, "what the simulation found");
  await person.look("a simulation");
  await person.open(draft);
  await person.press(await offered(person, main(person), ["link", /publish/i], ["button", /publish/i]));
  const share = main(person).getByRole("spinbutton").first();
  if (await share.count()) {
    await share.fill("100");
  }
  if ((await versions(tenant, id)) === before) {
    await person.press(await offered(person, main(person), ["button", /publish/i]));
  }
  assert.equal(await versions(tenant, id), before + 1, `what is published; the page says ${await main(person).innerText()}`);
  await person.open(workflow);
  await person.press(await offered(person, main(person), ["button", /roll back/i], ["link", /roll back/i]));
  if ((await versions(tenant, id)) === before + 1) {
    await person.press(await offered(person, main(person), ["button", /roll back/i]));
  }
  assert.equal(await versions(tenant, id), before + 2, `what it is rolled back to; the page says ${await main(person).innerText()}`);
  return `changed, simulated, published and rolled back with ${person.clicks} clicks`;
}

/** Why an invoice was silent last Tuesday. */
async function silentOnTuesday(person) {
  await person.section("Invoices");
  person.begin();
  const link = main(person).locator("[data-row]").getByRole("link", { name: new RegExp(SILENT.number) }).first();
  await link.waitFor({ timeout: 5_000 });
  await person.press(link);
  const day = main(person).locator("input[type=date], input[type=datetime-local]").first();
  await day.waitFor({ timeout: 5_000 });
  const withTime = (await day.getAttribute("type")) === "datetime-local" ? "T12:00" : "";
  await day.fill(LAST_TUESDAY + withTime);
  await person.press(day.locator("xpath=ancestor::form[1]").getByRole("button").first());
  assert.match(await reasons(person), HELD, `${person.page.url()}: why it was silent on ${LAST_TUESDAY}`);
  person.took("why an invoice was silent last Tuesday", 3);
  return "the hold is named";
}

/** The month is closed: the numbers, what each is made of, and the files that go on. */
async function closeMonth(person) {
  await person.section("Reports");
  person.begin();
  await says(person, /aging|ageing/i, "the aging");
  await says(person, /DSO|days sales/i, "the days sales outstanding");
  const tables = await main(person).getByRole("table").count();
  const charts = await main(person).locator("svg").count();
  assert.ok(tables > 0, "reports have no table");
  const files = await main(person).locator("a[href*=csv], a[href*=xlsx], a[href*=pdf], a[download]").evaluateAll((all) => all.map((link) => link.getAttribute("href")));
  assert.ok(files.length > 0, "reports lead to no file");
  for (const file of files) {
    const answer = await person.page.context().request.get(person.stack.url + file);
    assert.equal(answer.status(), 200, file);
    assert.ok((await answer.body()).length > 0, `${file} is empty`);
  }
  const opens = main(person).getByRole("table").first().getByRole("link").first();
  if (!(await opens.count())) {
    throw new MissingPage("no number of the reports opens what it is made of");
  }
  await person.press(opens);
  assert.ok(await main(person).getByRole("table").count(), "what a number is made of is no table");
  return `${tables} tables and ${charts} charts stand there, and ${files.length} files are fetched`;
}

/** Those of a phone are done there too, by a finger. */
export const JOURNEYS = [
  { name: "journey: what a customer owes and why no letter", role: "viewer", screen: "desktop", act: whyNoLetter },
  { name: "journey: why an invoice was silent last Tuesday", role: "collector", screen: "desktop", act: silentOnTuesday },
  { name: "journey: why an invoice was silent last Tuesday, on a phone", role: "viewer", screen: "phone", act: silentOnTuesday },
  { name: "journey: take a call", role: "collector", screen: "desktop", act: takeCall },
  { name: "journey: clear a worklist of 20 exceptions", role: "collector", screen: "desktop", act: clearWorklist },
  { name: "journey: change, simulate, publish and roll back a workflow", role: "manager", screen: "desktop", act: changeWorkflow },
  { name: "journey: close the month", role: "manager", screen: "desktop", act: closeMonth },
];
