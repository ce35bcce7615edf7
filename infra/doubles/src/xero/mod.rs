//! Xero.
//!
//! | what | where |
//! |---|---|
//! | authorise, tokens | `/identity/connect/authorize`, `/connect/token` |
//! | organisations that were agreed to | `/connections` |
//! | the organisation | `/api.xro/2.0/Organisation` |
//! | lists | `/api.xro/2.0/{Contacts, Invoices, CreditNotes, Payments, Overpayments, Prepayments}` |
//! | payments that are written | `PUT /api.xro/2.0/Payments`, with the right to, once for each `Idempotency-Key` of the last minutes |
//! | one object, its PDF, its page | `…/{list}/{id}`, by `Accept: application/pdf`, `…/Invoices/{id}/OnlineInvoice` |
//!
//! A payment has no notification of its own: its invoice was updated. Overpayments and prepayments have none at all until they are
//! allocated. Nothing ever disappears: what is voided or deleted stays with that status.

mod api;
mod filter;
mod ledger;
mod limits;
mod money;
mod story;
mod webhook;
mod wire;
mod writing;

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex},
};

use http::StatusCode;
use jiff::{SignedDuration, Timestamp, civil::Date};

use crate::{Clock, Delivery, Desk, Double, Notification, Truth, lock::lock, oauth::Rules, server::Server};

use api::{Pace, Service};
use ledger::{Ledger, Status};
pub use limits::Limits;
pub use story::{Address, Contact, Credit, CreditKind, Invoice, Organisation, Person, Phone, Side};

/// A double of Xero.
pub struct Xero {
    service: Arc<Service>,
    server: Server,
}

impl Double for Xero {
    fn desk(&self) -> &Desk {
        &self.service.desk
    }

    fn base_url(&self) -> &str {
        &self.server.base_url
    }

    fn delivery(&self, notifications: &[Notification]) -> Delivery {
        webhook::events(&self.app().webhook_secret, notifications)
    }

    fn truth(&self, realm: &str) -> Truth {
        lock(&self.service.books).get(realm).map(Ledger::truth).unwrap_or_default()
    }
}

impl Xero {
    /// Starts on a free port of loopback, without any organisation.
    ///
    /// # Errors
    ///
    /// When no port can be had.
    pub async fn start(clock: Clock) -> io::Result<Self> {
        let rules = Rules {
            vendor: "xero",
            access_lasts: SignedDuration::from_mins(30),
            refresh_lasts: SignedDuration::from_hours(60 * 24),
            grace: SignedDuration::from_mins(30),
            scope: "accounting.invoices.read",
            offline_scope: Some("offline_access"),
            callback_names_realm: false,
            bad_client: StatusCode::BAD_REQUEST,
        };
        let desk = Desk::new(clock, rules);
        let pace = Mutex::new(Some(Pace::new(Limits::default())));
        let service = Arc::new(Service { desk, books: Mutex::new(BTreeMap::new()), pace });
        let server = Server::start(service.clone()).await?;
        Ok(Self { service, server })
    }

    /// How many requests are answered; `None` for any number. What was asked stays counted.
    pub fn limit(&self, limits: Option<Limits>) {
        let mut pace = lock(&self.service.pace);
        match (pace.as_mut(), limits) {
            (Some(pace), Some(limits)) => pace.allow(limits),
            (None, Some(limits)) => *pace = Some(Pace::new(limits)),
            (_, None) => *pace = None,
        }
    }

    /// What the vendor asks before it sends anything, and again whenever the address changes: the first must be answered 200, the
    /// second, whose signature is wrong, 401.
    pub fn intent_to_receive(&self) -> (Delivery, Delivery) {
        webhook::intent_to_receive(&self.app().webhook_secret)
    }

    /// Opens an organisation's books.
    pub fn add_organisation(&self, organisation: Organisation) {
        let now = self.service.desk.now();
        lock(&self.service.books).insert(organisation.tenant.clone(), Ledger::new(organisation, now));
    }

    /// Adds a contact; its id.
    pub fn add_contact(&self, tenant: &str, contact: Contact) -> String {
        self.keep(tenant, |books| books.add_contact(contact))
    }

    /// Changes a contact's form.
    pub fn update_contact(&self, tenant: &str, id: &str, change: impl FnOnce(&mut Contact)) {
        self.keep(tenant, |books| {
            change(&mut books.contact(id).form);
            books.touch_contact(id);
        });
    }

    /// Archives a contact, or brings it back.
    pub fn archive(&self, tenant: &str, contact: &str, archived: bool) {
        self.set_status(tenant, contact, if archived { "ARCHIVED" } else { "ACTIVE" });
    }

