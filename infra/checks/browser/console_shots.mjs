// Pictures of the pages that have a name, for eyes: two widths, light and dark, of sellers without rows, with one and with 300 of long names.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import { NOW, busy, seller, worked } from "./console_book.mjs";
import { Person, SCREENS } from "./console_person.mjs";

const MANY = 300;

/** The first link of a page that leads to such a path. */
async function first(person, from, to) {
  await person.open(from);
  const all = await person.page.locator("main a[href]").evaluateAll((links) => links.map((link) => link.getAttribute("href")));
  return all.find((path) => to.test(path));
}

const at = (path) => async () => path;
const CUSTOMER = /^\/console\/customers\/cus_[A-Za-z0-9]+$/;
const INVOICE = /^\/console\/invoices\/[^/?]+$/;

/** The twelve pages: what each is called, and where it is; a page that a seller without rows does not have is left out. */
const PAGES = [
  ["home", at("/console")],
  ["customers", at("/console/customers")],
  ["customer", (person) => first(person, "/console/customers", CUSTOMER)],
  ["invoices", at("/console/invoices")],
  ["invoice", (person) => first(person, "/console/invoices", INVOICE)],
  ["tasks", at("/console/tasks")],
  ["workflows", at("/console/workflows")],
  ["workflow", (person) => first(person, "/console/workflows", /^\/console\/workflows\/(?!ready$)[^/?]+$/)],
  ["templates", at("/console/templates")],
  ["reports", at("/console/reports")],
  ["settings", at("/console/settings")],
  ["audit", at("/console/audit")],
];

async function shoot(person, folder, name) {
  for (const scheme of ["light", "dark"]) {
    await person.page.emulateMedia({ colorScheme: scheme });
    await person.page.screenshot({ path: join(folder, `${name}-${scheme}.png`), fullPage: true });
  }
}

/** Makes the pictures in a folder. */
export async function shots(stack, browser, folder) {
  await mkdir(folder, { recursive: true });
  const tenant = await busy(stack);
  await seller(stack, "empty", 0);
  await seller(stack, "one", 1);
  await seller(stack, "many", MANY);
  // A day at a time: an answer about a week of so many customers is waited for in vain on a slow machine.
  for (let day = 3; day <= 9; day += 1) {
    await stack.to(`2026-03-0${day}T18:00:00Z`);
  }
  await worked(tenant);
  await stack.to(NOW);
  const missing = new Set();
  for (const [screen, size] of Object.entries(SCREENS)) {
    for (const data of ["acme", "empty", "one", "many"]) {
      const person = await Person.signIn(browser, stack, "admin", { tenant: data, screen: size });
      for (const [name, where] of PAGES) {
        const path = await where(person);
        const status = path === undefined ? 404 : await person.open(path);
        if (status === 200) {
          await shoot(person, folder, `${name}-${data}-${screen}`);
        } else {
          missing.add(`${name} of ${data}: ${path ?? "no link leads to one"}, ${status}`);
        }
      }
      await person.leave();
    }
    // The two pages of the stack itself.
    const person = await Person.signIn(browser, stack, "viewer", { screen: size });
    await person.open("/_local");
    await shoot(person, folder, `local-${screen}`);
    await person.page.context().clearCookies();
    await person.open("/console");
    await shoot(person, folder, `issuer-${screen}`);
    await person.leave();
  }
  console.log(`the pictures are in ${folder}`);
  for (const one of missing) {
    console.log(`no picture of ${one}`);
  }
}
