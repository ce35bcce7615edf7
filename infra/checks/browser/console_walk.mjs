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
 * Walks. Each entry of the navigation is opened, and each link of it is followed. `looks` opens those in the browser too, and has axe look at every kind of
 * page that was not looked at before; `seen` is what was. What is wrong with a page is told with all else that is, at the end. Answers how many pages there were.
 */
export async function walk(person, { looks, seen }) {
  const { page } = person;
  const wrong = [];
  let opened = 0;
  /** Notes what is wrong, and goes on: one broken page does not hide another. */
  const note = async (path, look) => {
    opened += 1;
    try {
      await look();
    } catch (error) {
      wrong.push(`${path}: ${error.message}`);
      person.wrong.length = 0;
    }
  };
  const visit = (path, mayBeRefused, from) => note(path, async () => {
    const status = await person.open(path);
    assert.ok(status < (mayBeRefused ? 500 : 400), `${from} leads there, and it is answered ${status}`);
    person.nothingWrong(path);
    const kind = pattern(path);
    if (looks && !seen.has(kind)) {
      seen.add(kind);
      await person.look(path);
    }
  });
  // Whoever has no entry, as an operator, has the page that says so.
  await visit("/console", true, "signing in");
  const own = new Set();
  for (const { path: section } of [...(await person.entries()), { path: "/console/you" }]) {
    own.add(pattern(section));
    await visit(section, false, "the navigation");
    for (const path of await links(page)) {
      const kind = pattern(path);
      if (own.has(kind)) {
        continue;
      }
      own.add(kind);
      // A file is fetched, since a page cannot be led to one.
      const answer = await page.context().request.get(person.stack.url + path, { maxRedirects: 0 });
      // Whoever has the most rights opens it too: what others see of it is less.
      if (looks && answer.status() === 200 && (answer.headers()["content-type"] ?? "").startsWith("text/html")) {
        await visit(path, false, section);
      } else {
        await note(path, () => assert.ok(answer.status() < 400, `${section} leads there, and it is answered ${answer.status()}`));
      }
    }
  }
  assert.deepEqual(wrong, [], `${person.who}: of ${opened} pages`);
  return opened;
}
