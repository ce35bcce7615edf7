// The page beside the console that only the local stack has: what it does, it does.

import assert from "node:assert/strict";

/** Opens a part of the page. */
async function part(person, name) {
  await person.page.locator(`[data-tab=${name}]`).click();
  return person.page.locator(`#${name}`);
}

/** Waits for what a form says. */
async function said(within, text) {
  await within.locator(".said-here").filter({ hasText: text }).first().waitFor();
}

export async function useLocalControls(person) {
  const { page, stack } = person;
  await person.open("/_local");
  for (const tab of await page.locator("[data-tab]").all()) {
    await tab.click();
    await person.look(`the local controls, ${await tab.innerText()}`);
  }
  const outbox = await part(person, "messages");
  assert.ok(await outbox.locator("iframe[sandbox]").count(), "the first mail is not shown as it looks");
  await outbox.locator("[data-answer]").click();
  const write = page.locator("#write");
  await write.getByLabel("The customer").selectOption({ label: "promises" });
  await write.getByRole("button", { name: "Send it" }).click();
  await said(write, /It is taken/);
  const faults = await part(person, "faults");
  await faults.getByLabel("Where").selectOption("sesv2");
  await faults.getByLabel("What").selectOption("error");
  await faults.getByRole("button", { name: "Have it fail" }).click();
  await said(faults, /sesv2 is to fail/);
  await faults.getByRole("cell", { name: "sesv2" }).waitFor();
  await faults.getByRole("button", { name: /clear/i }).click();
  await said(faults, /Nothing of sesv2/);
  const model = await part(person, "model");
  await model.getByRole("combobox").selectOption("obeys");
  await model.getByRole("button", { name: "From now on" }).click();
  await said(model, /So it does/);
  const before = await stack.now();
  await Promise.all([page.waitForEvent("load"), page.getByRole("button", { name: "+1 hour" }).click()]);
  const moved = Date.parse(await stack.now()) - Date.parse(before);
  assert.ok(moved >= 3_600_000, `the clock moved by ${moved} ms`);
  person.nothingWrong("the local controls");
  await page.context().clearCookies();
  await person.open("/console");
  await person.look("the issuer's page");
  return "axe finds nothing, and the clock, answers, faults and the model do what they say";
}
