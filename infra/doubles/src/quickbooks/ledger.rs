//! The books of one company.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::story::{Company, Customer, Invoice, WrittenPayment};
use crate::{Change, CustomerTruth, InvoiceState, InvoiceTruth, Truth, money};

/// When an object was made and changed, to the second, and how often.
#[derive(Clone, Copy, Debug)]
pub struct Stamp {
    pub created: Timestamp,
    pub updated: Timestamp,
    pub token: u32,
}

pub struct CustomerRow {
    pub stamp: Stamp,
    pub form: Customer,
    pub active: bool,
    pub merged_into: Option<u64>,
}

pub struct InvoiceRow {
    pub stamp: Stamp,
    pub customer: u64,
    pub number: String,
    pub currency: String,
    pub issued_on: Date,
    pub due_on: Option<Date>,
    pub bill_email: Option<String>,
    pub sent: bool,
    pub total: i64,
    /// What was paid when it was written.
    pub deposit: i64,
    /// Payments that are linked to it, and how much of each.
    pub linked: Vec<(u64, i64)>,
    /// What it came to before it was voided.
    pub voided: Option<i64>,
}

impl InvoiceRow {
    pub fn balance(&self) -> i64 {
        self.total - self.deposit - self.linked.iter().map(|(_, amount)| amount).sum::<i64>()
    }
}

/// What a line of a payment is linked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    Invoice(u64),
    CreditMemo(u64),
}

pub struct PaymentRow {
    pub stamp: Stamp,
    pub customer: u64,
    pub currency: String,
    pub received_on: Date,
    pub total: i64,
    pub lines: Vec<(Link, i64)>,
    pub voided: bool,
    /// What the app said that wrote it; nothing of one that a person entered.
    pub written: Option<WrittenPayment>,
}

impl PaymentRow {
    pub fn unapplied(&self) -> i64 {
        let lines = self.lines.iter().map(|(link, amount)| match link {
            Link::Invoice(_) => -amount,
            Link::CreditMemo(_) => *amount,
        });
        self.total + lines.sum::<i64>()
    }
}

pub struct CreditMemoRow {
    pub stamp: Stamp,
    pub customer: u64,
    pub number: String,
    pub currency: String,
    pub issued_on: Date,
    pub total: i64,
    /// Payments that use it, and how much of it.
    pub linked: Vec<(u64, i64)>,
}

impl CreditMemoRow {
    pub fn left(&self) -> i64 {
        self.total - self.linked.iter().map(|(_, amount)| amount).sum::<i64>()
    }
}

/// What is left of a deleted object.
pub struct Gone {
    pub kind: &'static str,
    pub id: u64,
    pub at: Timestamp,
    /// An invoice, for the judge: its customer and what is true of it.
    pub invoice: Option<(u64, InvoiceTruth)>,
}

/// What is to be told of a change.
pub struct Told {
    pub kind: &'static str,
    pub id: u64,
    pub change: Change,
}

pub struct Ledger {
    pub company: Company,
    pub zone: TimeZone,
    /// The time of the change that is being made, to the second.
    pub now: Timestamp,
    pub customers: BTreeMap<u64, CustomerRow>,
    pub invoices: BTreeMap<u64, InvoiceRow>,
    pub payments: BTreeMap<u64, PaymentRow>,
    pub credit_memos: BTreeMap<u64, CreditMemoRow>,
    pub gone: Vec<Gone>,
    pub told: Vec<Told>,
    /// Invoices that spoil each answer with them.
    pub sick: Vec<u64>,
    /// Nothing that is dated then or before may be written.
    pub closed_until: Option<Date>,
    /// What requests wrote that named themselves.
    pub requests: BTreeMap<String, u64>,
    names: u64,
    transactions: u64,
}

impl Ledger {
    pub fn new(company: Company) -> Self {
        let zone = jiff::tz::db().get(&company.zone).unwrap_or_else(|_| panic!("{} is no zone", company.zone));
        Self {
            company,
            zone,
            now: Timestamp::UNIX_EPOCH,
            customers: BTreeMap::new(),
            invoices: BTreeMap::new(),
            payments: BTreeMap::new(),
            credit_memos: BTreeMap::new(),
            gone: Vec::new(),
            told: Vec::new(),
            sick: Vec::new(),
            closed_until: None,
            requests: BTreeMap::new(),
            names: 0,
            transactions: 0,
        }
    }

    pub fn is_sick(&self, kind: &str, id: u64) -> bool {
        kind == "Invoice" && self.sick.contains(&id)
    }

    pub fn tell(&mut self, kind: &'static str, id: u64, change: Change) {
        self.told.push(Told { kind, id, change });
    }

