//! Reads what documents say, and whose they are.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::{
    Customer, CustomerId, CustomerRef, Document, Invoice, InvoiceId, InvoiceStatus, Payment, PaymentId, PaymentStatus, Reversal,
    SourceVersion, TenantId,
    document::{ObjectId, Why, Withdrawn},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::origin::Origin;
use crate::{
    Error, Head, Result, Store,
    table::{
        attributes::{
            document::{self, DOC},
            every::SK,
            reference,
        },
        db::{Range, Row, json, last_of, number, text},
        keys::{self, Key},
    },
};

/// Most documents that may wait for one object.
const WAITING_MAX: usize = 1_000;

#[derive(Serialize, Deserialize)]
pub(super) enum Waiting {
    Payment(Payment),
    Reversal(Reversal),
    /// A payment that is kept, and is for the invoice that is waited for.
    Shared(PaymentId),
    /// What a later release lets wait: it goes on waiting for that release.
    #[serde(untagged)]
    Later(serde_json::Value),
}

/// A document that waits for an object, as it is to be kept.
pub(super) struct Wait {
    pub(super) key: Key,
    pub(super) document: Waiting,
    pub(super) version: String,
}

/// Whether a version is newer than what the table has.
pub(super) fn newer(row: Option<&Row>, version: &SourceVersion) -> bool {
    row.and_then(|row| text(row, document::VERSION)).is_none_or(|known| known < version.sortable().as_str())
}

/// What goes along with an invoice that leaves a customer.
pub(super) struct Along {
    /// The customer's head as it was read: the move stands only while nobody decided, claimed or settled since.
    pub(super) head: Head,
    /// What the invoice's items have been through, and the agreements and orders that concern it, as they were read.
    pub(super) told: domain::along::Along,
}

/// What the table says of an object's customer.
#[derive(Clone)]
pub(super) struct Reference {
    /// The customer that it is at.
    pub(super) known: Option<CustomerId>,
    /// How many documents wait for it, where any did.
    pub(super) waiting: Option<u64>,
}

impl Reference {
    fn read(row: Option<&Row>) -> Self {
        Self {
            known: row.and_then(|row| text(row, reference::CUSTOMER)).and_then(CustomerId::parse),
            waiting: row.and_then(|row| number(row, reference::WAITING)),
        }
    }
}

/// Writes of one customer that belong to documents.
pub(crate) struct Beside {
    /// Whose facts they change.
    pub(crate) customer: CustomerId,
    /// The writes.
    pub(crate) actions: Vec<TransactWriteItem>,
    /// Writes of other customers' facts, each by itself: where one transaction cannot hold them all they follow.
    pub(crate) elsewhere: Vec<(CustomerId, TransactWriteItem)>,
}

/// Documents still to be taken, each with the key under which it waited.
pub(super) type Queue = VecDeque<(Document, Option<Key>)>;

/// What an event says, each object once and by its newest document.
pub(super) struct Plan<'a> {
    pub(super) store: &'a Store,
    pub(super) tenant: &'a TenantId,
    pub(super) origin: Origin<'a>,
    pub(super) now: Timestamp,
    pub(super) profiles: BTreeMap<CustomerId, Customer>,
    pub(super) named: Vec<CustomerId>,
    /// What the source calls those who are only named.
    pub(super) called: BTreeMap<CustomerId, String>,
    pub(super) invoices: BTreeMap<InvoiceId, (CustomerId, Invoice)>,
    pub(super) payments: BTreeMap<PaymentId, (CustomerId, Payment)>,
    pub(super) reversals: BTreeMap<Key, (CustomerId, Reversal)>,
    /// By the object's id.
    pub(super) references: BTreeMap<String, Reference>,
    /// What goes along with invoices that move.
    pub(super) along: BTreeMap<InvoiceId, Along>,
    /// Payments whose invoices may come to be somebody else's with this plan, each with further customers to look at.
    pub(super) sharing: BTreeMap<PaymentId, BTreeSet<CustomerId>>,
    /// How often the item of an object that moves had been written when what goes along was looked for.
    pub(super) revisions: BTreeMap<String, u64>,
    pub(super) heartbeats: Vec<Timestamp>,
    pub(super) waiting: Vec<Wait>,
    pub(super) done_waiting: Vec<Key>,
    /// What is written with it.
    pub(super) beside: Option<Beside>,
    /// Whose an object is once this plan is written, by the object's id.
    owners: BTreeMap<String, CustomerId>,
}

