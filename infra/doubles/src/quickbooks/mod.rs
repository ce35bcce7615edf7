//! QuickBooks Online.
//!
//! | what | where |
//! |---|---|
//! | authorise, tokens | `/connect/oauth2`, `/oauth2/v1/tokens/bearer` |
//! | one object, its PDF | `/v3/company/{realm}/{entity}/{id}`, `…/invoice/{id}/pdf` |
//! | queries | `/v3/company/{realm}/query` |
//! | changes | `/v3/company/{realm}/cdc` |
//! | a payment that is written | `POST /v3/company/{realm}/payment`, once for each `requestid` |
//!
//! Deletion leaves nothing but an entry in change data capture; a void leaves an invoice of nothing with a note. A payment that
//! touches an invoice or credit memo changes its `LastUpdatedTime` too. Customers and transactions are each numbered from one, so
//! that a customer and an invoice, and objects of two companies, may have the same id.

mod api;
mod ledger;
mod payments;
mod query;
mod story;
mod webhook;
mod wire;
mod writing;

use std::{collections::BTreeMap, io, sync::Arc, sync::Mutex};

use http::StatusCode;
use jiff::{SignedDuration, Timestamp, civil::Date};
use serde_json::{Value, json};

use crate::{
    Change, Clock, Delivery, Desk, Double, Notification, Truth, limits::Window, lock::lock, money, oauth::Rules, server::Server,
};

use api::Service;
use ledger::{Ledger, number};
pub use story::{Address, Company, Customer, Invoice, Payment, WrittenPayment};

const MINUTE: SignedDuration = SignedDuration::from_mins(1);
const A_MINUTE_MAX: usize = 500;

/// A double of QuickBooks Online.
pub struct QuickBooks {
    service: Arc<Service>,
    server: Server,
}

impl Double for QuickBooks {
    fn desk(&self) -> &Desk {
        &self.service.desk
    }

    fn base_url(&self) -> &str {
        &self.server.base_url
    }

    fn delivery(&self, notifications: &[Notification]) -> Delivery {
        webhook::cloud_events(&self.app().webhook_secret, notifications)
    }

    fn truth(&self, realm: &str) -> Truth {
        lock(&self.service.books).get(realm).map(Ledger::truth).unwrap_or_default()
    }
}

impl QuickBooks {
    /// Starts on a free port of loopback, without any company.
    ///
    /// # Errors
    ///
    /// When no port can be had.
    pub async fn start(clock: Clock) -> io::Result<Self> {
        let rules = Rules {
            vendor: "quickbooks",
            access_lasts: SignedDuration::from_hours(1),
            refresh_lasts: SignedDuration::from_hours(100 * 24),
            grace: SignedDuration::ZERO,
            scope: "com.intuit.quickbooks.accounting",
            offline_scope: None,
            callback_names_realm: true,
            bad_client: StatusCode::UNAUTHORIZED,
        };
        let desk = Desk::new(clock, rules);
        let limit = Mutex::new(Some(Window::new(A_MINUTE_MAX, MINUTE)));
        let service = Arc::new(Service { desk, books: Mutex::new(BTreeMap::new()), limit });
        let server = Server::start(service.clone()).await?;
        Ok(Self { service, server })
    }

    /// Requests that a company answers in a minute, 500 to begin with; `None` for any number.
    pub fn limit(&self, a_minute: Option<usize>) {
        let mut limit = lock(&self.service.limit);
        match (limit.as_mut(), a_minute) {
            (Some(window), Some(max)) => window.allow(max),
            (None, Some(max)) => *limit = Some(Window::new(max, MINUTE)),
            (_, None) => *limit = None,
        }
    }

    /// The form of webhooks before CloudEvents.
    pub fn legacy_delivery(&self, notifications: &[Notification]) -> Delivery {
        webhook::legacy(&self.app().webhook_secret, notifications)
    }

