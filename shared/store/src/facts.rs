//! Reads everything that a decision about one customer is made from, strongly consistent.
//!
//! The reads, for a customer with few open invoices: heartbeats, the base range (holds and profile), the `chase` index,
//! records since `covered_from`, and one batch for the addresses of its contacts.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    AddressFact, Channel, Covered, Customer, Facts, Hold, Invoice, InvoiceFact, InvoiceId, Payment, PaymentFact, Reversal,
    SourceVersion, TenantId, address_key,
};
use jiff::Timestamp;

use crate::{
    Error, Head, Result, Store,
    db::{Range, Row, json, last_of, number, text},
    head::unpack,
    keys,
    record::RecordItem,
};

/// Most items of one kind that a customer's facts are read from; far beyond the documented limits.
const FACTS_MAX: usize = 60_000;
/// Every channel with an address that can be suppressed.
const ADDRESSED: [Channel; 4] = [Channel::Email, Channel::Sms, Channel::Voice, Channel::Whatsapp];

pub(crate) fn invoice_of(row: &Row, archived: bool) -> Result<InvoiceFact> {
    let folded = if row.contains_key("folded") { json(row, "folded")? } else { vec![] };
    Ok(InvoiceFact { invoice: json::<Invoice>(row, "doc")?, folded, archived })
}

fn payment_of(row: &Row) -> Result<PaymentFact> {
    let at = number(row, "seen_at").and_then(|millis| Timestamp::from_millisecond(millis).ok());
    Ok(PaymentFact { payment: json::<Payment>(row, "doc")?, recorded_at: at.unwrap_or(Timestamp::UNIX_EPOCH) })
}

impl Store {
    /// The facts that belong to `head`. They are at least as new; what is committed after the head was read makes the write
    /// that depends on its version fail.
    ///
    /// `addresses` holds, for each contact and channel, the suppression under [`address_key`], and the person's contact days
    /// under [`domain::Contact::person`]; what is not there is neither suppressed nor was it contacted.
    ///
    /// # Errors
    ///
    /// Those of reading, and [`Error::Corrupt`].
    pub async fn facts(&self, tenant: &TenantId, head: &Head) -> Result<Facts> {
        const OP: &str = "read the facts of";
        let pk = keys::customer(tenant, &head.customer);
        let base = self.range(OP, Range::new(&pk, "HOLD#", "PROFILE", FACTS_MAX));
        let chased = self.range(OP, Range { chase: true, ..Range::new(&pk, "I#", "Z", FACTS_MAX) });
        let (records_from, records_to) = (format!("COV#{:010}", head.covered_from), last_of("COV#"));
        let records = self.range(OP, Range::new(&pk, &records_from, &records_to, FACTS_MAX));
        let home = keys::tenant(tenant);
        let heard_to = last_of("HEARD#");
        let heard = self.range(OP, Range::new(&home, "HEARD#", &heard_to, 1_000));
        let (base, chased, records, heard) = tokio::try_join!(base, chased, records, heard)?;

        let mut customer: Option<Customer> = None;
        let mut holds: Vec<Hold> = Vec::new();
        for row in &base {
            match text(row, "sk") {
                Some("PROFILE") => customer = Some(json(row, "doc")?),
                Some(sk) if sk.starts_with("HOLD#") => holds.push(json(row, "doc")?),
                // Invoices and payments lie between the two and are read by the index.
                _ => {}
            }
        }
        let customer =
            customer.ok_or_else(|| Error::Corrupt { key: format!("{pk}|PROFILE"), detail: "the head has no profile".into() })?;
        let (mut invoices, mut payments, mut reversals) = (Vec::new(), Vec::new(), Vec::<Reversal>::new());
        for row in &chased {
            match text(row, "chase").and_then(|key| key.get(..2)) {
                Some("I#") => invoices.push(invoice_of(row, false)?),
                Some("P#") => payments.push(payment_of(row)?),
                Some("R#") => reversals.push(json(row, "doc")?),
                _ => {}
            }
        }
        invoices.extend(self.archived(tenant, head, &invoices, &payments).await?);
        let mut coverage = Vec::new();
        for row in &records {
            let record: RecordItem = crate::record::read(row)?;
            if let Some(each) = self.coverage(tenant, &head.customer, record).await? {
                coverage.extend(each);
            }
        }
        let mut pending = Vec::new();
        for entry in head.pending.values() {
            let mut message = entry.message.clone();
            if entry.chunks > 0 && message.rows.is_empty() {
                message.rows = self.rows(tenant, &head.customer, message.id.as_str(), true).await?;
            }
            pending.push(message);
        }
        let addresses = self.addresses(tenant, &customer).await?;
        let heard = heard
            .iter()
            .filter_map(|row| {
                let source = text(row, "sk")?.strip_prefix("HEARD#")?.to_owned();
                Some((source, Timestamp::from_millisecond(number(row, "heard_at")?).ok()?))
            })
            .collect();
        Ok(Facts {
            tenant: tenant.clone(),
            version: head.version,
            decision: head.decision,
            customer,
            invoices,
            payments,
            reversals,
            holds,
            cases: head.cases.clone(),
            coverage,
            pending,
            last_contact: head.last_contact,
            addresses,
            heard,
            replied_at: head.replied_at,
        })
    }

