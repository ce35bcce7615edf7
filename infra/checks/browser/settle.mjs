// A person settles everything by the link of a mail, in Chromium, on a phone and on a desktop; axe looks at every page of ours on the way.
//
//   node settle.mjs --local PROGRAM [--chromium PROGRAM] [--root FOLDER]
//
// Of five invoices three are paid by card, the fourth is promised, the fifth is disputed by half with a photo, and a plan is asked for. Then the
// receipt and the next mail must be right, and the collector must see it all by the API. Leaves with 0 and says what was proved, or throws.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { chromium } from "playwright-core";

import { LocalStack } from "./stack.mjs";

const HERE = dirname(fileURLToPath(import.meta.url));
const ROOT = resolve(HERE, "../../..");
const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const NUMBERS = ["R-1", "R-2", "R-3", "R-4", "R-5"];
const TOTALS = [125_000, 50_000, 7_500, 33_333, 20_000];
const DUE_ON = "2026-02-04";
const PHOTO = "tests/fixtures/files/photo.jpg";
/** Of a mail no rule of pages is asked for: it is no document of its own, but stands in a reader's. */
const OF_MAILS = STANDARDS.filter((standard) => standard !== "best-practice");
const SCREENS = [
  { name: "phone", width: 390, height: 844, language: "de" },
  { name: "desktop", width: 1200, height: 800, language: "en" },
];

/** An amount as a form takes it: German writes a comma. */
function typed(minor, language) {
  return (minor / 100).toFixed(2).replace(".", language === "de" ? "," : ".");
}

