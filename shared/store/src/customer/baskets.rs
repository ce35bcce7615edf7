//! Baskets: an item for each, one that says whose it is, and the agreement that keeps its amounts back, all made in one transaction. What its
//! provider says of it comes with its money, which is applied as documents are, and with the receipt of the event.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::{
    Agreement, Basket, CustomerId, PaymentId, ProviderSaid, ServiceMail, ServiceMailKind, Settings, TenantId,
    basket::{BasketChange, SOURCE},
    service_mail::is_received,
};
use jiff::Timestamp;

use super::{
    agreements::{referred, replacing},
    apply::{AppliedOutcome, Beside, Origin, Receipt},
    basket_items::basket_written,
    head::{Wake, bump},
    service_mails::requested,
    write_backs::{BooksBeside, noting},
};
use crate::{
    Error, Result, Store,
    table::{
        attributes::{
            basket,
            document::{DOC, REVISION},
            head,
        },
        change::{Change, is, no_item},
        db::{Range, Row, Transacted, json, last_of, n, s, text},
        keys,
        retry::{ATTEMPTS_DEAR, Tries},
    },
};

/// Whose a basket is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BasketOwner {
    /// Whose customer.
    pub tenant: TenantId,
    /// Whose basket.
    pub customer: CustomerId,
}

/// What came of beginning a basket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BasketBegun {
    /// It is begun, and its amounts are kept back.
    Begun,
    /// It was begun before: the same form was sent twice.
    Before(Box<Basket>),
    /// Something of the customer changed since the facts were read that it was looked at by: look again.
    Changed,
}

/// What is said of a basket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BasketSays<'a> {
    /// Its provider said something, by an event of this receipt, or by a read-back, which has none.
    Provider(&'a ProviderSaid, Option<&'a Receipt>),
    /// Its provider took it on, under its own id, and shows the payer this page.
    SentOn {
        /// The provider's id.
        provider_id: &'a str,
        /// The page.
        pay_url: Option<&'a str>,
    },
    /// Its time passed, and its provider, where it has one, was told so.
    Expired,
    /// The payer or a person gave it up.
    Cancelled,
    /// A collector took back that its payment was taken.
    Undone,
    /// A person said whether an entry in the books is its payment.
    Judged {
        /// The entry.
        entry: &'a PaymentId,
        /// Whether it is.
        is_same: bool,
    },
}

/// What came of what was said of a basket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BasketHeard {
    /// The basket as it is now, and whether anything changed.
    Heard(Box<Basket>, AppliedOutcome),
    /// There is no such basket.
    Unknown,
}

impl Store {
    /// Begins a basket that was found good by the facts of its customer at `version` of their head; `money` keeps its amounts back from then
    /// on. The customer is decided again.
    ///
    /// Two who begin one at once find each other: what one of them changed makes the other look again.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] when there is no such customer; those of reading and writing.
    pub async fn begin_basket(
        &self,
        tenant: &TenantId,
        basket: &Basket,
        money: &Agreement,
        version: u64,
        now: Timestamp,
    ) -> Result<BasketBegun> {
        const OP: &str = "begin a basket of";
        let customer = &basket.customer;
        let head = self.must_head(tenant, customer).await?;
        let wake = Wake::of(Some(&head), customer, 1, now);
        let actions = vec![
            basket_written(tenant, basket).when(no_item()).update(self),
            owner(tenant, basket).update(self),
            replacing(keys::agreement(tenant, customer, &money.id), None, money, now).update(self),
            referred(tenant, money.id.as_str(), customer).update(self),
            bump(tenant, customer, &wake, now).when(is(head::VERSION, n(version))).update(self),
        ];
        match self.transact(OP, customer.as_str(), actions).await? {
            Transacted::Done => Ok(BasketBegun::Begun),
            Transacted::Not(_) => {
                let known = self.basket(tenant, customer, &basket.id).await?;
                Ok(known.map_or(BasketBegun::Changed, |known| BasketBegun::Before(Box::new(known))))
            }
        }
    }