    /// Invoices that payments refer to and that are not among the chased.
    async fn archived(
        &self,
        tenant: &TenantId,
        head: &Head,
        chased: &[InvoiceFact],
        payments: &[PaymentFact],
    ) -> Result<Vec<InvoiceFact>> {
        let here: BTreeSet<&InvoiceId> = chased.iter().map(|fact| &fact.invoice.id).collect();
        let missing: BTreeSet<&InvoiceId> = payments
            .iter()
            .flat_map(|fact| fact.payment.allocations.iter().map(|allocation| &allocation.invoice))
            .filter(|id| !here.contains(id))
            .collect();
        let wanted: Vec<_> = missing.into_iter().map(|id| keys::invoice(tenant, &head.customer, id)).collect();
        let found = self.read_many("read archived invoices of", &wanted, true).await?;
        // A draft has no index entry either; it is not archived.
        found.values().filter(|row| text(row, "doc").is_some()).map(|row| invoice_of(row, row.contains_key("archived"))).collect()
    }

    /// What is known of the addresses of a customer's contacts now; see [`Store::facts`] for the keys.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn addresses(&self, tenant: &TenantId, customer: &Customer) -> Result<BTreeMap<String, AddressFact>> {
        let mut names = BTreeSet::new();
        for contact in &customer.contacts {
            names.extend(contact.person());
            for channel in ADDRESSED {
                names.extend(contact.address(channel).map(|address| address_key(channel, address)));
            }
        }
        let by_key: BTreeMap<_, _> = names.into_iter().map(|name| (keys::address(tenant, &name), name)).collect();
        let wanted: Vec<_> = by_key.keys().cloned().collect();
        let found = self.read_many("read addresses of", &wanted, true).await?;
        found
            .iter()
            .filter_map(|(key, row)| by_key.get(key).map(|name| (name, row)))
            .map(|(name, row)| Ok((name.clone(), json(row, "doc")?)))
            .collect()
    }

    /// The rows that are kept in chunks for a message or a decision's marks.
    pub(crate) async fn rows(
        &self,
        tenant: &TenantId,
        customer: &domain::CustomerId,
        owner: &str,
        strong: bool,
    ) -> Result<Vec<Covered>> {
        let pk = keys::customer(tenant, customer);
        let from = keys::rows_prefix(owner);
        let to = last_of(&from);
        let found = self.range("read the rows of", Range { strong, ..Range::new(&pk, &from, &to, 1_000) }).await?;
        let mut rows = Vec::new();
        for row in &found {
            rows.extend(unpack(text(row, "r").unwrap_or_default(), text(row, "sk").unwrap_or_default())?);
        }
        rows.sort();
        Ok(rows)
    }
}

/// The versions of the covered invoices as `facts` have them, for a record; at most 20.
pub fn fact_versions(facts: &Facts, rows: &[Covered]) -> Vec<(InvoiceId, SourceVersion)> {
    let covered: BTreeSet<&InvoiceId> = rows.iter().map(|row| &row.item.invoice).collect();
    facts
        .invoices
        .iter()
        .filter(|fact| covered.contains(&fact.invoice.id))
        .map(|fact| (fact.invoice.id.clone(), fact.invoice.source_version))
        .take(20)
        .collect()
}
