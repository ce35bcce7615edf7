//! What people do in books, in words that all vendors share: for stories that are told of each.

use std::{future::Future, io};

use jiff::civil::Date;

use crate::{Clock, Double, QuickBooks, Xero, quickbooks, xero};

/// A double whose books are kept in words that all vendors share. Companies are American, amounts are decimals in USD.
pub trait FakeAccounting: Double + Sized + 'static {
    /// What connections to the vendor are called.
    const SOURCE: &'static str;
    /// A company's id, as the vendor writes it.
    const REALM: &'static str;
    /// What the paths of books begin with, and those of tokens do not.
    const API: &'static str;

    /// Starts on a free port of loopback, without any company.
    ///
    /// # Errors
    ///
    /// When no port can be had.
    fn open(clock: Clock) -> impl Future<Output = io::Result<Self>> + Send;

    /// Opens the books of the company [`FakeAccounting::REALM`].
    fn found(&self, name: &str);

    /// Adds a customer with an email address; its id.
    fn meet(&self, name: &str, email: &str) -> String;

    /// Writes an invoice; its id.
    fn bill(&self, customer: &str, total: &str, issued_on: Date, due_on: Date) -> String;

    /// Takes a payment of an invoice; its id.
    fn take(&self, invoice: &str, amount: &str, on: Date) -> String;

    /// Takes a payment back; what it paid is open again.
    fn give_back(&self, payment: &str);

    /// Voids an invoice that nothing was paid of.
    fn void(&self, invoice: &str);

    /// Deletes an invoice that nothing was paid of, in as far as the vendor knows deletion.
    fn delete(&self, invoice: &str);

    /// Moves an invoice's due date.
    fn defer(&self, invoice: &str, due_on: Date);
}

impl FakeAccounting for QuickBooks {
    const SOURCE: &'static str = "quickbooks";
    const REALM: &'static str = "9130347596842384";
    const API: &'static str = "/v3/";

    async fn open(clock: Clock) -> io::Result<Self> {
        Self::start(clock).await
    }

    fn found(&self, name: &str) {
        self.add_company(quickbooks::Company::new(Self::REALM, name));
    }

    fn meet(&self, name: &str, email: &str) -> String {
        self.add_customer(Self::REALM, quickbooks::Customer::new(name, email))
    }

    fn bill(&self, customer: &str, total: &str, issued_on: Date, due_on: Date) -> String {
        self.add_invoice(Self::REALM, quickbooks::Invoice::new(customer, total, issued_on, due_on))
    }

    fn take(&self, invoice: &str, amount: &str, on: Date) -> String {
        self.pay(Self::REALM, invoice, amount, on)
    }

    fn give_back(&self, payment: &str) {
        self.delete_payment(Self::REALM, payment);
    }

    fn void(&self, invoice: &str) {
        self.void_invoice(Self::REALM, invoice);
    }

    fn delete(&self, invoice: &str) {
        self.delete_invoice(Self::REALM, invoice);
    }

    fn defer(&self, invoice: &str, due_on: Date) {
        self.move_due_date(Self::REALM, invoice, due_on);
    }
}

impl FakeAccounting for Xero {
    const SOURCE: &'static str = "xero";
    const REALM: &'static str = "c2cc9b6e-9458-4c7d-93cc-f02b81b0594f";
    const API: &'static str = "/api.xro/";

    async fn open(clock: Clock) -> io::Result<Self> {
        Self::start(clock).await
    }

    fn found(&self, name: &str) {
        let (country, currency) = ("US".to_owned(), "USD".to_owned());
        self.add_organisation(xero::Organisation { country, currency, ..xero::Organisation::new(Self::REALM, name) });
    }

    fn meet(&self, name: &str, email: &str) -> String {
        self.add_contact(Self::REALM, xero::Contact::new(name, email))
    }

    fn bill(&self, customer: &str, total: &str, issued_on: Date, due_on: Date) -> String {
        self.add_invoice(Self::REALM, xero::Invoice::new(customer, total, issued_on, due_on))
    }

    fn take(&self, invoice: &str, amount: &str, on: Date) -> String {
        self.pay(Self::REALM, invoice, amount, on)
    }

    fn give_back(&self, payment: &str) {
        self.delete_payment(Self::REALM, payment);
    }

    fn void(&self, invoice: &str) {
        self.void_invoice(Self::REALM, invoice);
    }

    fn delete(&self, invoice: &str) {
        self.void_invoice(Self::REALM, invoice);
    }

    fn defer(&self, invoice: &str, due_on: Date) {
        self.move_due_date(Self::REALM, invoice, due_on);
    }
}