    /// Writes down a payment that a collector took: the basket and its money in one transaction, so that no money is counted without its basket.
    /// The customer is decided again. One of the same id is written down once.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] when other writers kept coming between; those of reading and writing.
    pub async fn take_payment(
        &self,
        tenant: &TenantId,
        basket: &Basket,
        settings: &Settings,
        now: Timestamp,
    ) -> Result<BasketBegun> {
        const OP: &str = "take a payment of";
        let customer = &basket.customer;
        let documents = basket.documents(settings);
        let mut tries = Tries::new(ATTEMPTS_DEAR, OP, customer.as_str());
        loop {
            tries.again()?;
            if let Some(known) = self.basket(tenant, customer, &basket.id).await? {
                return Ok(BasketBegun::Before(Box::new(known)));
            }
            let books = self.books_beside(tenant, None, basket, now).await?;
            let BooksBeside { actions: of_books, written_into } = books;
            let new = noting(basket_written(tenant, basket), written_into.as_deref()).when(no_item());
            let mut actions = vec![new.update(self), owner(tenant, basket).update(self)];
            actions.extend(of_books);
            let beside = Beside { customer: customer.clone(), actions, elsewhere: Vec::new() };
            if self.apply_beside(tenant, Origin::Read(SOURCE), &documents, Some(beside), now).await?.is_some() {
                return Ok(BasketBegun::Begun);
            }
        }
    }

    /// Whose a basket is; `None` where nobody began it.
    ///
    /// # Errors
    ///
    /// Those of reading, and [`Error::Corrupt`].
    pub async fn basket_owner(&self, id: &PaymentId) -> Result<Option<BasketOwner>> {
        let key = keys::basket_owner(id);
        let Some(row) = self.read("find whose a basket is", &key, true).await? else { return Ok(None) };
        let tenant = text(&row, basket::TENANT).and_then(|tenant| TenantId::parse(tenant).ok());
        let customer = text(&row, basket::CUSTOMER).and_then(CustomerId::parse);
        let owner = tenant.zip(customer).map(|(tenant, customer)| BasketOwner { tenant, customer });
        let corrupt = || Error::Corrupt { key: key.to_string(), detail: "whose a basket is does not read".to_owned() };
        owner.ok_or_else(corrupt).map(Some)
    }

