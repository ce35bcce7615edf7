//! The books of one organisation.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use serde_json::{Value, json};

use super::story::{Contact, Credit, CreditKind, Invoice, Organisation, Side};
use crate::{Change, CustomerTruth, InvoiceState, InvoiceTruth, Truth, ids, money};

/// Where a document stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Draft,
    Authorised,
    Paid,
    Voided,
    Deleted,
}

impl Status {
    pub fn name(self) -> &'static str {
        match self {
            Self::Draft => "DRAFT",
            Self::Authorised => "AUTHORISED",
            Self::Paid => "PAID",
            Self::Voided => "VOIDED",
            Self::Deleted => "DELETED",
        }
    }

    fn counts(self) -> bool {
        matches!(self, Self::Authorised | Self::Paid)
    }
}

pub struct ContactRow {
    pub updated: Timestamp,
    pub form: Contact,
    /// `ACTIVE`, `ARCHIVED` or `GDPRREQUEST`.
    pub status: &'static str,
}

pub struct InvoiceRow {
    pub updated: Timestamp,
    pub contact: String,
    pub side: Side,
    pub number: String,
    pub reference: String,
    pub currency: String,
    pub issued_on: Date,
    pub due_on: Date,
    pub total: i64,
    pub status: Status,
    pub fully_paid_on: Option<Date>,
    /// Ids of payments that are not deleted, and how much each paid.
    pub payments: Vec<(String, i64)>,
    /// Ids of credits that are allocated to it, and how much of each.
    pub credits: Vec<(String, i64)>,
}

impl InvoiceRow {
    pub fn paid(&self) -> i64 {
        self.payments.iter().map(|(_, amount)| amount).sum()
    }

    pub fn credited(&self) -> i64 {
        self.credits.iter().map(|(_, amount)| amount).sum()
    }

    pub fn due(&self) -> i64 {
        match self.status {
            Status::Voided | Status::Deleted => 0,
            Status::Draft | Status::Authorised | Status::Paid => self.total - self.paid() - self.credited(),
        }
    }
}

pub struct PaymentRow {
    pub updated: Timestamp,
    pub invoice: String,
    pub paid_on: Date,
    pub amount: i64,
    pub deleted: bool,
    /// The code of the account that it went to.
    pub account: String,
    /// What whoever wrote it knows it by.
    pub reference: String,
}

/// What was written by a request that named itself.
pub struct Repeat {
    pub at: Timestamp,
    pub body: Vec<u8>,
    pub ids: Vec<String>,
}

pub struct Allocation {
    pub id: String,
    pub invoice: String,
    pub amount: i64,
    pub on: Date,
}

pub struct CreditRow {
    pub updated: Timestamp,
    pub kind: CreditKind,
    pub contact: String,
    pub side: Side,
    pub number: String,
    pub currency: String,
    pub issued_on: Date,
    pub total: i64,
    pub status: Status,
    pub allocations: Vec<Allocation>,
}

impl CreditRow {
    pub fn left(&self) -> i64 {
        match self.status {
            Status::Voided | Status::Deleted => 0,
            Status::Draft | Status::Authorised | Status::Paid => {
                self.total - self.allocations.iter().map(|allocation| allocation.amount).sum::<i64>()
            }
        }
    }

    pub fn kind_name(&self) -> &'static str {
        match (self.kind, self.side) {
            (CreditKind::Note, Side::Sales) => "ACCRECCREDIT",
            (CreditKind::Note, Side::Purchases) => "ACCPAYCREDIT",
            (CreditKind::Overpayment, Side::Sales) => "RECEIVE-OVERPAYMENT",
            (CreditKind::Overpayment, Side::Purchases) => "SPEND-OVERPAYMENT",
            (CreditKind::Prepayment, Side::Sales) => "RECEIVE-PREPAYMENT",
            (CreditKind::Prepayment, Side::Purchases) => "SPEND-PREPAYMENT",
        }
    }
}

/// What is to be told of a change.
pub struct Told {
    pub category: &'static str,
    pub id: String,
    pub change: Change,
    pub data: Value,
}

pub struct Ledger {
    pub organisation: Organisation,
    /// When the organisation was connected.
    pub connected: Timestamp,
    /// The time of the change that is being made, to the millisecond.
    pub now: Timestamp,
    pub contacts: BTreeMap<String, ContactRow>,
    pub invoices: BTreeMap<String, InvoiceRow>,
    pub payments: BTreeMap<String, PaymentRow>,
    pub credits: BTreeMap<String, CreditRow>,
    pub told: Vec<Told>,
    /// Nothing that is dated then or before may be written.
    pub locked_until: Option<Date>,
    /// What requests wrote lately that named themselves.
    pub repeats: BTreeMap<String, Repeat>,
    serial: u64,
    numbers: u64,
}

impl Ledger {
    pub fn new(organisation: Organisation, connected: Timestamp) -> Self {
        let (contacts, invoices) = (BTreeMap::new(), BTreeMap::new());
        let (payments, credits, told) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        let now = connected;
        let (locked_until, repeats) = (None, BTreeMap::new());
        Self {
            organisation,
            connected,
            now,
            contacts,
            invoices,
            payments,
            credits,
            told,
            locked_until,
            repeats,
            serial: 0,
            numbers: 0,
        }
    }

    pub fn next_id(&mut self, kind: &str) -> String {
        self.serial += 1;
        ids::uuid(&[&self.organisation.tenant, kind, &self.serial.to_string()])
    }

    fn next_number(&mut self, prefix: &str) -> String {
        self.numbers += 1;
        format!("{prefix}-{:04}", self.numbers)
    }

