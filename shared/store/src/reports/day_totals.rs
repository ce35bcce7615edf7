//! Totals of a day, by kind of group and shard of customers. Each is set whole; readers put the shards together.

use std::collections::{BTreeMap, BTreeSet};

use compact_str::CompactString;
use domain::TenantId;
use figures::{GroupBy, Groups, Totals};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use crate::{
    Result, Store,
    table::{
        attributes::{
            document::DOC,
            every::{EXPIRES_AT, SK},
        },
        change::Change,
        db::{Range, json, last_of, n, s, text, to_json},
        keys::{self, Key},
    },
};

/// Days for which totals are kept: three years.
const DAYS_KEPT: i64 = 3 * 366;
/// Most rows of totals of a day and kind of group.
const TOTALS_MAX: usize = 20_000;
/// From how many bytes on totals are kept in several rows: an item has 400 KB at most.
const BYTES_MAX: usize = 250_000;

/// A row.
#[derive(Serialize, Deserialize)]
struct TotalsRow {
    /// The group, empty for what is of none.
    #[serde(default)]
    group: CompactString,
    /// Its totals, or a part of them: the parts add up to the whole.
    totals: Totals,
}

/// Totals in parts that each fit an item: what is owed, and what was done to reach people in each month.
fn parts(totals: &Totals) -> Vec<Totals> {
    if to_json(totals).len() <= BYTES_MAX {
        return vec![totals.clone()];
    }
    let mut first = totals.clone();
    let contacts = std::mem::take(&mut first.contacts);
    let months = contacts
        .into_iter()
        .map(|(month, contacts)| Totals { contacts: [(month, contacts)].into(), ..Totals::none(totals.as_of) });
    std::iter::once(first).chain(months).collect()
}

impl Store {
    /// Sets what a shard's customers come to on a day, by one kind of group. Groups that are no more go.
    ///
    /// # Errors
    ///
    /// Those of reading and writing.
    pub async fn put_totals(&self, tenant: &TenantId, shard: u8, groups: &Groups, now: Timestamp) -> Result<()> {
        const OP: &str = "keep the totals of";
        let (pk, from) = (keys::totals(tenant, groups.as_of), keys::totals_of_shard(groups.by.as_str(), shard));
        let known = self.range(OP, Range::new(&pk, &from, &last_of(&from), TOTALS_MAX)).await?;
        let known: BTreeMap<String, String> = known
            .iter()
            .filter_map(|row| Some((text(row, SK)?.to_owned(), text(row, DOC).unwrap_or_default().to_owned())))
            .collect();
        let expires_at = now.as_second().saturating_add(DAYS_KEPT * 86_400);
        let mut written = BTreeSet::new();
        for (group, totals) in &groups.all {
            for (at, part) in parts(totals).into_iter().enumerate() {
                let key = keys::totals_of(tenant, groups.as_of, (groups.by.as_str(), shard), group, at);
                let doc = to_json(&TotalsRow { group: group.clone(), totals: part });
                if known.get(&key.sk) != Some(&doc) {
                    let change = Change::of(key.clone()).put(DOC, s(doc)).put(EXPIRES_AT, n(expires_at));
                    self.write(OP, change, false).await?;
                }
                written.insert(key.sk);
            }
        }
        for sk in known.into_keys().filter(|sk| !written.contains(sk)) {
            self.drop_item(OP, &Key { pk: pk.clone(), sk }).await?;
        }
        Ok(())
    }

    /// What all customers come to on a day, by one kind of group: the shards put together. Of a day of which nothing is kept there are no groups.
    ///
    /// # Errors
    ///
    /// Those of reading, and [`crate::Error::Corrupt`].
    pub async fn totals(&self, tenant: &TenantId, day: Date, by: GroupBy) -> Result<Groups> {
        let (pk, from) = (keys::totals(tenant, day), keys::totals_by(by.as_str()));
        let to = last_of(&from);
        let range = Range { strong: false, ..Range::new(&pk, &from, &to, TOTALS_MAX) };
        let mut groups = Groups::none(by, day);
        for row in self.range("read the totals of", range).await? {
            let TotalsRow { group, totals } = json(&row, DOC)?;
            groups.all.entry(group).or_insert_with(|| Totals::none(day)).merge(&totals);
        }
        Ok(groups)
    }
}

#[cfg(test)]
mod tests {
    use figures::{ContactFlow, Month};
    use jiff::civil::date;

    use super::*;

    #[test]
    fn totals_that_are_too_large_are_kept_in_parts_that_add_up() {
        let as_of = date(2026, 3, 31);
        let mut totals = Totals { customers: 7, ..Totals::none(as_of) };
        for back in 0..13 {
            let mut flow = ContactFlow { touches: 5, ..ContactFlow::default() };
            for step in 0..400 {
                let part = format!("step:a-workflow-with-a-name/{step:04}").try_into().expect("a part");
                flow.responses_by.insert(part, figures::contact_flow::ResponseTally { touches: 1, ..Default::default() });
            }
            totals.contacts.insert(Month::of(as_of).plus(-back), flow);
        }
        let parts = parts(&totals);
        assert_eq!(parts.len(), 14);
        assert!(parts.iter().all(|part| to_json(part).len() < BYTES_MAX));
        let mut sum = Totals::none(as_of);
        parts.iter().for_each(|part| sum.merge(part));
        assert_eq!(sum, totals);
        assert_eq!(super::parts(&Totals::none(as_of)), [Totals::none(as_of)]);
    }
}
