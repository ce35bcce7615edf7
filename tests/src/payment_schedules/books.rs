//! What the accounting system of the creditor says of a family: a customer, and another one to which its invoices may move.

use jiff::{Timestamp, ToSpan, civil::Date};
use serde_json::{Value, json};

use super::evidence::{ByInvoice, What};

/// When everything falls due.
pub const DUE_ON: Date = Date::constant(2026, 2, 4);

/// A change of the books: the documents that tell it, and what it means.
pub struct BookChange {
    /// What is sent, in order.
    pub documents: Vec<Value>,
    /// What whoever judges has to know.
    pub what: What,
}

/// The books of a family.
pub struct Books {
    family: String,
    invoices: Vec<Booked>,
    elsewhere: Vec<Entry>,
    entries: usize,
}

struct Booked {
    number: String,
    total: i64,
    credited: i64,
    paid: i64,
    is_void: bool,
    is_away: bool,
    version: i64,
}

struct Entry {
    id: String,
    place: usize,
    minor: i64,
}

impl Booked {
    fn open(&self) -> i64 {
        if self.is_void { 0 } else { self.total - self.credited - self.paid }
    }
}

impl Books {
    /// Books in which nothing is paid.
    pub fn open(family: &str, totals: &[i64]) -> Self {
        let invoice = |(place, total): (usize, &i64)| Booked {
            number: format!("{family}-{place}"),
            total: *total,
            credited: 0,
            paid: 0,
            is_void: false,
            is_away: false,
            version: 0,
        };
        let invoices = totals.iter().enumerate().map(invoice).collect();
        Self { family: family.to_owned(), invoices, elsewhere: Vec::new(), entries: 0 }
    }

    /// The numbers of the invoices.
    pub fn numbers(&self) -> Vec<String> {
        self.invoices.iter().map(|invoice| invoice.number.clone()).collect()
    }

    /// The customers of the family: the one that pays, and the other one.
    pub fn customers(&self) -> [String; 2] {
        [self.family.clone(), away(&self.family)]
    }

    /// What the books claim of each invoice.
    pub fn claims(&self) -> ByInvoice {
        let claim = |invoice: &Booked| if invoice.is_void { 0 } else { invoice.total - invoice.credited };
        self.invoices.iter().map(|invoice| (invoice.number.clone(), claim(invoice))).collect()
    }

    /// Everything, for the first time.
    pub fn documents(&mut self) -> Vec<Value> {
        (0..self.invoices.len()).map(|place| self.document(place)).collect()
    }

    /// Money comes for an invoice that nobody else knows of.
    pub fn take(&mut self, place: usize, percent: i64, now: Timestamp) -> Option<BookChange> {
        let invoice = &mut self.invoices[place];
        let minor = invoice.open() * percent / 100;
        if minor <= 0 {
            return None;
        }
        invoice.paid += minor;
        let id = self.next_entry();
        self.elsewhere.push(Entry { id: id.clone(), place, minor });
        let invoice = self.invoices[place].number.clone();
        let documents = vec![self.paid(&id, 1, "received", place, minor, now), self.document(place)];
        Some(BookChange { documents, what: What::Elsewhere { entry: id, invoice, minor } })
    }

    /// The newest of that is taken back.
    pub fn reverse(&mut self, now: Timestamp) -> Option<BookChange> {
        let Entry { id, place, minor } = self.elsewhere.pop()?;
        self.invoices[place].paid -= minor;
        let documents = vec![self.paid(&id, 2, "reversed", place, minor, now), self.document(place)];
        Some(BookChange { documents, what: What::Reversed(id) })
    }

    /// A part of what is open is credited.
    pub fn credit(&mut self, place: usize, percent: i64) -> Option<BookChange> {
        let invoice = &mut self.invoices[place];
        let minor = invoice.open() * percent / 100;
        if minor <= 0 {
            return None;
        }
        invoice.credited += minor;
        Some(BookChange { documents: vec![self.document(place)], what: What::Claimed(self.claims()) })
    }

    /// An invoice becomes void of which the books know no payment.
    pub fn void(&mut self, place: usize) -> Option<BookChange> {
        let invoice = &mut self.invoices[place];
        if invoice.paid > 0 || invoice.is_void {
            return None;
        }
        invoice.is_void = true;
        Some(BookChange { documents: vec![self.document(place)], what: What::Claimed(self.claims()) })
    }

