// Every entry of the navigation and every link of the first level, as somebody in each role: nothing breaks, and nothing leads to where they may not go.

import assert from "node:assert/strict";

/** A path with what names something in it left out, so that of a hundred customers one is opened. */
function pattern(path) {
  const [bare, query = ""] = path.split("#")[0].split("?");
  const names = [...new URLSearchParams(query).keys()].sort().join("&");
  return `${bare.replace(/\/[a-z]+_[A-Za-z0-9]{8,}/g, "/{id}").replace(/\/\d+(?=\/|$)/g, "/{number}")}?${names}`;
}

/** The links of the page, those of the navigation left out. */
async function links(page) {
  const all = await page.locator("main a[href^='/console']").evaluateAll((found) => found.map((link) => link.getAttribute("href")));
  return all.filter((path) => !path.startsWith("/console/static/"));
}

/**
 * Walks. `looks` has axe look at every kind of page that was not looked at before; `seen` is what was.
 * Answers how many pages were opened.
 */
export async function walk(person, { looks, seen }) {
  const { page } = person;
  let opened = 0;
  const visit = async (path, mayBeRefused) => {
    const status = await person.open(path);
    opened += 1;
    assert.ok(status < 500, `${person.who}: ${path} was answered ${status}`);
    assert.ok(mayBeRefused || status < 400, `${person.who}: a link leads to ${path}, which is answered ${status}`);
    person.nothingWrong(path);
    const kind = pattern(path);
    if (looks && !seen.has(kind)) {
      seen.add(kind);
      await person.look(path);
    }
  };
  // Whoever has no entry, as an operator, has the page that says so.
  await visit("/console", true);
  const own = new Set();
  for (const { path: section } of [...(await person.entries()), { path: "/console/you" }]) {
    own.add(pattern(section));
    await visit(section, false);
    for (const path of await links(page)) {
      const kind = pattern(path);
      if (own.has(kind)) {
        continue;
      }
      own.add(kind);
      // A file is fetched, since a page cannot be led to one.
      const answer = await page.context().request.get(person.stack.url + path, { maxRedirects: 0 });
      if (answer.status() === 200 && (answer.headers()["content-type"] ?? "").startsWith("text/html")) {
        await visit(path, false);
      } else {
        assert.ok(answer.status() < 400, `${person.who}: a link of ${section} leads to ${path}, which is answered ${answer.status()}`);
        opened += 1;
      }
    }
  }
  return opened;
}