impl<'a> Plan<'a> {
    pub(super) fn new(store: &'a Store, tenant: &'a TenantId, origin: Origin<'a>, now: Timestamp) -> Self {
        Self {
            store,
            tenant,
            origin,
            now,
            profiles: BTreeMap::new(),
            named: vec![],
            called: BTreeMap::new(),
            invoices: BTreeMap::new(),
            payments: BTreeMap::new(),
            reversals: BTreeMap::new(),
            references: BTreeMap::new(),
            along: BTreeMap::new(),
            sharing: BTreeMap::new(),
            revisions: BTreeMap::new(),
            heartbeats: vec![],
            waiting: vec![],
            done_waiting: vec![],
            beside: None,
            owners: BTreeMap::new(),
        }
    }

    /// Reads at once whether the event was seen before, which it answers, and where the table has what the documents name.
    pub(super) async fn look_up(&mut self, documents: &[Document]) -> Result<bool> {
        let receipt = match self.origin {
            Origin::Event(receipt) => Some(keys::receipt(self.tenant, &receipt.source, &receipt.event_id)),
            Origin::Read(_) => None,
        };
        let named = documents.iter().flat_map(|document| match document {
            Document::Customer(_) | Document::Heartbeat(_) => vec![],
            Document::Invoice { invoice, .. } => vec![invoice.id.as_str()],
            Document::Payment { customer: CustomerRef::OfInvoice(invoice), payment } => {
                vec![payment.id.as_str(), invoice.as_str()]
            }
            Document::Payment { payment, .. } => {
                let invoices = payment.allocations.iter().map(|part| part.invoice.as_str());
                invoices.chain([payment.id.as_str()]).collect()
            }
            Document::Reversal(reversal) => vec![reversal.payment.as_str()],
            Document::Withdrawn(Withdrawn { object: ObjectId::Invoice(id), .. }) => vec![id.as_str()],
            Document::Withdrawn(Withdrawn { object: ObjectId::Payment(id), .. }) => vec![id.as_str()],
        });
        let objects: BTreeSet<&str> = named.collect();
        let mut wanted: Vec<Key> = objects.iter().map(|object| keys::reference(self.tenant, object)).collect();
        wanted.extend(receipt.clone());
        let rows = self.store.read_many("find who owes", &wanted, true).await?;
        for object in objects {
            let row = rows.get(&keys::reference(self.tenant, object));
            self.references.insert(object.to_owned(), Reference::read(row));
        }
        Ok(receipt.is_some_and(|receipt| rows.contains_key(&receipt)))
    }

    /// What the table says of an object, read once.
    pub(super) async fn reference(&mut self, object: &str) -> Result<Reference> {
        if let Some(known) = self.references.get(object) {
            return Ok(known.clone());
        }
        let row = self.store.read("find who owes", &keys::reference(self.tenant, object), true).await?;
        let reference = Reference::read(row.as_ref());
        self.references.insert(object.to_owned(), reference.clone());
        Ok(reference)
    }

    pub(super) async fn owner(&mut self, object: &str) -> Result<Option<CustomerId>> {
        match self.owners.get(object) {
            Some(owner) => Ok(Some(owner.clone())),
            None => Ok(self.reference(object).await?.known),
        }
    }

    fn profile(&mut self, customer: Customer) {
        let known = self.profiles.get(&customer.id);
        if known.is_none_or(|known| known.source_version <= customer.source_version) {
            self.profiles.insert(customer.id.clone(), customer);
        }
    }

    /// The customer that a document names, or the object that says whose it is.
    fn customer(&mut self, reference: CustomerRef) -> std::result::Result<CustomerId, String> {
        match reference {
            CustomerRef::Full(customer) => {
                let id = customer.id.clone();
                self.profile(*customer);
                Ok(id)
            }
            CustomerRef::Named(id) => {
                self.named.push(id.clone());
                Ok(id)
            }
            CustomerRef::Called { id, external_id } => {
                self.named.push(id.clone());
                self.called.insert(id.clone(), external_id);
                Ok(id)
            }
            CustomerRef::OfInvoice(invoice) => Err(invoice.to_string()),
        }
    }