    fn tell(&mut self, category: &'static str, id: &str, change: Change, data: Value) {
        self.told.push(Told { category, id: id.to_owned(), change, data });
    }

    fn currency(&self, named: Option<&String>) -> String {
        named.unwrap_or(&self.organisation.currency).clone()
    }

    pub fn contact(&mut self, id: &str) -> &mut ContactRow {
        self.contacts.get_mut(id).unwrap_or_else(|| panic!("there is no contact {id}"))
    }

    pub fn invoice(&mut self, id: &str) -> &mut InvoiceRow {
        self.invoices.get_mut(id).unwrap_or_else(|| panic!("there is no invoice {id}"))
    }

    pub fn payment(&mut self, id: &str) -> &mut PaymentRow {
        self.payments.get_mut(id).unwrap_or_else(|| panic!("there is no payment {id}"))
    }

    pub fn credit(&mut self, id: &str) -> &mut CreditRow {
        self.credits.get_mut(id).unwrap_or_else(|| panic!("there is no credit {id}"))
    }

    pub fn add_contact(&mut self, form: Contact) -> String {
        let (id, updated) = (self.next_id("contact"), self.now);
        self.contacts.insert(id.clone(), ContactRow { updated, form, status: "ACTIVE" });
        self.tell("CONTACT", &id, Change::Created, Value::Null);
        id
    }

    pub fn touch_contact(&mut self, id: &str) {
        self.contact(id).updated = self.now;
        self.tell("CONTACT", id, Change::Updated, Value::Null);
    }

    pub fn add_invoice(&mut self, invoice: Invoice) -> String {
        self.contact(&invoice.contact);
        let (id, updated, currency) = (self.next_id("invoice"), self.now, self.currency(invoice.currency.as_ref()));
        let row = InvoiceRow {
            updated,
            number: invoice.number.unwrap_or_else(|| self.next_number("INV")),
            total: money::booked(&invoice.total, &currency),
            currency,
            contact: invoice.contact,
            side: invoice.side,
            reference: invoice.reference,
            issued_on: invoice.issued_on,
            due_on: invoice.due_on,
            status: if invoice.draft { Status::Draft } else { Status::Authorised },
            fully_paid_on: None,
            payments: Vec::new(),
            credits: Vec::new(),
        };
        self.invoices.insert(id.clone(), row);
        self.tell("INVOICE", &id, Change::Created, Value::Null);
        id
    }

    pub fn touch_invoice(&mut self, id: &str) {
        self.invoice(id).updated = self.now;
        self.tell("INVOICE", id, Change::Updated, Value::Null);
    }

    pub fn add_credit(&mut self, credit: Credit) -> String {
        self.contact(&credit.contact);
        let (id, updated, currency) = (self.next_id("credit"), self.now, self.currency(credit.currency.as_ref()));
        let row = CreditRow {
            updated,
            kind: credit.kind,
            contact: credit.contact,
            side: credit.side,
            number: self.next_number("CN"),
            total: money::booked(&credit.total, &currency),
            currency,
            issued_on: credit.issued_on,
            status: Status::Authorised,
            allocations: Vec::new(),
        };
        self.credits.insert(id.clone(), row);
        self.tell_credit(&id, Change::Created);
        id
    }

    /// Only credit notes have notifications of their own.
    fn tell_credit(&mut self, id: &str, change: Change) {
        let row = self.credit(id);
        if row.kind == CreditKind::Note {
            let data = json!({ "Type": row.kind_name(), "Status": row.status.name() });
            self.tell("CREDITNOTE", id, change, data);
        }
    }

    pub fn touch_credit(&mut self, id: &str) {
        let now = self.now;
        let row = self.credit(id);
        row.updated = now;
        row.status = match row.status {
            Status::Authorised | Status::Paid if row.left() == 0 => Status::Paid,
            Status::Authorised | Status::Paid => Status::Authorised,
            other => other,
        };
        self.tell_credit(id, Change::Updated);
    }

    /// An invoice of which nothing is due any more is paid, and one of which something is due again is not.
    pub fn settle(&mut self, id: &str, on: Date) {
        let row = self.invoice(id);
        assert!(row.status.counts(), "invoice {id} is {} and takes no money", row.status.name());
        assert!(row.due() >= 0, "more is paid of invoice {id} than is due");
        (row.status, row.fully_paid_on) =
            if row.due() == 0 { (Status::Paid, row.fully_paid_on.or(Some(on))) } else { (Status::Authorised, None) };
        self.touch_invoice(id);
    }

    pub fn truth(&self) -> Truth {
        let mut truth = Truth::default();
        for (id, row) in &self.contacts {
            truth.customers.insert(id.clone(), CustomerTruth { name: row.form.name.clone(), ..CustomerTruth::default() });
        }
        for (id, row) in self.invoices.iter().filter(|(_, row)| row.side == Side::Sales) {
            let state = match row.status {
                Status::Draft => InvoiceState::Draft,
                Status::Authorised | Status::Paid => InvoiceState::Booked,
                Status::Voided => InvoiceState::Void,
                Status::Deleted => InvoiceState::Deleted,
            };
            let open_minor = if state == InvoiceState::Booked { row.due() } else { 0 };
            let (number, currency, total_minor) = (row.number.clone(), row.currency.clone(), row.total);
            let invoice = InvoiceTruth { number, currency, total_minor, open_minor, state };
            truth.customers.entry(row.contact.clone()).or_default().invoices.insert(id.clone(), invoice);
        }
        for row in self.credits.values().filter(|row| row.side == Side::Sales && row.status.counts()) {
            truth.customers.entry(row.contact.clone()).or_default().credit(&row.currency, row.left());
        }
        truth
    }
}
