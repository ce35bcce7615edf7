// Customers of every shape that a mail has to show: one invoice, thirty, two thousand, two currencies, part payments and credits, instalments.

const DUE_ON = "2026-02-04";
/** When the stack begins. */
export const SHAPES_FROM = `${DUE_ON}T08:00:00Z`;
const PLACES = {
  en: { country: "GB", region: "ENG", time_zone: "Europe/London", currency: "GBP", name: "Harbour & Finch Ltd", person: "Tom Finch" },
  de: { country: "DE", region: "BY", time_zone: "Europe/Berlin", currency: "EUR", name: "Donaudampfschifffahrtsgesellschaft Brandt & Söhne KG", person: "Jonas Brandt" },
  ja: { country: "JP", region: "13", time_zone: "Asia/Tokyo", currency: "JPY", name: "株式会社青葉商事", person: "佐藤 花子" },
};
const WORKFLOW = {
  id: "shapes", name: "Shapes", scope: "customer",
  steps: [
    { id: "reminder", at: { anchor: "due_date", offset: "P1D" }, action: { send: { channels: ["email"], template: "reminder", to: ["billing"], attach: ["statement", "invoices"] } } },
    { id: "final", at: { anchor: "due_date", offset: "P8D" }, pay_by: { days: 7 }, action: { send: { channels: ["email"], template: "final-notice", to: ["billing"] } } },
    { id: "call", at: { anchor: "due_date", offset: "P60D" }, action: { task: { title: "Call the customer" } } },
  ],
};

/** The invoices of each shape: what each differs in. */
const SHAPES = {
  one: () => [{ number: "2026-0001", total_minor: 125_000, purchase_order: "PO-4711" }],
  thirty: () => Array.from({ length: 30 }, (_, at) => ({ number: `RE-2026-${10_001 + at}/A`, total_minor: 1_999 + 98_765 * (at % 7), purchase_order: at % 3 ? undefined : `45000${at}` })),
  thousands: () => Array.from({ length: 2_000 }, (_, at) => ({ number: String(100_000 + at), total_minor: 9_900 + at })),
  currencies: () => [
    { number: "A-1", total_minor: 125_000 },
    { number: "A-2", total_minor: 40_000, currency: "USD" },
    { number: "A-3", total_minor: 7_500, currency: "USD" },
  ],
  paid: () => [
    { number: "P-1", total_minor: 125_000, paid_minor: 25_000 },
    { number: "P-2", total_minor: 90_000, paid_minor: 10_000, credited_minor: 5_000 },
    { number: "P-3", total_minor: 1_234_567_890, credited_minor: 67_890 },
  ],
  instalments: () => [
    {
      number: "I-1", total_minor: 900_000, paid_minor: 450_000, due_on: "2026-04-04",
      instalments: [{ due_on: "2026-01-04", amount_minor: 300_000 }, { due_on: DUE_ON, amount_minor: 300_000 }, { due_on: "2026-04-04", amount_minor: 300_000 }],
    },
    { number: "I-2", total_minor: 25_000 },
    { number: "I-3", total_minor: 18_000, due_on: "2026-02-25" },
  ],
};

/** The tenant with a customer of each shape and language; their mails leave when the clock goes on. */
export async function playShapes(stack, names = Object.keys(SHAPES)) {
  const settings = {
    name: "Acme Inc.", country: "DE", time_zone: "Europe/Berlin", language: "en", mode: "live",
    bank_accounts: [{ holder: "Acme Inc.", bank: "Example Bank", iban: "DE89 3704 0044 0532 0130 00" }],
    brand: { colour: "#0b5d4a", particulars: "Acme Inc.\nMusterstr. 12, 10115 Berlin" },
  };
  const tenant = await stack.tenant("shapes", settings, undefined, [WORKFLOW]);
  for (const shape of names) {
    for (const [language, { currency, name, person, ...place }] of Object.entries(PLACES)) {
      const customer = {
        external_id: `${shape}-${language}`, source_version: 1, name, kind: "company", language, ...place,
        contacts: [{ external_id: "p1", name: person, roles: ["billing"], email: `${shape}@${language}.example` }],
      };
      for (const one of SHAPES[shape]()) {
        const invoice = {
          external_id: `${shape}-${language}-${one.number}`, source_version: 1, currency, issued_on: "2026-01-04", due_on: DUE_ON, status: "open", ...one,
        };
        await tenant.put({ type: "invoice.upserted", customer, invoice });
      }
    }
  }
  await stack.to("2026-02-05T20:00:00Z");
  await stack.to("2026-02-16T20:00:00Z");
  return tenant;
}