    /// Customers and other names are numbered apart from transactions, each from one.
    pub fn next_name(&mut self) -> u64 {
        self.names += 1;
        self.names
    }

    pub fn next_transaction(&mut self) -> u64 {
        self.transactions += 1;
        self.transactions
    }

    pub fn stamp(&self) -> Stamp {
        Stamp { created: self.now, updated: self.now, token: 0 }
    }

    pub fn currency(&self, named: Option<&String>) -> String {
        named.unwrap_or(&self.company.currency).clone()
    }

    pub fn customer(&mut self, id: u64) -> &mut CustomerRow {
        self.customers.get_mut(&id).unwrap_or_else(|| panic!("there is no customer {id}"))
    }

    pub fn invoice(&mut self, id: u64) -> &mut InvoiceRow {
        self.invoices.get_mut(&id).unwrap_or_else(|| panic!("there is no invoice {id}"))
    }

    pub fn payment(&mut self, id: u64) -> &mut PaymentRow {
        self.payments.get_mut(&id).unwrap_or_else(|| panic!("there is no payment {id}"))
    }

    pub fn credit_memo(&mut self, id: u64) -> &mut CreditMemoRow {
        self.credit_memos.get_mut(&id).unwrap_or_else(|| panic!("there is no credit memo {id}"))
    }

    pub fn add_customer(&mut self, form: Customer) -> u64 {
        let (id, stamp) = (self.next_name(), self.stamp());
        if let Some(parent) = &form.parent {
            self.customer(number(parent));
        }
        self.customers.insert(id, CustomerRow { stamp, form, active: true, merged_into: None });
        self.tell("Customer", id, Change::Created);
        id
    }

    pub fn add_invoice(&mut self, invoice: &Invoice) -> u64 {
        let customer = number(&invoice.customer);
        self.customer(customer);
        let (id, stamp) = (self.next_transaction(), self.stamp());
        let currency = self.currency(invoice.currency.as_ref());
        let row = InvoiceRow {
            stamp,
            customer,
            number: invoice.number.clone().unwrap_or_else(|| (1000 + id).to_string()),
            total: money::booked(&invoice.total, &currency),
            currency,
            issued_on: invoice.issued_on,
            due_on: invoice.due_on,
            bill_email: invoice.bill_email.clone(),
            sent: invoice.sent,
            deposit: 0,
            linked: Vec::new(),
            voided: None,
        };
        self.invoices.insert(id, row);
        self.tell("Invoice", id, Change::Created);
        id
    }

    /// What a customer owes less what is unapplied, over its own currency.
    pub fn balance(&self, customer: u64) -> i64 {
        let own = &self.company.currency;
        let invoices = self.invoices.values().filter(|row| row.customer == customer && row.currency == *own);
        let payments = self.payments.values().filter(|row| row.customer == customer && row.currency == *own);
        let memos = self.credit_memos.values().filter(|row| row.customer == customer && row.currency == *own);
        invoices.map(InvoiceRow::balance).sum::<i64>()
            - payments.map(PaymentRow::unapplied).sum::<i64>()
            - memos.map(CreditMemoRow::left).sum::<i64>()
    }

    pub fn truth(&self) -> Truth {
        let mut truth = Truth::default();
        for (id, row) in &self.customers {
            let merged_into = row.merged_into.map(|id| id.to_string());
            let customer = CustomerTruth { name: row.form.name.clone(), merged_into, ..CustomerTruth::default() };
            truth.customers.insert(id.to_string(), customer);
        }
        let of = |customer: u64| customer.to_string();
        let live = self.invoices.iter().map(|(id, row)| (row.customer, *id, invoice_truth(row)));
        let gone = self.gone.iter().filter_map(|gone| gone.invoice.clone().map(|(customer, truth)| (customer, gone.id, truth)));
        for (customer, id, invoice) in live.chain(gone) {
            truth.customers.entry(of(customer)).or_default().invoices.insert(id.to_string(), invoice);
        }
        for row in self.payments.values() {
            truth.customers.entry(of(row.customer)).or_default().credit(&row.currency, row.unapplied());
        }
        for row in self.credit_memos.values() {
            truth.customers.entry(of(row.customer)).or_default().credit(&row.currency, row.left());
        }
        truth
    }
}

pub fn invoice_truth(row: &InvoiceRow) -> InvoiceTruth {
    InvoiceTruth {
        number: row.number.clone(),
        currency: row.currency.clone(),
        total_minor: row.voided.unwrap_or(row.total),
        open_minor: row.balance(),
        state: if row.voided.is_some() { InvoiceState::Void } else { InvoiceState::Booked },
    }
}

/// An id in a test's story.
pub fn number(id: &str) -> u64 {
    id.parse().unwrap_or_else(|_| panic!("{id} is no id of QuickBooks"))
}
