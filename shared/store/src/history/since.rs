//! Since when the books of a customer are as they are: what versions of invoices and payments say of it, without anything that is sealed in them.

use std::collections::{BTreeMap, BTreeSet};

use domain::{CustomerId, InvoiceId, PaymentId, Reversal, TenantId};
use jiff::Timestamp;
use serde_json::Value;

use super::as_of::Version;
use crate::{
    Result, Store,
    table::{
        attributes::{document::DOC, shared},
        db::{Row, json},
        keys,
    },
};

/// What is asked of history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum BooksOf {
    /// Since when invoices stand as they do, and what their documents say was paid.
    Invoices,
    /// Since when payments are taken back.
    Payments,
    /// Since when refunds and chargebacks of them are in force.
    Reversals,
    /// The same of other customers' payments.
    Shared,
}

impl BooksOf {
    const fn begins(self) -> &'static str {
        match self {
            Self::Invoices => "INV#",
            Self::Payments => "PAY#",
            Self::Reversals => "REV#",
            Self::Shared => keys::SHARED,
        }
    }
}

/// The versions of a customer's books, by the sort keys of the facts, oldest first.
#[derive(Debug, Default)]
pub(crate) struct BooksSince(BTreeMap<String, Vec<(Timestamp, Row)>>);

impl BooksSince {
    fn with(mut self, versions: Vec<Version>) -> Self {
        for version in versions {
            self.0.entry(version.sk).or_default().push((version.at, version.row));
        }
        self
    }

    /// Since when a fact says what it says now.
    fn since(&self, sk: &str, says: impl Fn(&Row) -> Option<Value>) -> Option<Timestamp> {
        let versions = self.0.get(sk)?;
        let now = versions.last().and_then(|(_, row)| says(row))?;
        let mut since = None;
        for (at, row) in versions {
            since = if says(row).as_ref() == Some(&now) { since.or(Some(*at)) } else { None };
        }
        since
    }

    /// Since when an invoice stands as it does.
    pub(crate) fn standing(&self, invoice: &InvoiceId) -> Option<Timestamp> {
        self.since(&format!("INV#{invoice}"), |row| field(row, "status"))
    }

    /// Since when its document says what it does of what was paid and credited.
    pub(crate) fn stated(&self, invoice: &InvoiceId) -> Option<Timestamp> {
        let says = |row: &Row| {
            let doc = doc_of(row)?;
            Some(Value::from(vec![doc.get("paid_minor").cloned(), doc.get("credited_minor").cloned()]))
        };
        self.since(&format!("INV#{invoice}"), says)
    }

    /// Since when a payment's own document says that it was taken back.
    pub(crate) fn taken_back(&self, payment: &PaymentId) -> Option<Timestamp> {
        let status = |row: &Row| field(row, "status");
        let own = self.since(&format!("PAY#{payment}"), status);
        own.or_else(|| self.since(&format!("{}{payment}", keys::SHARED), status))
    }

    /// Since when a refund or chargeback is in force.
    pub(crate) fn reversed(&self, tenant: &TenantId, customer: &CustomerId, reversal: &Reversal) -> Option<Timestamp> {
        let own = keys::reversal(tenant, customer, &reversal.payment, &reversal.external_id).sk;
        let in_shared = |row: &Row| {
            let all: Vec<Value> = json(row, shared::REVERSALS).ok()?;
            let one = all.into_iter().find(|one| one["external_id"] == reversal.external_id.as_str());
            Some(one.map_or(Value::Null, |one| one["in_force"].clone()))
        };
        let own = self.since(&own, |row| field(row, "in_force"));
        own.or_else(|| self.since(&format!("{}{}", keys::SHARED, reversal.payment), in_shared))
    }
}

fn doc_of(row: &Row) -> Option<Value> {
    json(row, DOC).ok()
}

fn field(row: &Row, name: &str) -> Option<Value> {
    doc_of(row)?.get(name).cloned()
}

impl Store {
    /// The versions of a customer's books, of the kinds that are asked for.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub(crate) async fn books_since(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        wanted: &BTreeSet<BooksOf>,
    ) -> Result<BooksSince> {
        let pk = keys::customer(tenant, customer);
        let mut books = BooksSince::default();
        for of in wanted {
            books = books.with(self.versions(&pk, of.begins()).await?);
        }
        Ok(books)
    }

    /// When anything was first known of a tenant: when its first settings were kept. `None` while none are.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn known_since(&self, tenant: &TenantId) -> Result<Option<Timestamp>> {
        let settings = self.versions(&keys::tenant(tenant), "SETTINGS").await?;
        Ok(settings.iter().map(|version| version.at).min())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::table::db::{row_of, s};

    fn known(all: &[(&str, i64, Value)]) -> BooksSince {
        let mut books = BooksSince::default();
        for (sk, at, doc) in all {
            let at = Timestamp::from_second(*at).expect("an instant");
            books.0.entry((*sk).to_owned()).or_default().push((at, row_of([(DOC, s(doc.to_string()))])));
        }
        books
    }

    #[test]
    fn what_is_so_again_is_so_since_the_last_time() {
        let invoice = InvoiceId::derive(&["acme", "test", "i-1"]);
        let sk = format!("INV#{invoice}");
        let says = |status: &str, paid: i64| json!({ "status": status, "paid_minor": paid, "credited_minor": 0 });
        let books = known(&[
            (&sk, 10, says("written_off", 0)),
            (&sk, 20, says("open", 0)),
            (&sk, 30, says("written_off", 5)),
            (&sk, 40, says("written_off", 5)),
            (&sk, 50, says("written_off", 7)),
        ]);
        let second = |at: Option<Timestamp>| at.map(Timestamp::as_second);
        assert_eq!(second(books.standing(&invoice)), Some(30));
        assert_eq!(second(books.stated(&invoice)), Some(50));
        assert_eq!(books.standing(&InvoiceId::derive(&["acme", "test", "i-2"])), None);
    }

    #[test]
    fn a_reversal_of_anothers_payment_is_in_what_is_shared() {
        let (tenant, customer) = (TenantId::parse("acme").expect("a tenant"), CustomerId::derive(&["acme", "test", "c"]));
        let reversal: Reversal = serde_json::from_value(json!({
            "external_id": "r-1", "source_version": 1, "payment": PaymentId::derive(&["acme", "test", "p-1"]),
            "amount_minor": 5, "currency": "EUR", "in_force": true, "kind": "refund",
        }))
        .expect("a reversal");
        let sk = format!("{}{}", keys::SHARED, reversal.payment);
        let mut books = BooksSince::default();
        for (at, all) in [(10, json!([])), (20, json!([{ "external_id": "r-1", "in_force": true }]))] {
            let row = row_of([(DOC, s("{}")), (shared::REVERSALS, s(all.to_string()))]);
            books.0.entry(sk.clone()).or_default().push((Timestamp::from_second(at).expect("an instant"), row));
        }
        let since = books.reversed(&tenant, &customer, &reversal).map(Timestamp::as_second);
        assert_eq!(since, Some(20));
    }
}