    /// An invoice goes to the other customer, or comes back.
    pub fn shift(&mut self, place: usize) -> Option<BookChange> {
        let invoice = &mut self.invoices[place];
        if invoice.is_void {
            return None;
        }
        invoice.is_away = !invoice.is_away;
        let number = invoice.number.clone();
        Some(BookChange { documents: vec![self.document(place)], what: What::Moved(number) })
    }

    /// The entry of a payment that was taken by Dunlin; its id, and its document. What came as it was asked for is entered for its invoices.
    pub fn enter(&mut self, minor: i64, lines: &ByInvoice, reference: Option<&str>, now: Timestamp) -> (String, Value) {
        let id = self.next_entry();
        let is_exact = lines.values().sum::<i64>() == minor;
        let part = |(number, minor): (&String, &i64)| json!({"invoice_external_id": number, "amount_minor": minor});
        let allocations: Vec<Value> = if is_exact { lines.iter().map(part).collect() } else { Vec::new() };
        let payment = json!({
            "external_id": id, "source_version": 1, "status": "received", "amount_minor": minor, "currency": "EUR",
            "received_on": day(now), "allocations": allocations, "reference": reference,
        });
        let customer = json!({"external_id": self.family});
        (id, json!({"type": "payment.upserted", "customer": customer, "payment": payment}))
    }

    fn next_entry(&mut self) -> String {
        self.entries += 1;
        format!("E-{}-{}", self.family, self.entries)
    }

    fn owner(&self, place: usize) -> String {
        if self.invoices[place].is_away { away(&self.family) } else { self.family.clone() }
    }

    fn document(&mut self, place: usize) -> Value {
        let customer = customer(&self.owner(place));
        let invoice = &mut self.invoices[place];
        invoice.version += 1;
        json!({
            "type": "invoice.upserted", "customer": customer,
            "invoice": {
                "external_id": invoice.number, "source_version": invoice.version, "number": invoice.number, "currency": "EUR",
                "total_minor": invoice.total, "issued_on": DUE_ON - 30.days(), "due_on": DUE_ON,
                "status": if invoice.is_void { "void" } else { "open" },
                "paid_minor": invoice.paid, "credited_minor": invoice.credited,
            },
        })
    }

    fn paid(&self, id: &str, version: i64, status: &str, place: usize, minor: i64, now: Timestamp) -> Value {
        let part = json!({"invoice_external_id": self.invoices[place].number, "amount_minor": minor});
        json!({
            "type": "payment.upserted", "customer": {"external_id": self.owner(place)},
            "payment": {
                "external_id": id, "source_version": version, "status": status, "amount_minor": minor, "currency": "EUR",
                "received_on": day(now), "allocations": [part],
            },
        })
    }
}

/// The customer to which a family's invoices may move.
fn away(family: &str) -> String {
    format!("{family}-sister")
}

fn day(at: Timestamp) -> Date {
    at.to_zoned(jiff::tz::TimeZone::UTC).date()
}

/// A company in Berlin that reads English, with somebody who pays and somebody else.
fn customer(id: &str) -> Value {
    let address = |person: &str| format!("{}.{person}@buyer.example", id.to_lowercase());
    json!({
        "external_id": id, "source_version": 1, "name": format!("Firma {id}"), "kind": "company", "language": "en", "country": "DE",
        "region": "BE", "time_zone": "Europe/Berlin",
        "contacts": [
            {"external_id": PAYER, "name": "Anna Weber", "roles": ["billing"], "email": address(PAYER)},
            {"external_id": OTHER, "name": "Ben Vogel", "roles": ["executive"], "email": address(OTHER)},
        ],
    })
}

/// The contact who is reminded.
pub const PAYER: &str = "anna";
/// Another contact, who can pay too.
pub const OTHER: &str = "ben";

/// Whether a mail's recipient is one of a family's.
pub fn is_of(family: &str, to: &str) -> bool {
    let id = family.to_lowercase();
    [id.clone(), away(&id)].iter().any(|customer| to.starts_with(&format!("{customer}.")))
}
