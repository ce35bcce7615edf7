//! The invoices: by where they stand, when they fall due and how long they are past due; searched, a page at a time.

use domain::dates::days_between;
use minijinja::{Value, value::Serde};
use serde::Serialize;
use service::lists::invoices::{self, InvoicesAsked, ListedInvoice};

use crate::{
    agreement_rows::in_words,
    formats::Formats,
    outcome::{ConsolePage, PageResult},
    sections::Section,
    tables::{ColumnHead, PagerView},
    visit::ConsoleVisit,
};

/// How the list is sorted where nothing else is asked.
const SORT: &str = "due_on";

/// A row as a template shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct InvoiceOnPage {
    id: String,
    number: String,
    customer: String,
    name: String,
    issued_on: Option<String>,
    due_on: String,
    /// How many days past due it is; absent of what is not open or not past due.
    late_days: Option<i64>,
    total: String,
    status: String,
}

impl InvoiceOnPage {
    pub(super) fn of(row: &ListedInvoice, formats: &Formats) -> Self {
        let late = days_between(row.due_on, formats.today());
        Self {
            id: row.id.to_string(),
            number: if row.number.is_empty() { row.external_id.clone() } else { row.number.clone() },
            customer: row.customer.to_string(),
            name: row.name.as_ref().map(|name| name.name.clone()).unwrap_or_default(),
            issued_on: row.issued_on.map(|on| formats.date(on)),
            due_on: formats.date(row.due_on),
            late_days: Some(late).filter(|late| *late > 0 && row.status == "open"),
            total: formats.amount(row.total_minor, row.currency),
            status: in_words(&row.status),
        }
    }
}

/// A choice of a filter.
#[derive(Serialize)]
struct FilterOption {
    value: &'static str,
    label: &'static str,
}

/// What the template shows.
#[derive(Serialize)]
struct InvoicesPage<'a> {
    rows: Vec<InvoiceOnPage>,
    heads: Vec<ColumnHead>,
    pages: PagerView,
    q: &'a str,
    status: &'a str,
    bucket: &'a str,
    due_from: &'a str,
    due_until: &'a str,
    statuses: Vec<FilterOption>,
    buckets: Vec<FilterOption>,
    is_filtered: bool,
}

const STATUSES: [(&str, &str); 5] =
    [("open", "Open"), ("paid", "Paid"), ("draft", "Draft"), ("void", "Void"), ("written_off", "Written off")];
const BUCKETS: [(&str, &str); 6] = [
    ("", "Any"),
    ("current", "Not past due"),
    ("1-30", "1–30 days past due"),
    ("31-60", "31–60 days past due"),
    ("61-90", "61–90 days past due"),
    ("over_90", "More than 90 days past due"),
];

/// `GET /console/invoices`.
pub(crate) async fn list(visit: &ConsoleVisit) -> PageResult {
    let words = visit.query("q");
    // What is found by words is in the order of the words.
    let filter = |name: &str| visit.query(name).filter(|_| words.is_none()).map(str::to_owned);
    let bucket = filter("bucket");
    let asked = InvoicesAsked {
        sort: filter("sort"),
        status: filter("status"),
        // A bucket says in which days they fall due.
        due_from: filter("due_from").filter(|_| bucket.is_none()),
        due_until: filter("due_until").filter(|_| bucket.is_none()),
        bucket,
        customer: filter("customer"),
        q: words.map(str::to_owned),
    };
    let found = invoices::list(visit.reading(), &visit.actor, &asked, &visit.page_asked(), visit.now).await?;
    let sorted_by = if words.is_some() { "" } else { asked.sort.as_deref().unwrap_or(SORT) };
    let option = |&(value, label): &(&'static str, &'static str)| FilterOption { value, label };
    let page = InvoicesPage {
        rows: found.rows.iter().map(|row| InvoiceOnPage::of(row, &visit.formats)).collect(),
        heads: vec![
            ColumnHead::plain("Invoice"),
            ColumnHead::plain("Customer"),
            ColumnHead::sorted(&visit.request, "Due", SORT, sorted_by),
            ColumnHead::plain("Total").of_money(),
            ColumnHead::plain("Status"),
        ],
        pages: PagerView::of(&visit.request, found.next.as_deref()),
        q: words.unwrap_or_default(),
        status: asked.status.as_deref().unwrap_or("open"),
        bucket: asked.bucket.as_deref().unwrap_or_default(),
        due_from: asked.due_from.as_deref().unwrap_or_default(),
        due_until: asked.due_until.as_deref().unwrap_or_default(),
        statuses: STATUSES.iter().map(option).collect(),
        buckets: BUCKETS.iter().map(option).collect(),
        is_filtered: asked != InvoicesAsked::default(),
    };
    Ok(ConsolePage::new(Section::Invoices, "Invoices", "invoices", Value::from(Serde(&page))).into())
}

#[cfg(test)]
mod tests {
    use domain::{Currency, CustomerId, InvoiceId};

    use super::*;

    #[test]
    fn only_what_is_open_and_past_due_is_late() {
        let formats = Formats::of(None, "2026-02-10T10:00:00Z".parse().unwrap());
        let late = |status: &str, due_on: &str| {
            let row = ListedInvoice {
                id: InvoiceId::derive(&["a"]),
                customer: CustomerId::derive(&["c"]),
                name: None,
                number: String::new(),
                external_id: "in_1".to_owned(),
                status: status.to_owned(),
                currency: Currency::EUR,
                total_minor: 125_000,
                paid_minor: 0,
                credited_minor: 0,
                issued_on: None,
                due_on: due_on.parse().unwrap(),
            };
            let row = InvoiceOnPage::of(&row, &formats);
            assert_eq!(row.number, "in_1", "what has no number is named by its source's id");
            row.late_days
        };
        assert_eq!(late("open", "2026-02-04"), Some(6));
        assert_eq!(late("open", "2026-02-10"), None);
        assert_eq!(late("paid", "2026-02-04"), None);
    }
}
