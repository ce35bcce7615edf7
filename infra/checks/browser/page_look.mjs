// What is looked at on each page: axe finds nothing, and nothing is wider than the screen.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
export const STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
/** The one rule that colours can break. */
export const CONTRAST = "color-contrast";

/** What axe says of a page, and by how much it is wider than the screen. */
export async function asked(page, standards = STANDARDS) {
  // As the inspector evaluates, which the policy of a page does not keep from it.
  await page.evaluate(AXE);
  return page.evaluate(
    async (runOnly) => {
      const result = await window.axe.run(document, { runOnly });
      return {
        passes: result.passes.length,
        violations: result.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`),
        wider: document.documentElement.scrollWidth - document.documentElement.clientWidth,
      };
    },
    { type: standards.length === 1 && standards[0] === CONTRAST ? "rule" : "tag", values: standards },
  );
}

/** What is wrong is found: a page without a title, with a field that nothing names and a line that is too wide. */
export async function finds(browser) {
  const page = await browser.newPage({ viewport: { width: 390, height: 844 } });
  await page.setContent("<html><body><main><input type=text><p style='width:900px'>Wide</p></main></body></html>");
  const { violations, wider } = await asked(page);
  for (const id of ["document-title", "html-has-lang", "label"]) {
    assert.ok(violations.some((found) => found.startsWith(`${id}:`)), `axe does not find ${id}: ${violations}`);
  }
  assert.ok(wider > 0, "a page that is too wide is not seen");
  await page.close();
}

