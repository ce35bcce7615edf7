//! The customers: searched, sorted, a page at a time, each with what it owes, what comes next and whose it is.

use std::collections::{BTreeMap, BTreeSet};

use domain::{Currency, Next, Owed};
use minijinja::{Value, context, value::Serde};
use serde::Serialize;
use service::{
    Operation,
    lists::{
        customer_cards::{ShownCustomer, show_cards},
        customers::{self, CustomersAsked},
    },
};

use crate::{
    formats::Formats,
    outcome::{ConsolePage, PageResult},
    sections::Section,
    tables::{ColumnHead, PagerView},
    visit::ConsoleVisit,
};

/// How the list is sorted where nothing else is asked.
const SORT: &str = "name";

/// A row as the template shows it.
#[derive(Serialize)]
struct CustomerOnPage {
    id: String,
    name: String,
    external_id: String,
    owed: Vec<String>,
    overdue: Vec<String>,
    next: String,
    next_at: Option<String>,
    owner: Option<String>,
    as_of: Option<String>,
}

/// `GET /console/customers`.
pub(crate) async fn list(visit: &ConsoleVisit) -> PageResult {
    let words = visit.query("q");
    // What is found by words is in the order of the words, and an owner's customers are in the order of their ids.
    let owner = visit.query("owner").filter(|_| words.is_none());
    let sort = visit.query("sort").filter(|_| words.is_none() && owner.is_none());
    let asked = CustomersAsked {
        sort: sort.map(str::to_owned),
        currency: None,
        q: words.map(str::to_owned),
        owner: owner.map(str::to_owned),
    };
    let found = customers::list(visit.reading(), &visit.actor, &asked, &visit.page_asked()).await?;
    let ids: BTreeSet<_> = found.rows.iter().map(|row| row.id.clone()).collect();
    let mut cards = show_cards(visit.reading(), &visit.actor, &ids).await?;
    let rows: Vec<CustomerOnPage> =
        found.rows.iter().filter_map(|row| Some(on_page(row.id.to_string(), cards.remove(&row.id)?, &visit.formats))).collect();
    let sorted_by = if words.is_some() || owner.is_some() { "" } else { sort.unwrap_or(SORT) };
    let head = |label, by| ColumnHead::sorted(&visit.request, label, by, sorted_by);
    let heads = [
        head("Customer", "name"),
        head("Owed", "money_at_stake").of_money(),
        head("Overdue", "overdue").of_money(),
        head("Next action", "next_action"),
        head("Owner", "owner"),
    ];
    let values = context! {
        rows => Value::from(Serde(&rows)),
        heads => Value::from(Serde(&heads)),
        pages => Value::from(Serde(&PagerView::of(&visit.request, found.next.as_deref()))),
        q => words.unwrap_or_default(),
        sort => sorted_by,
        may_bulk => visit.may(Operation::RunBulk),
        may_save => visit.may(Operation::SaveViews),
        owner => owner.unwrap_or_default(),
    };
    Ok(ConsolePage::new(Section::Customers, "Customers", "customers", values).into())
}

fn on_page(id: String, card: ShownCustomer, formats: &Formats) -> CustomerOnPage {
    let ShownCustomer { name, external_id, owed, as_of, next, owner } = card;
    let (next, next_at) = match next {
        Some(Next::At(at)) => (formats.from_now(at), Some(formats.moment(at))),
        Some(Next::Parked) => ("waits for news or a person".to_owned(), None),
        Some(Next::Nothing) | None => ("nothing is owed".to_owned(), None),
    };
    CustomerOnPage {
        id,
        name,
        external_id,
        owed: amounts(&owed, formats, |owed| owed.open_minor),
        overdue: amounts(&owed, formats, |owed| owed.overdue_minor),
        next,
        next_at,
        owner,
        as_of: as_of.map(|at| formats.moment(at)),
    }
}

/// An amount each currency in which there is one: currencies are never added.
fn amounts(owed: &BTreeMap<Currency, Owed>, formats: &Formats, of: impl Fn(&Owed) -> i64) -> Vec<String> {
    let amounts = owed.iter().map(|(currency, owed)| (*currency, of(owed))).filter(|(_, minor)| *minor != 0);
    amounts.map(|(currency, minor)| formats.amount(minor, currency)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn currencies_stand_one_by_one_and_nothing_is_no_amount() {
        let owed = |open_minor, overdue_minor| Owed {
            open_minor,
            due_now_minor: open_minor,
            overdue_minor,
            oldest_due_on: None,
            grows_on: None,
        };
        let card = ShownCustomer {
            name: "Acme".to_owned(),
            external_id: "C-1".to_owned(),
            owed: BTreeMap::from([(Currency::EUR, owed(125_000, 0)), (Currency::USD, owed(5, 5))]),
            as_of: None,
            next: Some(Next::Parked),
            owner: None,
        };
        let formats = Formats::of(None, "2026-02-10T10:00:00Z".parse().unwrap());
        let row = on_page("cus_1".to_owned(), card, &formats);
        assert_eq!((row.owed.len(), row.overdue.len()), (2, 1));
        assert_eq!((row.next.as_str(), row.next_at), ("waits for news or a person", None));
    }
}
