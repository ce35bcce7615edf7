// A company and three of its customers, in English, German and Japanese, who each go through all that can be heard: the story of tests/tests/everything_heard.rs,
// played over HTTP so that its mails can be looked at. The test judges it; here nothing is judged.

import { readFile } from "node:fs/promises";
import { join } from "node:path";

const DUE_ON = "2026-02-04";
/** When the stack begins. */
export const HEARD_FROM = `${DUE_ON}T08:00:00Z`;

const contacts = (buyer, mailbox) => [
  { external_id: "p1", name: buyer.person, roles: ["billing"], email: mailbox, phone: buyer.phone, consents: ["sms"] },
  { external_id: "p2", name: buyer.executive, roles: ["executive"], email: buyer.executive_mailbox },
];

/** One of a buyer's two invoices at a version of it; from the second on, the books have their new mailbox. */
function bill(buyer, place, version, changes = {}) {
  const number = `${buyer.id}-${place}`;
  const { id, name, language, country, region, time_zone } = buyer;
  const known = version > 1 ? { source_version: 2, contacts: contacts(buyer, buyer.new_mailbox) } : { source_version: 1, contacts: contacts(buyer, buyer.mailbox) };
  return {
    type: "invoice.upserted",
    customer: { external_id: id, name, kind: "company", language, country, region, time_zone, ...known },
    invoice: {
      external_id: number, source_version: version, number, currency: buyer.currency, total_minor: buyer.totals_minor[place - 1],
      issued_on: "2026-01-05", due_on: DUE_ON, status: "open", ...changes,
    },
  };
}

/** The mailbox of a mail is gone. */
async function bounce(stack, mail) {
  const tags = Object.fromEntries(mail.raw.EmailTags.map(({ Name, Value }) => [Name, [Value]]));
  const bounced = [{ emailAddress: mail.to, action: "failed", status: "5.1.1", diagnosticCode: "smtp; 550 5.1.1" }];
  await stack.ask("POST", "/_local/events", {
    source: "aws.ses", "detail-type": "Email Bounced",
    detail: {
      eventType: "Bounce",
      bounce: { feedbackId: "f", bounceType: "Permanent", bounceSubType: "General", timestamp: mail.at, bouncedRecipients: bounced },
      mail: { timestamp: mail.at, source: mail.raw.FromEmailAddress, sendingAccountId: "123456789012", messageId: mail.message_id, destination: [mail.to], tags },
    },
  });
}

/** Plays it on a stack that begins at `HEARD_FROM`, and takes text messages in; answers the tenant. */
export async function playHeard(stack, root) {
  const fixture = async (name) => JSON.parse(await readFile(join(root, "tests/fixtures/heard", name), "utf8"));
  const [{ settings, workflow }, buyers] = [await fixture("tenant.json"), await fixture("customers.json")];
  const tenant = await stack.tenant("heard", settings, undefined, [workflow]);
  const api = (method, path, body) => tenant.call("admin", method, path, body);
  const answer = async (wish) => {
    await stack.ask("POST", "/_local/inbound", wish);
    await stack.ask("POST", "/_local/clock", { advance: "PT5M" });
  };
  const accept = async (buyer, agreed) => {
    const { customer } = await api("GET", `/v1/customers/canonical/${buyer.id}`);
    const { data } = await api("GET", `/v1/replies?customer=${customer.id}`);
    return (await api("POST", `/v1/replies/${data[0].id}/accept`, agreed)).agreement;
  };
  const confirm = async (kind) => {
    for (const task of (await api("GET", `/v1/tasks?kind=${kind}`)).tasks) {
      await api("POST", `/v1/effects/${task.effect.id}/result`, { status: "done", task: task.id });
    }
  };
  const mailed = async (mailbox) => (await tenant.outbox()).findLast((mail) => mail.to === mailbox);

  await api("POST", "/v1/invitations", { role: "manager", email: "kim@acme.example" });
  const { token } = await stack.ask("POST", "/_local/token", { tenant: "heard", sub: "kim", email: "kim@acme.example" });
  await stack.ask("GET", "/v1/me", undefined, { authorization: `Bearer ${token}` });
  await api("PUT", "/v1/notice_channels/slack", { url: `${stack.url}/_local/notices/slack/heard` });
  for (const buyer of buyers) {
    await tenant.put(bill(buyer, 1, 1));
    await tenant.put(bill(buyer, 2, 1));
  }
  await stack.to("2026-02-05T20:00:00Z");
  for (const buyer of buyers) {
    await bounce(stack, await mailed(buyer.mailbox));
  }
  await stack.to("2026-02-06T12:00:00Z");
  for (const buyer of buyers) {
    await answer({ channel: "sms", from: buyer.phone, text: buyer.promises });
    await accept(buyer, {});
  }
  await stack.to("2026-02-10T08:00:00Z");
  for (const buyer of buyers) {
    await tenant.put(bill(buyer, 1, 2));
    await tenant.put(bill(buyer, 2, 2));
  }
  await stack.to("2026-02-24T12:00:00Z");
  const disputes = [];
  for (const buyer of buyers) {
    const mail = await mailed(buyer.new_mailbox);
    const by = { channel: "email", from: `${buyer.person} <${buyer.new_mailbox}>`, in_reply_to: mail.message_id };
    await answer({ ...by, text: buyer.disputes });
    disputes.push(await accept(buyer, {}));
    await answer({ ...by, text: buyer.asks_for_copy });
  }
  await stack.to("2026-03-13T12:00:00Z");
  await confirm("credit_hold");
  for (const [place, buyer] of buyers.entries()) {
    await api("POST", `/v1/agreements/${disputes[place]}/uphold`, { amount_minor: buyer.disputed_minor });
    await tenant.put(bill(buyer, 2, 3, { credited_minor: buyer.disputed_minor, paid_minor: buyer.totals_minor[1] - buyer.disputed_minor }));
    await tenant.put(bill(buyer, 1, 3, { paid_minor: buyer.totals_minor[0] }));
  }
  await stack.to("2026-03-16T12:00:00Z");
  await confirm("credit_release");
  return tenant;
}
