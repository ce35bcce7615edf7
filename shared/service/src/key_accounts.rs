//! Customers that leave automation for a named person because of their share of the book.
//!
//! They are paused by an agreement of a fixed id, so that nothing of the decision has to know of the book as a whole, and so that a person sees,
//! ends and explains it like any other pause. The tenant's midnight finds them by what it reads of the book anyway ([`settle`]); a person may
//! ask for it at any time ([`find`]). Which ones there are is kept, so that a night looks at those alone that become or cease to be one.

use std::collections::BTreeSet;

use domain::{
    Agreement, AgreementId, BookShares, Currency, CustomerId, KeyAccounts, NewTask, Settings, TaskKind, TenantId, Terms,
    calendar::tenant_zone,
    proposal::{Proposal, ProposedScope, Proposer, propose},
};
use jiff::Timestamp;
use serde_json::{Value, json};
use store::{CustomerOwner, Line, List, Store};

use crate::{Actor, Done, NotDone, Operation, matter};

/// Most customers of a book that a request looks through; a night looks through all.
const BOOK_MAX: usize = 10_000;
/// Rows that are read at once.
const READ: u32 = 200;
/// Who makes the pauses.
const BY: &str = "key accounts";

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

/// What a night changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyAccountsSettled {
    /// Customers that left automation, in each currency.
    pub taken: u64,
    /// Customers that went back to it.
    pub given_back: u64,
    /// Customers that should have left it, or gone back, and why they did not. The next night tries again.
    pub failed: Vec<(CustomerId, String)>,
    /// Whether there was no time for all.
    pub is_cut_short: bool,
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
    // Without the setting nobody is one, and what is open in all is said all the same.
    let nobody = KeyAccounts { share_percent: 100, owner: String::new() };
    let shares = book(store, tenant, settings.key_accounts.as_ref().unwrap_or(&nobody)).await?;
    let all_minor = shares.all_minor(currency);
    let wanted = settings.key_accounts.as_ref().map(|by| shares.key_accounts(currency, by)).unwrap_or_default();
    let known = store.key_accounts(tenant).await?.remove(&currency).unwrap_or_default();
    let mut found = KeyAccountsFound { all_minor, ..KeyAccountsFound::default() };
    let settling = Settling { store, tenant, actor: Some(actor), settings: &settings, currency, now };
    for (customer, open) in &wanted {
        let pause = settling.pause(customer).await?;
        if let Some(pause) = pause.as_ref().filter(|pause| stands(pause)) {
            if !dry_run && !known.contains(customer) {
                // Whoever paused it died before it was told and kept.
                settling.tell(customer, pause).await?;
            }
            found.kept.push(customer.clone());
            continue;
        }
        match if dry_run { Ok(()) } else { settling.take(customer, pause.as_ref()).await } {
            Ok(()) => found.taken.push((customer.clone(), *open)),
            Err(NotDone::Store(error)) => return Err(error.into()),
            Err(error) => found.failed.push((customer.clone(), error.to_string())),
        }
    }
    for customer in known.iter().filter(|customer| !wanted.contains_key(*customer)) {
        if !dry_run {
            settling.give_back(customer).await?;
        }
        found.given_back.push(customer.clone());
    }
    Ok(found)
}

/// Sees to it that the key accounts of a tenant are those that its settings make of its book: what a day begins with. Only those that become
/// one, or cease to be one, are looked at; one whose pause a person lifted is left alone while it is one. `is_over` says when there is no more
/// time.
///
/// # Errors
///
/// Those of the table: what was not done yet is done when it is asked for again.
pub async fn settle(
    store: &Store,
    tenant: &TenantId,
    settings: &Settings,
    shares: &BookShares,
    now: Timestamp,
    is_over: impl Fn() -> bool,
) -> Done<KeyAccountsSettled> {
    let known = store.key_accounts(tenant).await?;
    let mut currencies: BTreeSet<Currency> = known.keys().copied().collect();
    currencies.extend(shares.currencies());
    let mut settled = KeyAccountsSettled::default();
    for currency in currencies {
        let wanted = settings.key_accounts.as_ref().map(|by| shares.key_accounts(currency, by)).unwrap_or_default();
        let none = BTreeSet::new();
        let known = known.get(&currency).unwrap_or(&none);
        let settling = Settling { store, tenant, actor: None, settings, currency, now };
        for customer in wanted.keys().filter(|customer| !known.contains(*customer)) {
            if is_over() {
                return Ok(KeyAccountsSettled { is_cut_short: true, ..settled });
            }
            match holding_up_nobody(settling.take_unless_paused(customer).await)? {
                Ok(()) => settled.taken += 1,
                Err(why) => settled.failed.push((customer.clone(), why)),
            }
        }
        for customer in known.iter().filter(|customer| !wanted.contains_key(*customer)) {
            if is_over() {
                return Ok(KeyAccountsSettled { is_cut_short: true, ..settled });
            }
            match holding_up_nobody(settling.give_back(customer).await)? {
                Ok(()) => settled.given_back += 1,
                Err(why) => settled.failed.push((customer.clone(), why)),
            }
        }
    }
    Ok(settled)
}

/// What went wrong with one customer alone, for the log; what the table could not do at all fails.
fn holding_up_nobody(done: Done<()>) -> Done<Result<(), String>> {
    match done {
        Ok(()) => Ok(Ok(())),
        Err(NotDone::Store(error)) if !matches!(error, store::Error::Corrupt { .. }) => Err(error.into()),
        Err(error) => Ok(Err(error.to_string())),
    }
}

/// Whether a pause keeps something back.
fn stands(pause: &Agreement) -> bool {
    pause.ended_at.is_none() && !pause.is_over()
}

