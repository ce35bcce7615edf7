//! Customers that changed since their figures were set: `read-model` notes them as the stream tells of changes, and `report` forgets them once
//! their figures are set anew.

use std::collections::BTreeMap;

use domain::{CustomerId, TenantId};

use crate::{
    Followed, Result, Store,
    table::{
        attributes::{
            document::DOC,
            every::{PK, SK},
        },
        change::{Change, is},
        db::{Range, Row, failed, last_of, s, text},
        keys,
    },
};

/// What sort keys of what figures are made from begin with, up to the first `#`. Of a profile its fields, agreements among them; a customer's
/// head says nothing that these do not. Of records nothing is noted, so that a message costs no write more: at midnight `report` looks
/// whom the messages of the day were for.
const COUNTED: [&str; 7] = ["INV", "PAY", "REV", "SHARED", "REPLY", "OWNER", "PROFILE"];

impl Store {
    /// The customers whose figures may be others by changes that the stream tells, each with the first record, by its position, that says so.
    pub fn counted_anew(changes: &[Followed]) -> Vec<(usize, TenantId, CustomerId)> {
        let mut all: BTreeMap<(TenantId, CustomerId), usize> = BTreeMap::new();
        for (at, change) in changes.iter().enumerate() {
            let image = change.new.clone().or_else(|| change.old.clone()).map(Row::from);
            let Some((pk, sk)) = image.as_ref().and_then(|row| Some((text(row, PK)?, text(row, SK)?))) else { continue };
            let is_counted = COUNTED.contains(&sk.split_once('#').map_or(sk, |(kind, _)| kind));
            // Work and orders lie beside the profile, and count nowhere.
            let is_beside = sk.starts_with(keys::OPEN_WORK) || sk.starts_with(keys::ORDERS) || sk.starts_with(keys::CHARGES);
            if let Some(whose) = keys::parse_customer(pk).filter(|_| is_counted && !is_beside) {
                all.entry(whose).or_insert(at);
            }
        }
        all.into_iter().map(|((tenant, customer), at)| (at, tenant, customer)).collect()
    }

    /// Notes that a customer changed. `by` names the change: its place in the stream.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn note_changed(&self, tenant: &TenantId, customer: &CustomerId, by: &str) -> Result<()> {
        let change = Change::of(keys::changed_customer(tenant, customer)).put(DOC, s(by));
        self.write("note a change of", change, false).await.map(|_| ())
    }

    /// Customers that changed, at most `most`, each with what names its last change.
    ///
    /// # Errors
    ///
    /// Those of reading.
    pub async fn changed_customers(&self, tenant: &TenantId, most: usize) -> Result<Vec<(CustomerId, String)>> {
        let pk = keys::changed(tenant);
        let rows = self.range("read who changed of", Range::new(&pk, keys::CHANGED, &last_of(keys::CHANGED), most)).await?;
        let one = |row: &Row| Some((keys::parse_changed(text(row, SK)?)?, text(row, DOC).unwrap_or_default().to_owned()));
        Ok(rows.iter().filter_map(one).collect())
    }

    /// Forgets that a customer changed, unless it changed again since.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub async fn forget_changed(&self, tenant: &TenantId, customer: &CustomerId, by: &str) -> Result<()> {
        let condition = Change::of(keys::changed_customer(tenant, customer)).when(is(DOC, s(by)));
        let out = self
            .db
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(condition.key.attributes()))
            .set_condition_expression(condition.condition())
            .set_expression_attribute_names(condition.names())
            .set_expression_attribute_values(condition.values())
            .send()
            .await;
        match out {
            Err(error) if !error.as_service_error().is_some_and(|e| e.is_conditional_check_failed_exception()) => {
                Err(failed("forget a change of", customer.as_str(), error))
            }
            Ok(_) | Err(_) => Ok(()),
        }
    }
}