    /// Notes that a person asked to be forgotten.
    pub fn forget(&self, tenant: &str, contact: &str) {
        self.set_status(tenant, contact, "GDPRREQUEST");
    }

    fn set_status(&self, tenant: &str, contact: &str, status: &'static str) {
        self.keep(tenant, |books| {
            books.contact(contact).status = status;
            books.touch_contact(contact);
        });
    }

    /// Writes an invoice or a bill; its id.
    pub fn add_invoice(&self, tenant: &str, invoice: Invoice) -> String {
        self.keep(tenant, |books| books.add_invoice(invoice))
    }

    /// Approves a draft.
    pub fn approve(&self, tenant: &str, invoice: &str) {
        self.keep(tenant, |books| {
            let row = books.invoice(invoice);
            assert!(row.status == Status::Draft, "invoice {invoice} is no draft");
            row.status = Status::Authorised;
            books.touch_invoice(invoice);
        });
    }

    /// Moves the due date of an invoice.
    pub fn move_due_date(&self, tenant: &str, invoice: &str, due_on: Date) {
        self.keep(tenant, |books| {
            books.invoice(invoice).due_on = due_on;
            books.touch_invoice(invoice);
        });
    }

    /// Pays an invoice; the payment's id.
    pub fn pay(&self, tenant: &str, invoice: &str, amount: &str, paid_on: Date) -> String {
        self.keep(tenant, |books| books.pay(invoice, amount, paid_on))
    }

    /// Pays several invoices at once, as the vendor does it: a payment of each; their ids.
    pub fn pay_several(&self, tenant: &str, invoices: &[(&str, &str)], paid_on: Date) -> Vec<String> {
        self.keep(tenant, |books| invoices.iter().map(|(invoice, amount)| books.pay(invoice, amount, paid_on)).collect())
    }

    /// Locks a period: nothing may be written that is dated on that day or before.
    pub fn lock_until(&self, tenant: &str, until: Date) {
        self.keep(tenant, |books| books.locked_until = Some(until));
    }

    /// The payments that an app wrote and nobody deleted: reference, account and amount in minor units.
    pub fn written(&self, tenant: &str) -> Vec<(String, String, i64)> {
        let books = lock(&self.service.books);
        let all = books.get(tenant).into_iter().flat_map(|books| books.payments.values());
        let each = all.filter(|row| !row.deleted && !row.reference.is_empty());
        each.map(|row| (row.reference.clone(), row.account.clone(), row.amount)).collect()
    }

    /// Deletes a payment; what it paid is due again.
    pub fn delete_payment(&self, tenant: &str, payment: &str) {
        self.keep(tenant, |books| books.delete_payment(payment));
    }

    /// Writes a credit note, overpayment or prepayment; its id.
    pub fn add_credit(&self, tenant: &str, credit: Credit) -> String {
        self.keep(tenant, |books| books.add_credit(credit))
    }

    /// Allocates a credit to an invoice.
    pub fn allocate(&self, tenant: &str, credit: &str, invoice: &str, amount: &str, on: Date) {
        self.keep(tenant, |books| books.allocate(credit, invoice, amount, on));
    }

    /// Takes back what of a credit is allocated to an invoice.
    pub fn remove_allocation(&self, tenant: &str, credit: &str, invoice: &str, on: Date) {
        self.keep(tenant, |books| books.remove_allocation(credit, invoice, on));
    }

    /// Voids an approved invoice, or deletes a draft. The vendor refuses while money is on it.
    pub fn void_invoice(&self, tenant: &str, invoice: &str) {
        self.keep(tenant, |books| books.withdraw_invoice(invoice));
    }

    /// Voids a credit. The vendor refuses while it is allocated.
    pub fn void_credit(&self, tenant: &str, credit: &str) {
        self.keep(tenant, |books| books.void_credit(credit));
    }

    fn keep<T>(&self, tenant: &str, change: impl FnOnce(&mut Ledger) -> T) -> T {
        let now = self.service.desk.now();
        let mut books = lock(&self.service.books);
        let ledger = books.get_mut(tenant).unwrap_or_else(|| panic!("there is no organisation {tenant}"));
        // The vendor dates changes to the millisecond.
        ledger.now = Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now);
        let done = change(ledger);
        let told = std::mem::take(&mut ledger.told);
        let notifications =
            told.into_iter().map(|told| Notification::new(tenant, told.category, told.id, told.change, now, told.data));
        self.service.desk.happened(notifications);
        done
    }
}