/// What is open of the book, as of each customer's last decision.
async fn book(store: &Store, tenant: &TenantId, by: &KeyAccounts) -> Done<BookShares> {
    let (mut shares, mut looked) = (BookShares::default(), 0);
    let mut cursor: Option<String> = None;
    loop {
        // Everybody who owes is in this order once, with all that they owe.
        let page = store.list(tenant, &List::CustomersByOldest, READ, cursor.as_deref()).await?;
        looked += page.lines.len();
        for line in page.lines {
            if let Line::Owed(line) = line {
                shares.add(&line.customer, &line.owed, by);
            }
        }
        cursor = page.after;
        if cursor.is_none() {
            return Ok(shares);
        }
        if looked >= BOOK_MAX {
            let why = format!(
                "more than {BOOK_MAX} customers owe, and one request looks through no more; the tenant's midnight looks through all"
            );
            return Err(NotDone::Conflict(why));
        }
    }
}

/// What the audit says of the settings by which a customer is one.
fn said_of(by: &KeyAccounts) -> Value {
    json!({ "share_percent": by.share_percent, "owner": by.owner })
}

/// Taking customers out of automation in a currency, and giving them back.
struct Settling<'a> {
    store: &'a Store,
    tenant: &'a TenantId,
    /// Who asked for it, where somebody did.
    actor: Option<&'a Actor>,
    settings: &'a Settings,
    currency: Currency,
    now: Timestamp,
}

impl Settling<'_> {
    fn id(&self, customer: &CustomerId) -> AgreementId {
        AgreementId::derive(&[self.tenant.as_str(), customer.as_str(), "key account", self.currency.code()])
    }

    /// The pause of a customer, as it stands.
    async fn pause(&self, customer: &CustomerId) -> Done<Option<Agreement>> {
        Ok(self.store.agreement(self.tenant, customer, &self.id(customer)).await?)
    }

    /// Writes as who asked for it, with an entry of the audit; as nobody at night.
    fn acting(&self, customer: &CustomerId, what: Value) -> Store {
        match self.actor {
            Some(actor) => {
                let entry = actor.entry(Operation::FindKeyAccounts, self.now).of(self.id(customer).as_str()).about(customer);
                self.store.acting(entry.with(what))
            }
            None => self.store.clone(),
        }
    }

    /// Takes a customer out of automation that is not known as a key account yet.
    async fn take_unless_paused(&self, customer: &CustomerId) -> Done<()> {
        let pause = self.pause(customer).await?;
        match pause.as_ref().filter(|pause| stands(pause)) {
            // Whoever paused it died before it was told and kept.
            Some(standing) => self.tell(customer, standing).await,
            None => self.take(customer, pause.as_ref()).await,
        }
    }

    /// Takes a customer out of automation; `known` is its pause of before.
    async fn take(&self, customer: &CustomerId, known: Option<&Agreement>) -> Done<()> {
        let (tenant, now, id) = (self.tenant, self.now, self.id(customer));
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
            line: None,
            lines: Vec::new(),
        };
        let proposer = Proposer { id: &id, by: BY, now };
        let pause = propose(&proposal, &facts, self.settings, proposer).map_err(NotDone::Fields)?;
        let pause = match known.map(|known| &known.terms) {
            // What a later release made of it is not touched.
            Some(Terms::Later(_)) => return Err(NotDone::Conflict("a later release wrote its pause".to_owned())),
            Some(_) | None => Agreement { folded: known.map(|known| known.folded.clone()).unwrap_or_default(), ..pause },
        };
        let acting = self.acting(customer, said_of(key_accounts));
        acting.put_agreement(tenant, customer, known, &pause, now).await?;
        self.tell(customer, &pause).await
    }

    /// Tells the person that the settings name of a customer that is paused, makes it theirs unless it is somebody's, and keeps that it is a
    /// key account. Done again it changes nothing.
    async fn tell(&self, customer: &CustomerId, pause: &Agreement) -> Done<()> {
        let (tenant, now) = (self.tenant, self.now);
        let Some(key_accounts) = &self.settings.key_accounts else { return Ok(()) };
        let acting = self.acting(customer, said_of(key_accounts));
        // One for each time that it is paused.
        let paused_on = pause.made_at.to_zoned(tenant_zone(self.settings)).date();
        let task = NewTask {
            kind: TaskKind::Task,
            key: format!("key account/{}/{paused_on}", self.currency),
            title: "A key account is yours: nothing chases it".to_owned(),
            detail: format!("what is open of it in {} is at least {} % of the book", self.currency, key_accounts.share_percent),
            to: Some(key_accounts.owner.clone()),
            due_on: None,
            step: None,
            currency: Some(self.currency),
            case: None,
        };
        acting.raise(tenant, Some(customer), &task, now).await?;
        if self.store.owner(tenant, customer).await?.is_none() {
            let by = self.actor.map_or(BY, Actor::by).to_owned();
            let owner = CustomerOwner { owner: key_accounts.owner.clone(), by, at: now };
            acting.set_owner(tenant, customer, None, Some(&owner)).await?;
        }
        Ok(self.store.note_key_account(tenant, self.currency, customer, true).await?)
    }

    /// Gives a customer back to automation, unless a person did.
    async fn give_back(&self, customer: &CustomerId) -> Done<()> {
        if let Some(before) = self.pause(customer).await?.filter(stands) {
            let acting = self.acting(customer, json!({ "given_back": true }));
            acting.change_agreement(self.tenant, customer, &before, &before.clone().lifted(self.now), self.now).await?;
        }
        Ok(self.store.note_key_account(self.tenant, self.currency, customer, false).await?)
    }
}
