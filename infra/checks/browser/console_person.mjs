// Somebody in front of the console: signs in at the issuer's page, is looked over the shoulder, and has their clicks counted.

import assert from "node:assert/strict";

import { CONTRAST, STANDARDS, asked } from "./page_look.mjs";

export const ROLES = ["viewer", "collector", "manager", "admin", "operator"];
export const SCREENS = { desktop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };
/** The narrowest screen on which a page must not be scrolled sideways. */
const NARROWEST = 320;

/** How long a thing is waited for. */
const WAITS_MS = 15_000;
/** How often in a row nothing is asked for, until a page counts as there. */
const QUIET = 4;

export class Person {
  constructor(page, stack, who) {
    this.page = page;
    this.stack = stack;
    this.who = who;
    this.clicks = 0;
    this.wrong = [];
    this.asked = new Set();
    page.on("request", (asked) => this.asked.add(asked));
    page.on("requestfinished", (asked) => this.asked.delete(asked));
    page.on("requestfailed", (asked) => this.asked.delete(asked));
    page.on("pageerror", (error) => this.wrong.push(`${page.url()}: ${error.message}`));
    page.on("console", (message) => {
      // What did not load is told by its answer.
      if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) {
        this.wrong.push(`${page.url()}: ${message.text()}`);
      }
    });
    page.on("response", (answer) => {
      const isPage = answer.request().resourceType() === "document";
      if (answer.status() >= (isPage ? 500 : 400)) {
        this.wrong.push(`${answer.request().method()} ${answer.url()} was answered ${answer.status()}`);
      }
    });
  }

  /** Comes to the console's address, says at the issuer who it is, and is led back. */
  static async signIn(browser, stack, role, { tenant = "acme", screen = SCREENS.desktop, scheme = "light" } = {}) {
    const isPhone = screen.width < 600;
    const context = await browser.newContext({ viewport: screen, colorScheme: scheme, isMobile: isPhone, hasTouch: isPhone, locale: "en-US" });
    context.setDefaultTimeout(WAITS_MS);
    const person = new Person(await context.newPage(), stack, `${role} of ${tenant}, ${screen.width} pixels`);
    await person.page.goto(`${stack.url}/console`);
    const claims = role === "operator" ? [["role", role]] : [["tenant", tenant], ["role", role]];
    const having = claims.map(([name, value]) => `:has(input[name=${name}][value="${value}"])`).join("");
    await person.page.locator(`form${having} button`).first().click();
    await person.page.waitForURL(`${stack.url}/console**`);
    person.nothingWrong("signing in");
    return person;
  }

  async leave() {
    await this.page.context().close();
  }

  nothingWrong(what) {
    assert.deepEqual(this.wrong, [], `${this.who}: ${what}`);
  }

  /** Opens an address of the console. Answers the status. */
  async open(path) {
    const answer = await this.page.goto(this.stack.url + path);
    return answer.status();
  }

  /** The entries of the navigation: label and path. */
  async entries() {
    const links = this.page.getByRole("navigation", { name: "Sections" }).getByRole("link", { includeHidden: true });
    return links.evaluateAll((all) => all.map((link) => ({ label: link.textContent.trim(), path: link.getAttribute("href") })));
  }

  /** Leads to a section by its entry, and says loudly if there is none. */
  async section(name) {
    const entry = (await this.entries()).find(({ label }) => label.startsWith(name));
    if (!entry) {
      throw new MissingPage(`${this.who} has no entry ${name} in the navigation`);
    }
    assert.equal(await this.open(entry.path), 200, `${name} of ${this.who}`);
  }

  /** Presses something, which counts, and waits for what comes of it. */
  async press(target) {
    this.clicks += 1;
    await target.click();
    await this.settled();
  }

  /** Waits until the page that was led to, or what changes in place, is there: nothing is asked for any more. */
  async settled() {
    const until = Date.now() + WAITS_MS;
    for (let quiet = 0; quiet < QUIET; quiet = this.asked.size === 0 ? quiet + 1 : 0) {
      assert.ok(Date.now() < until, `${this.page.url()} is not there in time: it asks for ${[...this.asked].map((one) => one.url())}`);
      await this.page.waitForTimeout(25);
    }
    await this.page.waitForLoadState("load");
  }

  /** Types keys, one after the other. */
  async type(...keys) {
    for (const key of keys) {
      await this.page.keyboard.press(key);
    }
  }

  /** Counts from here on. */
  begin() {
    this.clicks = 0;
  }

  /** Says how many clicks it took; more than there may be is wrong. */
  took(what, most) {
    console.log(`${this.who}: ${what}: ${this.clicks} clicks (at most ${most})`);
    assert.ok(this.clicks <= most, `${what} takes ${this.clicks} clicks, and may take ${most}`);
  }

  /** axe looks at the page in light and dark, and nothing is wider than the narrowest screen. */
  async look(what) {
    const { page } = this;
    const where = `${this.who}: ${what} at ${page.url()}`;
    const screen = page.viewportSize();
    await page.emulateMedia({ colorScheme: "light" });
    const found = await asked(page, STANDARDS);
    assert.ok(found.passes > 10, `${where}: axe looked at next to nothing`);
    assert.deepEqual(found.violations, [], `${where}: axe found something`);
    await page.emulateMedia({ colorScheme: "dark" });
    const dark = await asked(page, [CONTRAST]);
    assert.deepEqual(dark.violations, [], `${where}: axe found something in the dark`);
    await page.emulateMedia({ colorScheme: "light" });
    await page.setViewportSize({ width: NARROWEST, height: screen.height });
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    await page.setViewportSize(screen);
    assert.ok(wider <= 0, `${where} is ${wider} pixels wider than a screen of ${NARROWEST}`);
    this.nothingWrong(what);
  }
}

/** That a page is not there yet. */
export class MissingPage extends Error {}