    /// Opens a company's books.
    pub fn add_company(&self, company: Company) {
        lock(&self.service.books).insert(company.realm.clone(), Ledger::new(company));
    }

    /// Adds a customer; its id.
    pub fn add_customer(&self, realm: &str, customer: Customer) -> String {
        self.keep(realm, |books| books.add_customer(customer).to_string())
    }

    /// Changes a customer's form.
    pub fn update_customer(&self, realm: &str, id: &str, change: impl FnOnce(&mut Customer)) {
        self.keep(realm, |books| {
            change(&mut books.customer(number(id)).form);
            books.touch_customer(number(id), Change::Updated);
        });
    }

    /// Makes a customer inactive, which the vendor shows as deleted, or active again.
    pub fn set_active(&self, realm: &str, customer: &str, active: bool) {
        self.keep(realm, |books| {
            books.customer(number(customer)).active = active;
            books.touch_customer(number(customer), Change::Updated);
        });
    }

    /// Merges one customer into another.
    pub fn merge_customers(&self, realm: &str, from: &str, into: &str) {
        self.keep_with(realm, json!({ "deletedId": from }), |books| books.merge_customers(number(from), number(into)));
    }

    /// Makes an invoice one that the vendor cannot show, and that spoils each answer with it; or well again.
    pub fn sicken(&self, realm: &str, invoice: &str, sick: bool) {
        self.keep(realm, |books| {
            books.sick.retain(|id| *id != number(invoice));
            if sick {
                books.sick.push(number(invoice));
            }
            books.touch_invoice(number(invoice), Change::Updated);
        });
    }

    /// Writes an invoice; its id.
    pub fn add_invoice(&self, realm: &str, invoice: Invoice) -> String {
        self.keep(realm, |books| books.add_invoice(&invoice).to_string())
    }

    /// Moves the due date of an invoice.
    pub fn move_due_date(&self, realm: &str, invoice: &str, due_on: Date) {
        self.keep(realm, |books| {
            books.invoice(number(invoice)).due_on = Some(due_on);
            books.touch_invoice(number(invoice), Change::Updated);
        });
    }

    /// Changes what an invoice comes to.
    pub fn change_total(&self, realm: &str, invoice: &str, total: &str) {
        self.keep(realm, |books| {
            let row = books.invoice(number(invoice));
            row.total = money::booked(total, &row.currency);
            assert!(row.balance() >= 0, "more is paid of invoice {invoice} than {total}");
            books.touch_invoice(number(invoice), Change::Updated);
        });
    }

    /// Pays an invoice with a payment of its own; the payment's id.
    pub fn pay(&self, realm: &str, invoice: &str, amount: &str, received_on: Date) -> String {
        self.keep(realm, |books| {
            let row = books.invoice(number(invoice));
            let (customer, currency) = (row.customer.to_string(), Some(row.currency.clone()));
            let payment = Payment { currency, ..Payment::unapplied(&customer, amount, received_on).to(invoice, amount) };
            books.receive(&payment).to_string()
        })
    }

    /// Books a payment over any invoices and credit memos; its id.
    pub fn receive(&self, realm: &str, payment: Payment) -> String {
        self.keep(realm, |books| books.receive(&payment).to_string())
    }

    /// Books a payment as somebody does who enters a reference; its id.
    pub fn receive_as(&self, realm: &str, payment: &Payment, reference: &str) -> String {
        self.keep(realm, |books| {
            let id = books.receive(payment);
            let (reference, account, note) = (reference.to_owned(), "4".to_owned(), String::new());
            books.payment(id).written = Some(WrittenPayment { reference, account, note });
            id.to_string()
        })
    }

    /// Applies more of a payment to an invoice.
    pub fn apply(&self, realm: &str, payment: &str, invoice: &str, amount: &str) {
        self.keep(realm, |books| books.apply(number(payment), number(invoice), amount));
    }

