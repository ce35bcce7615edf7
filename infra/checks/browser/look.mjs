// Writes what left a local stack as its readers see it: of each mail its HTML, its plain text, and pictures at 320, 390 and 1,200 pixels, light and dark; of text
// messages and notices their words.
//
//   node look.mjs --out FOLDER --url http://127.0.0.1:8787 --tenant demo [--to ADDRESS]     of a stack that runs
//   node look.mjs --out FOLDER --local PROGRAM [--play heard] [--play shapes] [--root FOLDER]   of stories that it plays itself
//
// Both take [--chromium PROGRAM] and [--no-pictures]. A mail that is wider than its screen, or in which axe finds something, is named at the end, and the program
// leaves with 1.

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { chromium } from "playwright-core";

import { HEARD_FROM, playHeard } from "./heard.mjs";
import { SHAPES_FROM, playShapes } from "./shapes.mjs";
import { LocalStack, Tenant } from "./stack.mjs";

const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
const WIDTHS = [320, 390, 1200];
const STORIES = {
  heard: { from: HEARD_FROM, parameters: ["SmsProvider=end-user-messaging", "SmsTwoWay=true"], play: playHeard },
  shapes: { from: SHAPES_FROM, parameters: [], play: (stack) => playShapes(stack) },
};

/** A mail's HTML with the pictures that it carries. */
function shown(mail) {
  const files = mail.raw.Content?.Simple?.Attachments ?? [];
  return files.filter((file) => file.ContentId).reduce(
    (html, file) => html.replaceAll(`cid:${file.ContentId}`, `data:${file.ContentType};base64,${file.RawContent}`),
    mail.html,
  );
}

/** What is wrong with a page: what axe finds, that it is wider than its screen, that an amount is not beside its date, or that the sum is broken. */
async function wrong(page) {
  return page.evaluate(
    async ([source, values]) => {
      window.eval(source);
      const { violations } = await window.axe.run(document, { runOnly: { type: "tag", values } });
      const found = violations.map(({ id, nodes }) => `${id} (${nodes[0].html.slice(0, 120)})`);
      const { scrollWidth, clientWidth } = document.documentElement;
      if (scrollWidth > clientWidth) {
        found.push(`${scrollWidth - clientWidth} pixels wider than the screen`);
      }
      for (const row of document.querySelectorAll(".rows tr")) {
        const [date, amount] = [".date", ".amount"].map((place) => row.querySelector(place)?.getBoundingClientRect());
        if (date && amount && (Math.abs(date.top - amount.top) > 1 || Math.abs(amount.right - row.getBoundingClientRect().right) > 1)) {
          found.push(`an amount is not at the end of its row: ${row.innerText.replaceAll(/\s+/g, " ")}`);
        }
      }
      for (const sum of document.querySelectorAll(".sum")) {
        if (sum.getBoundingClientRect().height > 1.5 * parseFloat(getComputedStyle(sum).lineHeight)) {
          found.push(`the sum is broken: ${sum.innerText}`);
        }
      }
      return found;
    },
    [AXE, RULES],
  );
}

class Looker {
  constructor(browser, folder) {
    this.browser = browser;
    this.folder = folder;
    this.flaws = [];
    this.count = 0;
  }

  async mail(name, mail) {
    const html = shown(mail);
    await writeFile(join(this.folder, `${name}.html`), html);
    if (!this.browser) {
      return;
    }
    for (const colorScheme of ["light", "dark"]) {
      for (const width of WIDTHS) {
        const page = await this.browser.newPage({ viewport: { width, height: 800 }, colorScheme, bypassCSP: true });
        await page.setContent(html);
        await page.screenshot({ path: join(this.folder, `${name}-${width}-${colorScheme}.png`), fullPage: true });
        this.flaws.push(...(await wrong(page)).map((flaw) => `${name}, ${width} pixels, ${colorScheme}: ${flaw}`));
        await page.close();
      }
    }
  }

  /** All that left a tenant, in order. */
  async tenant(tenant, to) {
    for (const sent of (await tenant.outbox()).filter((one) => !to || one.to === to)) {
      this.count += 1;
      const reader = sent.to.replaceAll(/[^0-9A-Za-z.@+]/g, "-");
      const name = `${tenant.name}-${String(this.count).padStart(3, "0")}-${sent.at.slice(0, 10)}-${sent.channel}-${reader}`;
      const files = (sent.attachments ?? []).map(({ name: file }) => file).join(", ");
      const head = `At: ${sent.at}\nTo: ${sent.to}\nSubject: ${sent.subject ?? ""}\nFiles: ${files}\n\n`;
      await writeFile(join(this.folder, `${name}.txt`), head + (sent.text ?? ""));
      if (sent.html) {
        await this.mail(name, sent);
      }
    }
  }
}

const { values: given } = parseArgs({
  options: {
    out: { type: "string" },
    url: { type: "string" },
    tenant: { type: "string", multiple: true, default: ["demo"] },
    to: { type: "string" },
    local: { type: "string", default: "target/debug/local" },
    play: { type: "string", multiple: true, default: ["heard"] },
    chromium: { type: "string", default: "/usr/bin/chromium" },
    root: { type: "string", default: resolve(dirname(fileURLToPath(import.meta.url)), "../../..") },
    "no-pictures": { type: "boolean", default: false },
  },
});
if (!given.out) {
  throw new Error("say by --out where the pictures go");
}
await mkdir(given.out, { recursive: true });
const browser = given["no-pictures"] ? null : await chromium.launch({ executablePath: given.chromium, args: ["--no-sandbox"] });
const looker = new Looker(browser, given.out);
try {
  if (given.url) {
    for (const name of given.tenant) {
      await looker.tenant(new Tenant(new LocalStack(null, given.url), name, ""), given.to);
    }
  } else {
    for (const name of given.play) {
      const { from, parameters, play } = STORIES[name];
      const stack = await LocalStack.start(resolve(given.local), given.root, from, parameters);
      try {
        await looker.tenant(await play(stack, given.root), given.to);
      } finally {
        stack.stop();
      }
    }
  }
} finally {
  await browser?.close();
}
console.log(`${looker.count} messages are in ${given.out}, ${looker.flaws.length} flaws`);
for (const flaw of looker.flaws) {
  console.log(`FLAW ${flaw}`);
}
process.exitCode = looker.flaws.length > 0 ? 1 : 0;
