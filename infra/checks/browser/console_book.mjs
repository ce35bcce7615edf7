// The books that the console is looked at with: a seller with exceptions to clear and promises to make, and sellers that are empty, have one row, and many.

/** A Thursday, on which people work; the Tuesday before it is asked about. */
export const NOW = "2026-03-12T10:00:00Z";
export const BEGINS = "2026-03-02T08:00:00Z";
export const LAST_TUESDAY = "2026-03-10";
/** How many customers nobody can be reached of: an exception each. */
export const EXCEPTIONS = 20;
/** Who calls, and the invoice that a hold keeps silent. */
export const CALLER = { id: "K-1", name: "Kestrel Marine Ltd", number: "5001", minor: 125_000 };
export const SILENT = { id: "K-2", name: "Quiet Harbour Ltd", number: "6001" };

const LONG = [
  "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft mbH & Co. Kommanditgesellschaft",
  "شركة الخليج العربي للتجارة العامة والمقاولات والخدمات اللوجستية والاستشارات المحدودة",
  "<b>Birch</b> & Sons \"Ltd\"",
];

function customer(id, name, contact) {
  return {
    external_id: id, source_version: 1, name, kind: "company", language: "en", country: "GB", time_zone: "Europe/London",
    contacts: [{ external_id: "p1", name: "Robin Birch", roles: ["billing"], ...contact }],
  };
}

function invoice(of, number, minor, dueOn) {
  const issuedOn = new Date(Date.parse(dueOn) - 30 * 86_400_000).toISOString().slice(0, 10);
  return {
    type: "invoice.upserted", customer: of,
    invoice: {
      external_id: `INV-${number}`, source_version: 1, number, currency: "GBP", total_minor: minor, issued_on: issuedOn, due_on: dueOn, status: "open",
    },
  };
}

const GB = { country: "GB", time_zone: "Europe/London", language: "en" };

/** The seller of the journeys. */
export async function busy(stack) {
  const tenant = await stack.tenant("acme", { name: "Acme Ltd", ...GB });
  await tenant.put(invoice(customer(CALLER.id, CALLER.name, { email: "ap@kestrel.example" }), CALLER.number, CALLER.minor, "2026-02-20"));
  // Its overdue notice would be due on the Tuesday.
  await tenant.put(invoice(customer(SILENT.id, SILENT.name, { email: "ap@quiet.example" }), SILENT.number, 48_000, "2026-02-18"));
  // Nobody has an address: each is an exception of its own, with another amount at stake.
  for (let place = 1; place <= EXCEPTIONS; place += 1) {
    await tenant.put(invoice(customer(`U-${place}`, `Unreached ${place}`, {}), `7${String(place).padStart(3, "0")}`, 10_000 * place, "2026-02-24"));
  }
  return tenant;
}

/** What people did by the day on which it is looked at: a hold that lasts over the Tuesday, and a note. */
export async function worked(tenant) {
  const { customer: silent } = await tenant.api(`/v1/customers/canonical/${SILENT.id}`);
  const hold = { reason: "dispute", scope: { invoice: `INV-${SILENT.number}` }, until_on: "2026-03-20" };
  await tenant.api(`/v1/customers/${silent.id}/holds/wrong-price`, { method: "PUT", body: hold });
}

/** A seller with so many customers, of long names where there is more than one. */
export async function seller(stack, name, count) {
  // Three hundred customers at once are nothing unusual here.
  const breaker = { factor: 1000, minimum: 1_000_000 };
  const tenant = await stack.tenant(name, { name: count > 1 ? LONG[0] : "Birch & Sons", breaker, ...GB });
  for (let place = 0; place < count; place += 1) {
    const called = count > 1 ? `${LONG[place % LONG.length]} ${place}` : "Kestrel Marine Ltd";
    const of = customer(`C-${place}`, called, { email: `ap@c${place}.example` });
    await tenant.put(invoice(of, `${1000 + place}`, 5_000 + 977 * place, `2026-02-${String(1 + (place % 28)).padStart(2, "0")}`));
  }
  return tenant;
}