    /// Notes on an invoice what was paid when it was written.
    pub fn deposit(&self, realm: &str, invoice: &str, amount: &str) {
        self.keep(realm, |books| {
            let row = books.invoice(number(invoice));
            row.deposit = money::booked(amount, &row.currency);
            assert!(row.balance() >= 0, "the deposit is more than is open");
            books.touch_invoice(number(invoice), Change::Updated);
        });
    }

    /// Writes a credit memo in the company's currency; its id.
    pub fn credit(&self, realm: &str, customer: &str, total: &str, issued_on: Date) -> String {
        self.keep(realm, |books| books.credit(number(customer), total, None, issued_on).to_string())
    }

    /// Uses a credit memo for an invoice; the id of the payment of nothing that links them.
    pub fn apply_credit_memo(&self, realm: &str, memo: &str, invoice: &str, amount: &str, on: Date) -> String {
        self.keep(realm, |books| books.apply_credit_memo(number(memo), number(invoice), amount, on).to_string())
    }

    /// Voids an invoice; its payments become unapplied.
    pub fn void_invoice(&self, realm: &str, invoice: &str) {
        self.keep(realm, |books| books.void_invoice(number(invoice)));
    }

    /// Deletes an invoice; its payments become unapplied.
    pub fn delete_invoice(&self, realm: &str, invoice: &str) {
        self.keep(realm, |books| books.delete_invoice(number(invoice)));
    }

    /// Voids a payment; what it paid is open again.
    pub fn void_payment(&self, realm: &str, payment: &str) {
        self.keep(realm, |books| books.void_payment(number(payment)));
    }

    /// Deletes a payment; what it paid is open again.
    pub fn delete_payment(&self, realm: &str, payment: &str) {
        self.keep(realm, |books| books.delete_payment(number(payment)));
    }

    /// Deletes a credit memo and the payments that used it.
    pub fn delete_credit_memo(&self, realm: &str, memo: &str) {
        self.keep(realm, |books| books.delete_credit_memo(number(memo)));
    }

    /// Closes the books: nothing may be written that is dated on that day or before.
    pub fn close_until(&self, realm: &str, until: Date) {
        self.keep(realm, |books| books.closed_until = Some(until));
    }

    /// The payments that have a reference of an app's or a person's, and that nobody took away: what was said, and what each comes to, in minor units.
    pub fn written(&self, realm: &str) -> Vec<(WrittenPayment, i64)> {
        let books = lock(&self.service.books);
        let all = books.get(realm).into_iter().flat_map(|books| books.payments.values());
        all.filter(|row| !row.voided).filter_map(|row| Some((row.written.clone()?, row.total))).collect()
    }

    /// Notes that a bill came in: another entity, of which nothing but its notification concerns what customers owe.
    pub fn note_bill(&self, realm: &str) {
        self.keep(realm, |books| {
            let id = books.next_transaction();
            books.tell("Bill", id, Change::Created);
        });
    }

    fn keep<T>(&self, realm: &str, change: impl FnOnce(&mut Ledger) -> T) -> T {
        self.keep_with(realm, Value::Null, change)
    }

    /// Makes a change and notes what is to be told of it; `merged` goes with the notification of a merge.
    fn keep_with<T>(&self, realm: &str, merged: Value, change: impl FnOnce(&mut Ledger) -> T) -> T {
        let now = self.service.desk.now();
        let mut books = lock(&self.service.books);
        let ledger = books.get_mut(realm).unwrap_or_else(|| panic!("there is no company {realm}"));
        // The vendor dates changes to the second.
        ledger.now = Timestamp::from_second(now.as_second()).unwrap_or(now);
        let done = change(ledger);
        let told = std::mem::take(&mut ledger.told);
        self.service.desk.happened(told.into_iter().map(|told| {
            let data = if told.change == Change::Merged { merged.clone() } else { Value::Null };
            Notification::new(realm, told.kind, told.id.to_string(), told.change, now, data)
        }));
        done
    }
}
