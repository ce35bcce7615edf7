//! What a customer's own page is made from: no more of its items than the page shows, read as of moments ago. Nothing is decided by it.
//!
//! Who is written to, and whether they may be, is not read: a page asks neither.

use domain::{CustomerId, Facts, InvoiceId, LinkId, TenantId};
use jiff::Timestamp;

use crate::{
    FoundLink, Head, LinkStanding, Result, Store, TenantRow,
    customer::{facts::Beside, head::read_head},
    message::record,
    table::{
        attributes::document::DOC,
        db::{Range, Row, last_of},
        keys,
    },
    tenant::tenants::read_row,
};

/// Most items of one customer that are read to show all that is open.
const ITEMS_MAX: usize = 60_000;
/// Most payments, credit notes and reversals that are read beside a page of invoices; with more of them the whole is read.
const PAYMENTS_MAX: usize = 100;
/// Most records of messages that are looked through for one invoice.
const RECORDS_MAX: usize = 12;

/// What is known of the link that somebody came by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CameBy {
    /// It is good.
    Good(Box<FoundLink>),
    /// Its time is over, or another one took its place since: what is known of the link of its address now, which may be sent there.
    Expired(Box<FoundLink>),
    /// A person made it void.
    Gone,
    /// Nobody was given it.
    Unknown,
}

/// Why a link is no good: a person made it void, it or the one that took its place, or its time is over.
fn no_good(found: FoundLink, id: &LinkId) -> CameBy {
    if found.link.revoked_at.is_some() || found.link.revoked_earlier.contains(id) {
        return CameBy::Gone;
    }
    CameBy::Expired(Box::new(found))
}

impl Store {
    /// What is known of the link of a code, by its id. One that is no good costs one read unit at most, whoever asks how often; one that
    /// looks good is read again as it is now, so that revoking it acts at once.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn came_by(&self, id: &LinkId, now: Timestamp) -> Result<CameBy> {
        let is_good = |found: &FoundLink| found.link.id == *id && found.link.standing(now) == LinkStanding::Good;
        let Some(lately) = self.link_lately(id).await? else { return Ok(CameBy::Unknown) };
        if !is_good(&lately) {
            return Ok(no_good(lately, id));
        }
        let link = self.link_of(&lately.tenant, &lately.customer, &lately.link.address).await?;
        Ok(match link.map(|link| FoundLink { link, ..lately }) {
            None => CameBy::Unknown,
            Some(found) if is_good(&found) => CameBy::Good(Box::new(found)),
            Some(found) => no_good(found, id),
        })
    }

    /// A tenant's registry row and the head of one of its customers, as they are now, in one call; `None` where one of them is not there.
    ///
    /// # Errors
    ///
    /// Those of reading, and [`crate::Error::Corrupt`].
    pub async fn tenant_and_head(&self, tenant: &TenantId, customer: &CustomerId) -> Result<Option<(TenantRow, Head)>> {
        let (registry, head) = (keys::registry(tenant), keys::head(tenant, customer));
        let mut found = self.read_many("read whose page it is:", &[registry.clone(), head.clone()], true).await?;
        let (Some(registry), Some(head)) = (found.remove(&registry), found.remove(&head)) else { return Ok(None) };
        Ok(Some((read_row(&registry)?, read_head(head)?)))
    }

    /// The facts that belong to `head` with every invoice that is open: by size, half a unit for each 4 KB.
    ///
    /// # Errors
    ///
    /// Those of [`Store::facts`].
    pub async fn facts_to_show(&self, tenant: &TenantId, head: &Head) -> Result<Facts> {
        let rows = self.shown(tenant, head, (keys::beside_profile(""), last_of("Z")), ITEMS_MAX).await?;
        Ok(self.facts_of_rows(tenant, head, (rows, vec![]), Beside::FiledWith).await?.facts)
    }

    /// The facts that belong to `head` without its invoices: the customer, its agreements and charges, and the payments, credit notes and
    /// reversals that touch something open. `None` where those are too many to be read beside a page.
    ///
    /// # Errors
    ///
    /// Those of [`Store::facts`].
    pub async fn facts_beside_invoices(&self, tenant: &TenantId, head: &Head) -> Result<Option<Facts>> {
        let (mut rows, payments) = self.beside_invoices(tenant, head, PAYMENTS_MAX + 1).await?;
        if payments.len() > PAYMENTS_MAX {
            return Ok(None);
        }
        rows.extend(payments);
        Ok(Some(self.facts_of_rows(tenant, head, (rows, vec![]), Beside::FiledWith).await?.facts))
    }

    /// The same with one invoice, closed ones too, and what the last messages did to it. `None` where the customer has no such invoice.
    ///
    /// Rows of a message about more than 20 due items are items of their own and are not read: such a message is among the marks of the
    /// invoice once a decision has folded it into the invoice's own item.
    ///
    /// # Errors
    ///
    /// Those of [`Store::facts`].
    pub async fn facts_of_invoice(&self, tenant: &TenantId, head: &Head, invoice: &InvoiceId) -> Result<Option<Facts>> {
        const OP: &str = "read an invoice to show of";
        let key = keys::invoice(tenant, &head.customer, invoice);
        // An item without a document was moved to another customer.
        let Some(item) = self.read(OP, &key, false).await?.filter(|row| row.contains_key(DOC)) else { return Ok(None) };
        let (mut rows, payments) = self.beside_invoices(tenant, head, ITEMS_MAX).await?;
        rows.extend(payments);
        rows.push(item);
        let pk = keys::customer(tenant, &head.customer);
        let (from, to) = (format!("{}{:010}", keys::COVERAGE, head.covered_from), last_of(keys::COVERAGE));
        let records = Range { strong: false, newest_first: true, ..Range::new(&pk, &from, &to, RECORDS_MAX) };
        let mut records = self.range(OP, records).await?;
        records.retain(|row| !record::read(row).is_ok_and(|record| record.body.chunks > 0));
        let mut facts = self.facts_of_rows(tenant, head, (rows, records), Beside::FiledWith).await?.facts;
        facts.invoices.retain(|fact| fact.invoice.id == *invoice);
        Ok(Some(facts))
    }

    /// What is chased of a customer but its invoices, and of that by itself, at most `most`, what was paid.
    async fn beside_invoices(&self, tenant: &TenantId, head: &Head, most: usize) -> Result<(Vec<Row>, Vec<Row>)> {
        let beside = self.shown(tenant, head, (keys::beside_profile(""), last_of("A")), ITEMS_MAX);
        let payments = self.shown(tenant, head, ("P#".to_owned(), last_of("Z")), most);
        tokio::try_join!(beside, payments)
    }

    /// Items of a customer in the index `chase`, as of moments ago.
    async fn shown(&self, tenant: &TenantId, head: &Head, (from, to): (String, String), most: usize) -> Result<Vec<Row>> {
        let pk = keys::customer(tenant, &head.customer);
        let range = Range { chase: true, strong: false, ..Range::new(&pk, &from, &to, most) };
        self.range("read what is shown of", range).await
    }
}