/** What axe says of a page, and by how much it is wider than the screen. */
async function asked(page, standards = STANDARDS) {
  return page.evaluate(
    async ([source, values]) => {
      window.eval(source);
      const result = await window.axe.run(document, { runOnly: { type: "tag", values } });
      return {
        passes: result.passes.length,
        violations: result.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`),
        wider: document.documentElement.scrollWidth - document.documentElement.clientWidth,
      };
    },
    [AXE, standards],
  );
}

/** What is wrong is found: a page without a title, with a field that nothing names and a line that is too wide. */
async function finds(browser) {
  const page = await browser.newPage({ viewport: { width: 390, height: 844 } });
  await page.setContent("<html><body><main><input type=text><p style='width:900px'>Wide</p></main></body></html>");
  const { violations, wider } = await asked(page);
  for (const id of ["document-title", "html-has-lang", "label"]) {
    assert.ok(violations.some((found) => found.startsWith(`${id}:`)), `axe does not find ${id}: ${violations}`);
  }
  assert.ok(wider > 0, "a page that is too wide is not seen");
  await page.close();
}

/** Somebody in front of one screen. */
class Visitor {
  constructor(page, portal) {
    this.page = page;
    this.portal = portal;
    this.seen = new Set();
  }

  /** Waits for the page and has axe look at it, where it is ours: nothing may be wrong, and nothing is wider than the screen. */
  async look(what) {
    await this.page.waitForLoadState("load");
    const url = this.page.url();
    assert.ok(url.startsWith(this.portal), `${what}: ${url} is no page of the portal`);
    const found = await asked(this.page);
    assert.ok(found.passes > 10, `${what}: axe looked at next to nothing`);
    assert.deepEqual(found.violations, [], `${what}: axe found something at ${url}`);
    assert.ok(found.wider <= 0, `${what}: the page is ${found.wider} pixels wider than the screen`);
    this.seen.add(what);
  }

  async press(selector) {
    await Promise.all([this.page.waitForEvent("load"), this.page.locator(selector).first().click()]);
  }
}

async function owe(tenant, language) {
  const customer = {
    external_id: "C-1", source_version: 1, name: "Beispiel GmbH", kind: "company", language, country: "DE", region: "BE",
    time_zone: "Europe/Berlin",
    contacts: [{ external_id: "p1", name: "Anna Weber", roles: ["billing"], email: `ap@${tenant.name}.example` }],
  };
  for (const [place, number] of NUMBERS.entries()) {
    const invoice = {
      external_id: number, source_version: 1, number, currency: "EUR", total_minor: TOTALS[place], issued_on: "2026-01-05",
      due_on: DUE_ON, status: "open",
    };
    await tenant.put({ type: "invoice.upserted", customer, invoice });
  }
}

/** Pays the first three by card at the stand-in of Stripe. */
async function pay(visitor, link) {
  const { page } = visitor;
  await page.goto(link);
  await visitor.look("the statement");
  await visitor.press(".due a.button");
  await visitor.look("the form of paying");
  const boxes = page.locator("input[name=pay]");
  assert.equal(await boxes.count(), NUMBERS.length);
  for (const [place, number] of NUMBERS.entries()) {
    await page.locator("ul.choices li", { hasText: number }).locator("input[name=pay]").setChecked(place < 3);
  }
  await page.locator("input[name=way][value='stripe:card']").check();
  await visitor.press("form.paying button[type=submit]");
  assert.ok(!page.url().startsWith(visitor.portal), "the payer was sent on");
  await visitor.press("button[name=pay][value=card]");
  await visitor.look("the payment");
}

/** Promises the fourth within a week. */
async function promise(visitor, link) {
  const { page } = visitor;
  await page.goto(`${link}/promise`);
  await visitor.look("the form of promising");
  for (const choice of await page.locator("label.choice").all()) {
    await choice.locator("input[name=invoice]").setChecked((await choice.innerText()).includes(NUMBERS[3]));
  }
  await page.locator("#pays_on").fill("2026-02-12");
  await page.locator("#way").selectOption("transfer");
  await visitor.press("main form button[type=submit]");
  await visitor.look("the promise");
  assert.ok(page.url().includes("made="), page.url());
}

/** Disputes half of the fifth, and adds a photo. */
async function dispute(visitor, link, language, photo) {
  const { page } = visitor;
  await page.goto(link);
  await visitor.press(`th a:has-text("${NUMBERS[4]}")`);
  await visitor.look("an invoice");
  await visitor.press("a[href$='/dispute']");
  await visitor.look("the form of disputing");
  await page.locator("#reason").selectOption({ index: 1 });
  await page.locator("#amount").fill(typed(TOTALS[4] / 2, language));
  await page.locator("#words").fill("Half of it arrived broken.");
  await visitor.press("main form button[type=submit]");
  await visitor.look("the dispute");
  assert.ok(page.url().includes("made="), page.url());
  await visitor.press("a[href*='/files/']");
  await visitor.look("the form of sending a file");
  await page.locator("#file").setInputFiles(photo);
  await visitor.press("main form button[type=submit]");
  await visitor.look("the file that was sent");
  await visitor.press("main form button[type=submit]");
  await visitor.look("the file that is attached");
}

async function askForPlan(visitor, link) {
  const { page } = visitor;
  await page.goto(`${link}/write`);
  await visitor.look("the form of writing");
  await page.locator("input[name=for][value=plan]").check();
  await page.locator("#words").fill("Could we pay the rest in three parts?");
  await visitor.press("main form button[type=submit]");
  await visitor.look("what was written");
}

/** What the collector sees: one payment, which is to be entered in the books, a promise of what was open, a dispute of half with its photo, and a
    request, each once. */
async function seen(tenant, photo) {
  const { data: payments } = await tenant.api("/v1/payments");
  assert.deepEqual(payments.map(({ amount_minor, allocated_minor }) => [amount_minor, allocated_minor]), [[182_500, 182_500]]);
  for (const [kind, status, amount] of [["promise", "open", TOTALS[3]], ["dispute", "open", TOTALS[4] / 2]]) {
    const { data } = await tenant.api(`/v1/agreements?kind=${kind}`);
    assert.deepEqual(data.map((one) => [one.status, one.amount_minor ?? one.stood_minor]), [[status, amount]], kind);
    const { attachments = [] } = await tenant.api(`/v1/agreements/${data[0].id}`);
    const sent = kind === "dispute" ? [["image/jpeg", (await readFile(photo)).length]] : [];
    assert.deepEqual(attachments.map((file) => [file.content_type, file.bytes]), sent, kind);
  }
  const { data: tasks } = await tenant.api("/v1/tasks");
  assert.deepEqual(tasks.map(({ kind }) => kind).sort(), ["customer_asked", "dispute", "enter_payment"]);
  const { due_items: items } = await tenant.api("/v1/customers/canonical/C-1?last=5");
  const owed = items.map((item) => [item.number, item.open_minor, item.due_now_minor]).sort();
  assert.deepEqual(owed, [["R-4", TOTALS[3], 0], ["R-5", TOTALS[4], TOTALS[4] / 2]]);
}

async function begin(stack, browser, { name, width, height, language }) {
  const tenant = await stack.tenant(name, { name: "Acme", country: "DE", time_zone: "Europe/Berlin", language }, [{ provider: "stripe" }]);
  await owe(tenant, language);
  return { tenant, language, name, screen: { width, height }, browser };
}

/** The receipt says what was paid of which invoice, and brings the document. */
async function receipt(visitor, { tenant, language, name }) {
  const receipts = (await tenant.outbox()).filter((mail) => mail.service_mail && mail.text.includes("pay_"));
  assert.equal(receipts.length, 1, `${name}: ${receipts.map(({ subject }) => subject)}`);
  const [mail] = receipts;
  assert.match(mail.subject, language === "de" ? /1\.825,00/ : /1,825\.00/);
  assert.deepEqual(NUMBERS.filter((number) => mail.text.includes(number)), NUMBERS.slice(0, 3), mail.text);
  assert.deepEqual(mail.attachments.map((file) => file.content_type), ["application/pdf"]);
  const page = await visitor.page.context().newPage();
  await page.setContent(mail.html);
  const found = await asked(page, OF_MAILS);
  assert.ok(found.passes > 10, "the receipt: axe looked at next to nothing");
  assert.deepEqual(found.violations, [], "the receipt: axe found something");
  assert.ok(found.wider <= 0, `the receipt is ${found.wider} pixels wider than the screen`);
  await page.close();
  visitor.seen.add("the receipt by mail");
}

async function walk(stack, { tenant, language, name, screen, browser }, photo) {
  const [mail] = await tenant.outbox();
  const link = mail.text.match(/http:\S+\/p\/[0-9A-Za-z]{22}/)[0];
  const context = await browser.newContext({ viewport: screen, isMobile: name === "phone", hasTouch: name === "phone", bypassCSP: true });
  try {
    const visitor = new Visitor(await context.newPage(), new URL(link).origin);
    await pay(visitor, link);
    // The provider's webhook came meanwhile.
    await stack.ask("POST", "/_local/clock", { advance: "PT0S" });
    await visitor.page.reload();
    await visitor.look("the payment that came");
    await promise(visitor, link);
    await dispute(visitor, link, language, photo);
    await askForPlan(visitor, link);
    await visitor.page.goto(link);
    await visitor.look("the statement afterwards");
    await seen(tenant, photo);
    await stack.ask("POST", "/_local/clock", { advance: "PT10S" });
    await receipt(visitor, { tenant, language, name });
    console.log(`${name}, ${screen.width} pixels, ${language}: axe finds nothing on ${[...visitor.seen].join(", ")}`);
  } finally {
    await context.close();
  }
}

/** The next mail is about half of the fifth, and about nothing that is paid or promised. */
async function next({ tenant, name }) {
  // What answers something that was done on the page is no next mail.
  const [, ...later] = (await tenant.outbox()).filter((mail) => !mail.service_mail);
  assert.ok(later.length > 0, `${name}: no mail left afterwards`);
  const [mail] = later;
  const named = NUMBERS.filter((number) => mail.text.includes(number));
  assert.deepEqual(named, ["R-5"], `${name}: ${mail.text}`);
  assert.match(mail.text, /100[.,]00/, `${name}: ${mail.text}`);
  console.log(`${name}: the next mail, of ${mail.at.slice(0, 10)}, asks for half of R-5 and nothing else`);
}

const { values: given } = parseArgs({
  options: {
    local: { type: "string", default: "target/debug/local" },
    chromium: { type: "string", default: "/usr/bin/chromium" },
    // The checkout, where this was copied elsewhere.
    root: { type: "string", default: ROOT },
  },
});
const stack = await LocalStack.start(resolve(given.local), given.root, `${DUE_ON}T20:00:00Z`);
try {
  const browser = await chromium.launch({ executablePath: given.chromium, args: ["--no-sandbox"] });
  try {
    await finds(browser);
    const people = [];
    for (const screen of SCREENS) {
      people.push(await begin(stack, browser, screen));
    }
    await stack.to("2026-02-05T16:30:00Z");
    for (const person of people) {
      await walk(stack, person, resolve(given.root, PHOTO));
    }
    // Before the promised day.
    await stack.to("2026-02-12T22:00:00Z");
    for (const person of people) {
      await next(person);
    }
  } finally {
    await browser.close();
  }
} finally {
  stack.stop();
}
