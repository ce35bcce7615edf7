//! Documents whose time to be kept is over: closed invoices, and payments that are spent, with their history; and years of the past.
//!
//! They are given an end that has passed, and the table deletes them. What is open, or was set aside later, stays. Records stay: they hold
//! ids only, and their chain is whole.

use domain::{CustomerId, Invoice, InvoiceId, Payment, RetentionRule, TenantId};
use jiff::{Timestamp, civil::Date};

use crate::{
    Result, Store,
    table::{
        attributes::{
            document::DOC,
            every::{CHASE, EXPIRES_AT, SK},
            fact,
        },
        change::{Change, some_item},
        db::{Range, Row, json, last_of, n, text},
        keys::{self, Key},
    },
};

/// Documents of one customer that are looked through.
const DOCUMENTS_MAX: usize = 60_000;
/// Documents of one customer that are retired at once; the next turn goes on.
const RETIRED_MAX: usize = 500;

/// The last day that a document is about, where its time can be over: a closed invoice, or a payment that is spent.
fn last_day(sk: &str, row: &Row) -> Result<Option<Date>> {
    if !row.contains_key(DOC) || row.contains_key(CHASE) || row.contains_key(EXPIRES_AT) {
        return Ok(None);
    }
    if sk.starts_with("INV#") {
        let invoice: Invoice = json(row, DOC)?;
        return Ok(row.contains_key(fact::ARCHIVED).then(|| invoice.due_on.max(invoice.issued_on)));
    }
    let payment: Payment = json(row, DOC)?;
    Ok(Some(payment.received_on))
}

/// The invoice, where it has lines, which lie apart.
fn lines_of(sk: &str, row: &Row) -> Option<InvoiceId> {
    let id = sk.strip_prefix("INV#").filter(|_| row.contains_key(fact::LINES))?;
    InvoiceId::parse(id)
}

impl Store {
    /// Lets the table delete the documents of a customer that are no longer to be kept on `today`; how many.
    ///
    /// # Errors
    ///
    /// Those of reading and writing.
    pub async fn retire(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        rule: &RetentionRule,
        today: Date,
        now: Timestamp,
    ) -> Result<u64> {
        const OP: &str = "retire documents of";
        let pk = keys::customer(tenant, customer);
        let mut over = Vec::new();
        for kind in ["INV#", "PAY#"] {
            for row in self.range(OP, Range::new(&pk, kind, &last_of(kind), DOCUMENTS_MAX)).await? {
                let Some(sk) = text(&row, SK) else { continue };
                if last_day(sk, &row)?.is_some_and(|day| rule.kept_until(day) < today) {
                    over.push((sk.to_owned(), lines_of(sk, &row)));
                }
            }
        }
        for row in self.range(OP, Range::new(&pk, keys::PAST, &last_of(keys::PAST), DOCUMENTS_MAX)).await? {
            let Some(sk) = text(&row, SK).filter(|_| !row.contains_key(EXPIRES_AT)) else { continue };
            if keys::last_day_of_past(sk).is_some_and(|day| rule.kept_until(day) < today) {
                over.push((sk.to_owned(), None));
            }
        }
        over.truncate(RETIRED_MAX);
        let ends = n(now.as_second());
        for (sk, lines) in &over {
            if let Some(invoice) = lines {
                let key = keys::billed_lines(tenant, invoice);
                self.write(OP, Change::of(key).put(EXPIRES_AT, ends.clone()).when(some_item()), false).await?;
            }
            let (of_versions, from) = (keys::versions(&pk), format!("{}{sk}#", keys::VERSION));
            for row in self.range(OP, Range::new(&of_versions, &from, &last_of(&from), DOCUMENTS_MAX)).await? {
                let Some(version) = text(&row, SK) else { continue };
                let key = Key { pk: of_versions.clone(), sk: version.to_owned() };
                self.write(OP, Change::of(key).put(EXPIRES_AT, ends.clone()).when(some_item()), false).await?;
            }
            // The document last: a turn that breaks off finds it again.
            let key = Key { pk: pk.clone(), sk: sk.clone() };
            self.write(OP, Change::of(key).put(EXPIRES_AT, ends.clone()).when(some_item()), false).await?;
        }
        Ok(u64::try_from(over.len()).unwrap_or(u64::MAX))
    }
}
