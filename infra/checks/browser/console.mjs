// People work in the console, in Chromium, on a phone and on a desktop: every page as every role, and the journeys that it was built for, with
// their clicks counted. axe looks at every kind of page.
//
//   node console.mjs --local PROGRAM [--chromium PROGRAM] [--root FOLDER] [--only NAME] [--shots FOLDER]
//
// `--only` runs what has that word in its name. `--shots` makes pictures of the pages that have a name, in place of all else: two widths, light
// and dark, of sellers without rows, with one and with 300. Says what was proved and leaves with 0; else it says everything that failed, and
// leaves with 1.

import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { chromium } from "playwright-core";

import { BEGINS, NOW, busy, worked } from "./console_book.mjs";
import { JOURNEYS } from "./console_journeys.mjs";
import { useLocalControls } from "./local_controls.mjs";
import { MissingPage, Person, ROLES, SCREENS } from "./console_person.mjs";
import { shots } from "./console_shots.mjs";
import { walk } from "./console_walk.mjs";
import { finds } from "./page_look.mjs";
import { LocalStack } from "./stack.mjs";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../../..");

const { values: given } = parseArgs({
  options: {
    local: { type: "string", default: "target/debug/local" },
    chromium: { type: "string", default: "/usr/bin/chromium" },
    // The checkout, where this was copied elsewhere.
    root: { type: "string", default: ROOT },
    only: { type: "string", default: "" },
    shots: { type: "string" },
  },
});

const failed = [];
/** Does one thing. What fails is said at once, and the rest goes on. */
async function part(name, act) {
  if (!name.includes(given.only)) {
    return;
  }
  const began = Date.now();
  try {
    const said = await act();
    console.log(`${name}: ${said} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
  } catch (error) {
    const why = error instanceof MissingPage ? "A PAGE IS MISSING: " : "";
    failed.push(`${name}: ${why}${error.message}`);
    console.error(`FAIL ${name}: ${why}${error.message}`);
  }
}

async function work(stack, browser) {
  await finds(browser);
  const tenant = await busy(stack);
  await stack.to("2026-03-09T18:00:00Z");
  await worked(tenant);
  await stack.to(NOW);
  const seen = new Set();
  for (const [screen, size] of Object.entries(SCREENS)) {
    for (const role of ROLES) {
      await part(`walk on the ${screen} as ${role}`, async () => {
        const person = await Person.signIn(browser, stack, role, { screen: size });
        try {
          // Whoever may do most sees most of each page.
          const looks = role === "admin" || role === "operator";
          return `${await walk(person, { looks, seen })} pages answer, and none shows what is refused`;
        } finally {
          await person.leave();
        }
      });
    }
    // The same pages look otherwise on a phone.
    seen.clear();
  }
  for (const { name, role, screen, act } of JOURNEYS) {
    await part(name, async () => {
      const person = await Person.signIn(browser, stack, role, { screen: SCREENS[screen] });
      try {
        return await act(person, tenant);
      } finally {
        await person.leave();
      }
    });
  }
  await part("the stack's own pages", async () => {
    const person = await Person.signIn(browser, stack, "viewer");
    try {
      return await useLocalControls(person);
    } finally {
      await person.leave();
    }
  });
}

const began = Date.now();
const stack = await LocalStack.start(resolve(given.local), given.root, BEGINS);
try {
  const browser = await chromium.launch({ executablePath: given.chromium, args: ["--no-sandbox"] });
  try {
    await (given.shots ? shots(stack, browser, resolve(given.shots)) : work(stack, browser));
  } finally {
    await browser.close();
  }
} finally {
  stack.stop();
}
console.log(`${((Date.now() - began) / 1000).toFixed(0)} s`);
if (failed.length > 0) {
  console.error(`\n${failed.length} failed:\n${failed.map((one) => `- ${one}`).join("\n")}`);
  process.exitCode = 1;
}