    /// A basket of a customer.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn basket(&self, tenant: &TenantId, customer: &CustomerId, id: &PaymentId) -> Result<Option<Basket>> {
        let row = self.read("read a basket of", &keys::basket(tenant, customer, id), true).await?;
        row.as_ref().map(|row| json(row, DOC)).transpose()
    }

    /// The baskets of a customer, by nothing that means anything, at most `most` of them.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn baskets(&self, tenant: &TenantId, customer: &CustomerId, most: usize) -> Result<Vec<Basket>> {
        self.baskets_after(tenant, customer, most, None).await
    }

    /// The same, those behind a basket.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn baskets_after(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        most: usize,
        after: Option<&PaymentId>,
    ) -> Result<Vec<Basket>> {
        let pk = keys::customer(tenant, customer);
        // What follows an id, before every longer one: ids have no such character.
        let from = after.map_or_else(|| keys::BASKETS.to_owned(), |after| format!("{}{after}!", keys::BASKETS));
        let until = last_of(keys::BASKETS);
        let rows: Vec<Row> = self.range("read the baskets of", Range::new(&pk, &from, &until, most)).await?;
        rows.iter().map(|row| json(row, DOC)).collect()
    }

    /// Changes a basket by what is said of it: the basket, its money, what it keeps back and the receipt of the event are written together,
    /// and the customer is decided again. What a person has to look at is raised first, for it has an id of its own and may be raised again.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] when other writers kept coming between: the event may be delivered again; those of reading and writing.
    pub async fn change_basket(
        &self,
        owner: &BasketOwner,
        id: &PaymentId,
        says: BasketSays<'_>,
        settings: &Settings,
        now: Timestamp,
    ) -> Result<BasketHeard> {
        const OP: &str = "change a basket of";
        let BasketOwner { tenant, customer } = owner;
        let receipt = match says {
            BasketSays::Provider(_, receipt) => receipt,
            BasketSays::SentOn { .. }
            | BasketSays::Expired
            | BasketSays::Cancelled
            | BasketSays::Undone
            | BasketSays::Judged { .. } => None,
        };
        let origin = receipt.map_or(Origin::Read(SOURCE), Origin::Event);
        let key = keys::basket(tenant, customer, id);
        let mut tries = Tries::new(ATTEMPTS_DEAR, OP, customer.as_str());
        loop {
            tries.again()?;
            let Some(row) = self.read(OP, &key, true).await? else { return Ok(BasketHeard::Unknown) };
            let known: Basket = json(&row, DOC)?;
            let BasketChange { basket, changed, documents, tasks } = changed_by(&known, says, settings, now);
            let books =
                if changed { self.books_beside(tenant, Some(&known), &basket, now).await? } else { BooksBeside::default() };
            for task in &tasks {
                self.raise(tenant, Some(customer), task, now).await?;
            }
            let mut actions: Vec<TransactWriteItem> = Vec::new();
            if changed {
                actions.extend(receipt_for(&known, &basket, now).map(|mail| requested(tenant, customer, &mail).update(self)));
                let write = noting(basket_written(tenant, &basket), books.written_into.as_deref());
                actions.push(write.when(is(REVISION, n(known.revision))).update(self));
                actions.extend(books.actions);
            }
            if changed && let BasketSays::Judged { is_same: true, .. } = says {
                actions.extend(self.work_ended_by_entries(tenant, &basket, &[], now).await?);
            }
            let mut elsewhere: Vec<(CustomerId, TransactWriteItem)> = Vec::new();
            for hold in self.basket_holds(tenant, &basket, settings, now).await? {
                let action = hold.action(self, tenant, now);
                if hold.customer() == customer {
                    actions.push(action);
                } else {
                    elsewhere.push((hold.customer().clone(), action));
                }
            }
            let is_quiet = actions.is_empty() && elsewhere.is_empty();
            if is_quiet && documents.is_empty() && receipt.is_none() {
                return Ok(BasketHeard::Heard(Box::new(basket), AppliedOutcome::Stale));
            }
            let beside = (!is_quiet).then(|| Beside { customer: customer.clone(), actions, elsewhere });
            if let Some(applied) = self.apply_beside(tenant, origin, &documents, beside, now).await? {
                return Ok(BasketHeard::Heard(Box::new(basket), applied.outcome));
            }
        }
    }
}

/// The receipt that the payer of a basket gets with the first money that comes of it, to the link by which they began it.
fn receipt_for(known: &Basket, basket: &Basket, now: Timestamp) -> Option<ServiceMail> {
    let link = basket.link.as_ref().filter(|_| known.receipts.is_empty() && is_received(basket))?;
    Some(ServiceMail::of(ServiceMailKind::Receipt, link, Some(basket.id.as_str()), now))
}

fn changed_by(known: &Basket, says: BasketSays<'_>, settings: &Settings, now: Timestamp) -> BasketChange {
    match says {
        BasketSays::Provider(said, _) => known.hear(said, settings, now),
        BasketSays::SentOn { provider_id, pay_url } => {
            let basket = known.clone().sent_on(provider_id, pay_url);
            BasketChange { documents: basket.documents(settings), basket, changed: true, tasks: Vec::new() }
        }
        BasketSays::Expired => known.expired(settings, now),
        BasketSays::Cancelled => known.cancelled(settings, now),
        BasketSays::Undone => known.undone(settings, now),
        BasketSays::Judged { entry, is_same } => known.judged(entry, is_same, settings, now),
    }
}

/// The write that says whose a basket is, where nothing says so yet.
fn owner(tenant: &TenantId, basket: &Basket) -> Change {
    Change::of(keys::basket_owner(&basket.id))
        .put(basket::TENANT, s(tenant.as_str()))
        .put(basket::CUSTOMER, s(basket.customer.as_str()))
        .when(no_item())
}
