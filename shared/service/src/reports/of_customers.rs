//! Reports by customer: a page of customers, each with the figures that are kept of it, else replayed from its facts and their history.

use domain::{CustomerId, Settings, TenantId};
use figures::{CustomerFigures, GroupBy, Groups, Totals};
use jiff::civil::Date;
use store::{ReportsPlace, Store};

use super::asked::AskedReport;
use crate::{Done, NotDone, customers::no_customer};

/// Most customers whose ledgers a page replays.
const REPLAYED_MAX: u32 = 25;

/// Where a page begins: a shard, and the customer that it is behind.
struct Cursor {
    shard: u8,
    after: Option<CustomerId>,
}

impl Cursor {
    fn read(text: Option<&str>) -> Done<Self> {
        let Some(text) = text else { return Ok(Self { shard: 0, after: None }) };
        let (shard, after) = text.split_once('-').ok_or(NotDone::Cursor)?;
        let shard: u8 = shard.parse().ok().filter(|shard| *shard < Store::figure_shards()).ok_or(NotDone::Cursor)?;
        let after = Some(after).filter(|after| !after.is_empty());
        let after = after.map(|after| CustomerId::parse(after).ok_or(NotDone::Cursor)).transpose()?;
        Ok(Self { shard, after })
    }

    /// The page behind one that ended with a customer, or with its shard.
    fn next(&self, after: Option<CustomerId>) -> Option<String> {
        match after {
            Some(after) => Some(format!("{}-{after}", self.shard)),
            None => Some(self.shard + 1).filter(|shard| *shard < Store::figure_shards()).map(|shard| format!("{shard}-")),
        }
    }
}

/// Adds a customer, where it is within the group that is asked for, with what it owes there.
fn add(groups: &mut Groups, figures: &CustomerFigures, asked: &AskedReport) {
    let belongs = &figures.belongs;
    let is_within = match &asked.within {
        None => true,
        Some((GroupBy::Segment, of)) => belongs.segment.as_deref().unwrap_or_default() == of,
        Some((GroupBy::Owner, of)) => belongs.owner.as_deref().unwrap_or_default() == of,
        Some((GroupBy::LegalEntity, of)) => figures.balances.keys().any(|balance| balance.legal_entity == of.as_str()),
        Some((GroupBy::Tenant | GroupBy::Customer, _)) => false,
    };
    let says_nothing = asked.name.is_of_contacts() && figures.contacts.is_empty();
    if !is_within || says_nothing {
        return;
    }
    match &asked.within {
        Some((GroupBy::LegalEntity, entity)) => {
            let as_of = groups.as_of;
            let totals = groups.all.entry(figures.customer.as_str().into()).or_insert_with(|| Totals::none(as_of));
            totals.add_of_entity(figures, entity);
        }
        Some((GroupBy::Tenant | GroupBy::Segment | GroupBy::Owner | GroupBy::Customer, _)) | None => groups.add(figures),
    }
}

/// The figures of a customer at the end of a day, out of its facts and their history.
async fn replayed(
    store: &Store,
    tenant: &TenantId,
    settings: &Settings,
    (customer, as_of, today): (&CustomerId, Date, Date),
) -> Done<Option<CustomerFigures>> {
    let books = store.customer_books(tenant, customer, settings, today).await?;
    Ok(books.map(|books| {
        let [figures] = books.figures([as_of]);
        figures
    }))
}

/// The groups of a page, and the cursor of the next one.
pub(super) async fn page(
    store: &Store,
    tenant: &TenantId,
    settings: &Settings,
    asked: &AskedReport,
    (today, place): (Date, Option<&ReportsPlace>),
) -> Done<(Groups, Option<String>)> {
    let mut groups = Groups::none(GroupBy::Customer, asked.as_of);
    if let Some(customer) = &asked.customer {
        let figures = replayed(store, tenant, settings, (customer, asked.as_of, today)).await?.ok_or_else(no_customer)?;
        add(&mut groups, &figures, asked);
        return Ok((groups, None));
    }
    let mut cursor = Cursor::read(asked.cursor.as_deref())?;
    let is_current = place.is_some_and(|place| place.is_done() && place.on == asked.as_of);
    let mut left = if is_current { asked.limit } else { asked.limit.min(REPLAYED_MAX) };
    loop {
        let page = store.figures_page(tenant, cursor.shard, cursor.after.as_ref(), left).await?;
        for (customer, kept) in &page.rows {
            let figures = match kept.on(asked.as_of) {
                Some(figures) => Some(figures),
                // Who is not in today's totals yet is not in what they are made of.
                None if is_current => None,
                None => replayed(store, tenant, settings, (customer, asked.as_of, today)).await?,
            };
            figures.iter().for_each(|figures| add(&mut groups, figures, asked));
        }
        left = left.saturating_sub(u32::try_from(page.rows.len()).unwrap_or(u32::MAX));
        // A page goes on over shards: one alone may have nobody.
        match cursor.next(page.after) {
            Some(next) if left > 0 => cursor = Cursor::read(Some(&next))?,
            next => return Ok((groups, next)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_through_all_shards() {
        let customer = CustomerId::derive(&["acme", "test", "c"]);
        let first = Cursor::read(None).expect("the beginning");
        let text = first.next(Some(customer.clone())).expect("a next page");
        let second = Cursor::read(Some(&text)).expect("a cursor");
        assert_eq!((second.shard, second.after.as_ref()), (0, Some(&customer)));
        let mut cursor = second;
        let mut shards = 1;
        while let Some(text) = cursor.next(None) {
            cursor = Cursor::read(Some(&text)).expect("a cursor");
            shards += 1;
        }
        assert_eq!(shards, Store::figure_shards());
        for wrong in ["", "x-", "200-", "0-nobody", "0"] {
            assert!(matches!(Cursor::read(Some(wrong)), Err(NotDone::Cursor)), "{wrong}");
        }
    }
}
