//! What every form of the customer's works with: whose it is, what was typed, and what is wrong with it.

use std::collections::{BTreeMap, BTreeSet};

use domain::{Agreement, AgreementId, AgreementScope, Currency, InvoiceId, LinkId};
use files::Bucket;
use jiff::Timestamp;
use minijinja::{Value, context, value::Serde};
use serde::Serialize;
use service::{NotDone, link_holder::LinkHolder};
use store::{FoundLink, Result, Store, Vault};

use crate::{
    form_labels::FormLabels,
    page::{Look, PortalPage},
    pay_desk::PayDesk,
    reading::{OpenedPages, StatementRead, read_beside, read_statement},
    request::PortalRequest,
    statement::AccountStatement,
    typed::TypedFields,
    visit::Visit,
};

/// Invoices that are named by their numbers at most; of more it is said how many they are.
const NAMED_MAX: usize = 4;

/// A request for a form, by a link that is good.
pub(crate) struct FormVisit<'a> {
    pub(crate) store: &'a Store,
    pub(crate) vault: &'a Vault,
    /// The link as it was found.
    pub(crate) found: &'a FoundLink,
    pub(crate) opened: &'a OpenedPages<'a>,
    pub(crate) holder: &'a LinkHolder,
    pub(crate) link: &'a LinkId,
    pub(crate) request: &'a PortalRequest,
    /// Where files are sent to.
    pub(crate) bucket: &'a Bucket,
    /// Where the portal is.
    pub(crate) desk: &'a PayDesk,
    pub(crate) now: Timestamp,
}

/// What is wrong with a form: the field, and a sentence in the customer's language.
#[derive(Debug, Default, Serialize)]
pub(crate) struct WrongFields(BTreeMap<&'static str, String>);

impl WrongFields {
    /// The first thing that is wrong with a field counts.
    pub(crate) fn add(&mut self, field: &'static str, text: impl Into<String>) {
        self.0.entry(field).or_insert_with(|| text.into());
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What came of a form.
pub(crate) enum Taken<T> {
    /// It was done.
    Done(T),
    /// The fields at these JSON pointers are wrong.
    Wrong(Vec<String>),
    /// It may be sent again.
    Again,
    /// The customer is not there any more.
    Gone,
}

impl<T> Taken<T> {
    /// What a service answered.
    ///
    /// # Errors
    ///
    /// Those of the table.
    pub(crate) fn of(done: service::Done<T>) -> Result<Self> {
        Ok(match done {
            Ok(done) => Self::Done(done),
            Err(NotDone::Fields(flaws)) => Self::Wrong(flaws.into_iter().map(|(pointer, _)| pointer).collect()),
            Err(NotDone::Conflict(_) | NotDone::Changed(_) | NotDone::Stale(_)) => Self::Again,
            Err(NotDone::NotFound(_) | NotDone::NotAllowed(_) | NotDone::Cursor) => Self::Gone,
            Err(NotDone::Store(error)) => return Err(error),
        })
    }
}

impl FormVisit<'_> {
    /// Whether a form was sent, and not asked for.
    pub(crate) fn is_sent(&self) -> bool {
        self.request.method == "POST"
    }

    /// The invoices that were chosen, else the one that somebody came from.
    pub(crate) fn asked_about(&self) -> BTreeSet<&str> {
        let chosen = TypedFields::of(self.request).all("invoice");
        chosen.chain(self.request.query("invoice").filter(|_| !self.is_sent())).collect()
    }

    /// The page of the statement that is asked for, and how the customer is spoken to; `None` where the link's address is none of the customer's.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub(crate) async fn account(&self) -> Result<Option<(AccountStatement, Visit)>> {
        let page = self.request.page();
        let StatementRead { statement, visit, addresses } =
            read_statement(self.store, self.opened, Some(&page), self.now).await?;
        Ok(addresses.contains(self.opened.address).then_some((statement, visit)))
    }

    /// The customer's facts as far as a page needs them that says what became of a form, and how the customer is spoken to; `None` where the
    /// link's address is none of the customer's.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub(crate) async fn beside(&self) -> Result<Option<Visit>> {
        let (visit, addresses) = read_beside(self.store, self.opened).await?;
        Ok(addresses.contains(self.opened.address).then_some(visit))
    }

    /// An agreement of the customer as it is now; `None` for what is the id of none.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub(crate) async fn agreement(&self, text: &str) -> Result<Option<Agreement>> {
        let Some(id) = AgreementId::parse(text) else { return Ok(None) };
        self.store.agreement(self.opened.tenant, &self.opened.head.customer, &id).await
    }

    /// What invoices are called, as far as they are few; else how many they are.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub(crate) async fn named(&self, invoices: &[InvoiceId]) -> Result<String> {
        if invoices.len() > NAMED_MAX {
            return Ok(invoices.len().to_string());
        }
        let wanted: Vec<_> = invoices.iter().map(|id| (self.opened.head.customer.clone(), id.clone())).collect();
        let known = self.store.invoices_by_id(self.opened.tenant, &wanted).await?;
        Ok(known.into_iter().map(|known| known.invoice.number).collect::<Vec<_>>().join(", "))
    }

    /// Of which invoices an agreement is, as a sentence; `None` where its scope names none.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub(crate) async fn which_invoices(&self, visit: &Visit, agreement: &Agreement) -> Result<Option<String>> {
        let invoices = match &agreement.scope {
            AgreementScope::Invoices(invoices) => self.named(invoices).await?,
            AgreementScope::Customer | AgreementScope::Case(_) | AgreementScope::Balance(_) | AgreementScope::Later(_) => {
                String::new()
            }
        };
        Ok((!invoices.is_empty()).then(|| FormLabels::of(visit.words).invoices_of.replace("{}", &invoices)))
    }
}

/// A page of a form, or one that says what became of it: 400 where something is wrong.
pub(crate) fn form_page(visit: &Visit, template: &'static str, title: &str, wrong: &WrongFields, values: Value) -> PortalPage {
    let words = visit.words;
    let tenant = visit.settings.name.as_str();
    let base = context! {
        title => format!("{title} – {tenant}"),
        heading => title,
        tenant,
        sent_by => words.sent_by.replace("{}", tenant),
        customer => visit.customer.as_str(),
        back => visit.path.as_str(),
        write => format!("{}/write", visit.path),
        f => Value::from(Serde(FormLabels::of(words))),
        wrong => Value::from(Serde(wrong)),
        is_wrong => !wrong.is_empty(),
    };
    PortalPage::Filled {
        status: if wrong.is_empty() { 200 } else { 400 },
        template,
        words,
        look: Look::of(&visit.settings.brand),
        values: context! { ..values, ..base },
    }
}

/// What an agreement is over, by currency: its own amount, else what was open of its invoices when it was made.
pub(crate) fn amounts_of(visit: &Visit, agreement: &Agreement) -> String {
    let mut sums = BTreeMap::<Currency, i64>::new();
    for stood in agreement.of() {
        let Some(currency) = stood.currency else { continue };
        let sum = sums.entry(currency).or_default();
        *sum = sum.saturating_add(stood.open_minor);
    }
    if let (Some(minor), 1) = (agreement.amount_minor, sums.len()) {
        sums.values_mut().for_each(|sum| *sum = minor);
    }
    sums.iter().map(|(currency, minor)| visit.money(*minor, *currency)).collect::<Vec<_>>().join(" + ")
}
