//! Customers that leave automation for a named person because of their share of the book.
//!
//! They are paused by an agreement of a fixed id, so that nothing of the decision has to know of the book as a whole, and so that a person sees,
//! ends and explains it like any other pause.

use std::collections::BTreeSet;

use domain::{
    Agreement, AgreementId, Currency, CustomerId, NewTask, Settings, TaskKind, TenantId, Terms,
    calendar::tenant_zone,
    proposal::{Proposal, ProposedScope, Proposer, propose},
};
use jiff::Timestamp;
use serde_json::json;
use store::{CustomerOwner, Line, List, Store};

use crate::{Actor, Done, NotDone, Operation, matter};

/// Most customers of a book that are looked through.
const BOOK_MAX: usize = 10_000;
/// Rows that are read at once.
const READ: u32 = 200;

/// What was found, and done unless it was only asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyAccountsFound {
    /// What is open in all in the currency, minor units.
    pub all_minor: i64,
    /// Customers that leave automation now, each with what is open of it.
    pub taken: Vec<(CustomerId, i64)>,
    /// Customers that had left it before.
    pub kept: Vec<CustomerId>,
    /// Customers that go back to it.
    pub given_back: Vec<CustomerId>,
    /// Customers that should have left it, and why they did not.
    pub failed: Vec<(CustomerId, String)>,
}

/// Finds the key accounts of a currency by what was open when each customer was last decided. Those that are new are paused and given to the
/// person that the settings name; those that are none any more are chased again.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::Conflict`] where the book is larger than one request looks through; those of the table.
pub async fn find(store: &Store, actor: &Actor, currency: Currency, dry_run: bool, now: Timestamp) -> Done<KeyAccountsFound> {
    let tenant = actor.may(Operation::FindKeyAccounts)?;
    let settings = matter::settings(store, tenant).await?;
    let book = book(store, tenant, currency).await?;
    let all_minor = book.iter().map(|(_, open)| *open).fold(0, i64::saturating_add);
    let mut found = KeyAccountsFound { all_minor, ..KeyAccountsFound::default() };
    let mut seen = BTreeSet::new();
    for (customer, open) in book {
        if !seen.insert(customer.clone()) {
            continue;
        }
        let is_one = settings.key_accounts.as_ref().is_some_and(|key_accounts| key_accounts.takes(open, all_minor));
        let id = id_of(tenant, &customer, currency);
        // Most customers are none and never were: their agreement is looked for by its reference alone.
        let known = match store.whose(tenant, id.as_str()).await? {
            Some(whose) => store.agreement(tenant, &whose, &id).await?,
            None => None,
        };
        let is_paused = known.as_ref().is_some_and(|known| known.ended_at.is_none() && !known.is_over());
        match (is_one, is_paused) {
            (true, true) => found.kept.push(customer),
            (false, false) => {}
            (true, false) => {
                let taking = Taking { store, actor, settings: &settings, currency, now };
                match if dry_run { Ok(()) } else { taking.take(&customer, &id, known.as_ref()).await } {
                    Ok(()) => found.taken.push((customer, open)),
                    Err(NotDone::Store(error)) => return Err(error.into()),
                    Err(error) => found.failed.push((customer, error.to_string())),
                }
            }
            (false, true) => {
                if let Some(before) = known.filter(|_| !dry_run) {
                    let entry = actor.entry(Operation::FindKeyAccounts, now).of(id.as_str()).about(&customer);
                    let entry = entry.with(json!({ "given_back": true, "open_minor": open }));
                    store.acting(entry).change_agreement(tenant, &customer, &before, &before.clone().lifted(now), now).await?;
                }
                found.given_back.push(customer);
            }
        }
    }
    Ok(found)
}

fn id_of(tenant: &TenantId, customer: &CustomerId, currency: Currency) -> AgreementId {
    AgreementId::derive(&[tenant.as_str(), customer.as_str(), "key account", currency.code()])
}

/// Who owes in a currency, and how much was open of each when it was last decided.
async fn book(store: &Store, tenant: &TenantId, currency: Currency) -> Done<Vec<(CustomerId, i64)>> {
    let (mut book, mut looked) = (Vec::new(), 0);
    let mut cursor: Option<String> = None;
    let row = |line: Line| {
        let Line::Owed(line) = line else { return None };
        let open_minor = line.owed.get(&currency)?.open_minor;
        Some((line.customer, open_minor))
    };
    loop {
        // Everybody who owes is in this order once, with all that they owe.
        let page = store.list(tenant, &List::CustomersByOldest, READ, cursor.as_deref()).await?;
        looked += page.lines.len();
        book.extend(page.lines.into_iter().filter_map(row));
        cursor = page.after;
        if cursor.is_none() {
            return Ok(book);
        }
        if looked >= BOOK_MAX {
            return Err(NotDone::Conflict(format!("more than {BOOK_MAX} customers owe: one request looks through no more")));
        }
    }
}

/// Taking a customer out of automation.
struct Taking<'a> {
    store: &'a Store,
    actor: &'a Actor,
    settings: &'a Settings,
    currency: Currency,
    now: Timestamp,
}

impl Taking<'_> {
    async fn take(&self, customer: &CustomerId, id: &AgreementId, known: Option<&Agreement>) -> Done<()> {
        let (tenant, now) = (self.actor.tenant(), self.now);
        let Some(key_accounts) = &self.settings.key_accounts else { return Ok(()) };
        let facts = matter::facts(self.store, tenant, customer).await?;
        let proposal = Proposal {
            kind: "pause".to_owned(),
            scope: ProposedScope::Case(self.currency),
            amount_minor: None,
            pays_on: None,
            sent_on: None,
            way: None,
            reason: None,
            parts: None,
            until_on: None,
            ends_with: None,
        };
        let proposer = Proposer { id, by: "key accounts", now };
        let pause = propose(&proposal, &facts, self.settings, proposer).map_err(NotDone::Fields)?;
        let entry = |store: &Store| {
            let entry = self.actor.entry(Operation::FindKeyAccounts, now).of(id.as_str()).about(customer);
            store.acting(entry.with(json!({ "share_percent": key_accounts.share_percent, "owner": key_accounts.owner })))
        };
        let pause = match known.map(|known| &known.terms) {
            // What a later release made of it is not touched.
            Some(Terms::Later(_)) => return Err(NotDone::Conflict("a later release wrote its pause".to_owned())),
            Some(_) | None => Agreement { folded: known.map(|known| known.folded.clone()).unwrap_or_default(), ..pause },
        };
        entry(self.store).put_agreement(tenant, customer, known, &pause, now).await?;
        let task = NewTask {
            kind: TaskKind::Task,
            key: format!("key account/{}/{}", self.currency, now.to_zoned(tenant_zone(self.settings)).date()),
            title: "A key account is yours: nothing chases it".to_owned(),
            detail: format!("what is open of it in {} is at least {} % of the book", self.currency, key_accounts.share_percent),
            to: Some(key_accounts.owner.clone()),
            due_on: None,
            step: None,
            currency: Some(self.currency),
            case: None,
        };
        entry(self.store).raise(tenant, Some(customer), &task, now).await?;
        if self.store.owner(tenant, customer).await?.is_none() {
            let owner = CustomerOwner { owner: key_accounts.owner.clone(), by: self.actor.by().to_owned(), at: now };
            entry(self.store).set_owner(tenant, customer, None, Some(&owner)).await?;
        }
        Ok(())
    }
}