    pub(super) async fn take(&mut self, document: Document, from: Option<Key>, queue: &mut Queue) -> Result<()> {
        self.done_waiting.extend(from);
        match document {
            Document::Customer(customer) => self.profile(customer),
            Document::Heartbeat(at) => self.heartbeats.push(at),
            Document::Withdrawn(withdrawn) => self.withdraw(withdrawn, queue).await?,
            Document::Invoice { customer, invoice } => {
                let owner = match self.customer(customer) {
                    Ok(owner) => Some(owner),
                    Err(object) => self.owner(&object).await?,
                };
                // An invoice that names itself as the way to its customer cannot wait for itself.
                let owner = owner.ok_or_else(|| Error::Refused {
                    operation: "apply an event of",
                    id: invoice.id.to_string(),
                    why: "the invoice does not say who owes it".into(),
                })?;
                self.invoice(owner, invoice, queue).await?;
            }
            Document::Payment { customer, payment } => {
                let owner = match self.customer(customer) {
                    Ok(owner) => owner,
                    Err(object) => match self.owner(&object).await? {
                        Some(owner) => owner,
                        None => {
                            let (id, version) = (payment.id.to_string(), payment.source_version.sortable());
                            self.wait(&object, &["payment", &id], version, Waiting::Payment(payment));
                            return Ok(());
                        }
                    },
                };
                self.payment(owner, payment, queue).await?;
            }
            Document::Reversal(reversal) => match self.owner(reversal.payment.as_str()).await? {
                Some(owner) => {
                    let key = keys::reversal(self.tenant, &owner, &reversal.payment, &reversal.external_id);
                    if self.reversals.get(&key).is_none_or(|(_, known)| known.source_version < reversal.source_version) {
                        self.reversals.insert(key, (owner, reversal));
                    }
                }
                None => {
                    let object = reversal.payment.to_string();
                    let id = reversal.external_id.clone();
                    self.wait(&object, &["reversal", &id], reversal.source_version.sortable(), Waiting::Reversal(reversal));
                }
            },
        }
        Ok(())
    }

    /// An object of which only its end is known keeps everything else that was said of it. One that was never heard of has nothing
    /// to withdraw.
    async fn withdraw(&mut self, withdrawn: Withdrawn, queue: &mut Queue) -> Result<()> {
        const OP: &str = "withdraw an object of";
        let Withdrawn { object, source_version, why } = withdrawn;
        match object {
            ObjectId::Invoice(id) => {
                let Some(owner) = self.owner(id.as_str()).await? else { return Ok(()) };
                let row = self.store.read(OP, &keys::invoice(self.tenant, &owner, &id), true).await?;
                let held = row.filter(|row| row.contains_key(DOC)).map(|row| json::<Invoice>(&row, DOC)).transpose()?;
                let newest = self.invoices.get(&id).map(|(_, invoice)| invoice.clone()).or(held);
                let status = match why {
                    Why::Deleted => InvoiceStatus::Void,
                    Why::Unreadable => InvoiceStatus::Draft,
                };
                if let Some(invoice) = newest.filter(|invoice| invoice.status != status) {
                    self.invoice(owner, Invoice { status, source_version, ..invoice }, queue).await?;
                }
            }
            ObjectId::Payment(id) => {
                let Some(owner) = self.owner(id.as_str()).await? else { return Ok(()) };
                let row = self.store.read(OP, &keys::payment(self.tenant, &owner, &id), true).await?;
                let held = row.filter(|row| row.contains_key(DOC)).map(|row| json::<Payment>(&row, DOC)).transpose()?;
                let newest = self.payments.get(&id).map(|(_, payment)| payment.clone()).or(held);
                let counts = newest.filter(|payment| payment.status.counts() && why == Why::Deleted);
                if let Some(payment) = counts {
                    let gone = Payment { status: PaymentStatus::Reversed, source_version, ..payment };
                    self.payment(owner, gone, queue).await?;
                }
            }
        }
        Ok(())
    }

    async fn invoice(&mut self, owner: CustomerId, invoice: Invoice, queue: &mut Queue) -> Result<()> {
        if self.invoices.get(&invoice.id).is_some_and(|(_, known)| known.source_version >= invoice.source_version) {
            return Ok(());
        }
        let at = |tenant: &TenantId, customer: &CustomerId| keys::invoice(tenant, customer, &invoice.id);
        let Some(before) = self.comes_to(invoice.id.as_str(), &owner, &invoice.source_version, at, queue).await? else {
            return Ok(());
        };
        if let Before::At(before) = before {
            self.bring_payments(&before, &owner, &invoice.id).await?;
            if let Some(along) = self.along(&before, &invoice.id).await? {
                self.along.insert(invoice.id.clone(), along);
            }
        }
        self.invoices.insert(invoice.id.clone(), (owner, invoice));
        Ok(())
    }

