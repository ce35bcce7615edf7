//! What is heard of a message after its marks were folded into the items that it covers.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::{Agreement, Charge, Coverage, CustomerId, ItemOf, MessageId, Outcome, TenantId};
use jiff::Timestamp;

use crate::{
    Result, Store,
    customer::agreements::written,
    message::record::RecordItem,
    table::{
        attributes::{document::DOC, fact},
        change::{Change, is},
        db::{Row, json, s, text, to_json},
        keys,
    },
};

/// Most items into which one message's marks are folded that one transaction changes; the oldest ids first.
const ITEMS_MAX: usize = 90;

/// What is to be told of a message: what its steps came to, and whether it arrived.
type CameTo = (Outcome, bool);

/// The marks with what came of a message; `None` where they say so already, or do not name it.
fn told(marks: &[Coverage], message: &MessageId, (outcome, arrived): CameTo) -> Option<Vec<Coverage>> {
    let is_news = |mark: &Coverage| mark.outcome != outcome || (arrived && mark.receipt_by.is_some());
    let of_it = |mark: &Coverage| mark.message.as_ref() == Some(message) && is_news(mark);
    let told = |mark: &Coverage| {
        if of_it(mark) {
            Coverage { outcome, receipt_by: mark.receipt_by.filter(|_| !arrived), ..mark.clone() }
        } else {
            mark.clone()
        }
    };
    marks.iter().any(of_it).then(|| marks.iter().map(told).collect())
}

impl Store {
    /// The writes by which the customer's invoices, plans and charges say what came of a message, as far as its marks are folded into
    /// them. Each holds for the item as it was read.
    pub(crate) async fn tell_folded(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        record: &RecordItem,
        outcome: CameTo,
        now: Timestamp,
    ) -> Result<Vec<TransactWriteItem>> {
        let Some(message) = record.body.message.as_ref().map(|message| message.id.clone()) else { return Ok(vec![]) };
        let coverage = self.coverage(tenant, customer, record.clone()).await?.unwrap_or_default();
        let covered: BTreeSet<&ItemOf> = coverage.iter().flat_map(|mark| &mark.rows).map(|row| &row.item.of).collect();
        let key = |of: &ItemOf| match of {
            ItemOf::Invoice(id) => keys::invoice(tenant, customer, id),
            ItemOf::Plan(id) => keys::agreement(tenant, customer, id),
            ItemOf::Charge(id) => keys::charge(tenant, customer, id),
        };
        let wanted: Vec<_> = covered.iter().take(ITEMS_MAX).map(|of| key(of)).collect();
        let found = self.read_many("tell what came of a message of", &wanted, true).await?;
        let mut changes = Vec::new();
        for (of, key) in covered.iter().zip(&wanted) {
            let Some(row) = found.get(key) else { continue };
            let change = match of {
                ItemOf::Invoice(_) => of_invoice(row, key, &message, outcome)?,
                ItemOf::Plan(_) => {
                    let plan: Agreement = json(row, DOC)?;
                    let folded = told(&plan.folded, &message, outcome);
                    folded.map(|folded| written(key.clone(), &Agreement { folded, ..plan }, now).when(as_read(row)))
                }
                ItemOf::Charge(_) => {
                    let charge: Charge = json(row, DOC)?;
                    let folded = told(&charge.folded, &message, outcome);
                    folded.map(|folded| written(key.clone(), &Charge { folded, ..charge }, now).when(as_read(row)))
                }
            };
            changes.extend(change.map(|change| change.update(self)));
        }
        Ok(changes)
    }
}

fn as_read(row: &Row) -> crate::table::change::When {
    is(DOC, s(text(row, DOC).unwrap_or_default()))
}

fn of_invoice(row: &Row, key: &keys::Key, message: &MessageId, outcome: CameTo) -> Result<Option<Change>> {
    let Some(known) = text(row, fact::FOLDED) else { return Ok(None) };
    let marks: Vec<Coverage> = json(row, fact::FOLDED)?;
    let told = told(&marks, message, outcome);
    Ok(told.map(|told| Change::of(key.clone()).put(fact::FOLDED, s(to_json(&told))).when(is(fact::FOLDED, s(known)))))
}