    async fn payment(&mut self, owner: CustomerId, payment: Payment, queue: &mut Queue) -> Result<()> {
        if self.payments.get(&payment.id).is_some_and(|(_, known)| known.source_version >= payment.source_version) {
            return Ok(());
        }
        let at = |tenant: &TenantId, customer: &CustomerId| keys::payment(tenant, customer, &payment.id);
        let Some(before) = self.comes_to(payment.id.as_str(), &owner, &payment.source_version, at, queue).await? else {
            // Where it is now, it may say that the payment was received once.
            if let Some(at) = self.owner(payment.id.as_str()).await? {
                self.payments.insert(payment.id.clone(), (at, payment));
            }
            return Ok(());
        };
        if let Before::At(before) = before {
            self.bring_reversals(&before, &owner, &payment.id).await?;
        }
        self.payments.insert(payment.id.clone(), (owner, payment));
        Ok(())
    }

    /// Notes whose an object is now and brings in what waited for it. `None` when its document is older than what another
    /// customer has of it.
    async fn comes_to(
        &mut self,
        object: &str,
        owner: &CustomerId,
        version: &SourceVersion,
        at: impl Fn(&TenantId, &CustomerId) -> Key,
        queue: &mut Queue,
    ) -> Result<Option<Before>> {
        let reference = self.reference(object).await?;
        let before = reference.known.filter(|before| before != owner);
        if let Some(before) = &before {
            let row = self.store.read("find what moves from", &at(self.tenant, before), true).await?;
            if !newer(row.as_ref(), version) {
                return Ok(None);
            }
            let revision = row.as_ref().and_then(|row| number(row, document::REVISION));
            self.revisions.extend(revision.map(|revision| (object.to_owned(), revision)));
        }
        self.comes(object, owner);
        if reference.waiting.is_some() {
            let pk = keys::reference(self.tenant, object).pk;
            let (from, to) = ("WAIT#", last_of("WAIT#"));
            let rows = self.store.range("find what waits for", Range::new(&pk, from, &to, WAITING_MAX)).await?;
            for row in &rows {
                let key = Key { pk: pk.clone(), sk: text(row, SK).unwrap_or_default().to_owned() };
                if self.done_waiting.contains(&key) || queue.iter().any(|(_, from)| from.as_ref() == Some(&key)) {
                    continue;
                }
                let document = match json::<Waiting>(row, DOC)? {
                    Waiting::Payment(payment) => Document::Payment { customer: CustomerRef::Named(owner.clone()), payment },
                    Waiting::Reversal(reversal) => Document::Reversal(reversal),
                    Waiting::Later(_) => continue,
                    Waiting::Shared(payment) => {
                        self.shares(&payment, None);
                        self.done_waiting.push(key);
                        continue;
                    }
                };
                queue.push_back((document, Some(key)));
            }
        }
        Ok(Some(before.map_or(Before::Nowhere, Before::At)))
    }

    /// Notes whose an object is once this plan is written.
    pub(super) fn comes(&mut self, object: &str, owner: &CustomerId) {
        self.owners.insert(object.to_owned(), owner.clone());
    }

    /// The customer that an object of this plan leaves.
    pub(super) fn leaves(&self, object: &str, owner: &CustomerId) -> Option<&CustomerId> {
        self.references.get(object)?.known.as_ref().filter(|known| *known != owner)
    }

    pub(super) fn wait(&mut self, object: &str, parts: &[&str], version: String, document: Waiting) {
        let key = keys::waiting(self.tenant, object, parts);
        match self.waiting.iter_mut().find(|known| known.key == key) {
            Some(known) if known.version < version => *known = Wait { key, document, version },
            Some(_) => {}
            None => self.waiting.push(Wait { key, document, version }),
        }
    }
}

/// Where an object was before this plan.
enum Before {
    /// At no other customer.
    Nowhere,
    /// At another customer, whom it leaves.
    At(CustomerId),
}
