//! The statement: every open due item, with totals by currency.

use domain::{
    Money,
    calendar::tenant_zone,
    receivables::{DueItem, Receivables, ReceivablesRules},
};
use jiff::Timestamp;
use minijinja::{Value, context, value::Serde};
use serde::Serialize;

use crate::{Visit, page::PortalPage};

/// Most due items listed, so that the page fits an answer; the totals are over all.
const LISTED_MAX: usize = 5_000;

/// One due item as it is shown.
#[derive(Serialize)]
struct Row {
    number: String,
    instalment: Option<String>,
    issued_on: String,
    due_on: String,
    open: String,
    status: String,
    past_due: bool,
    url: Option<String>,
}

/// What is open in one currency.
#[derive(Serialize)]
struct Total {
    open: String,
    past_due: Option<String>,
}

/// The page.
pub fn page(visit: &Visit, now: Timestamp) -> PortalPage {
    let zone = tenant_zone(&visit.settings);
    let receivables = Receivables::at(&visit.facts, ReceivablesRules::of(&visit.settings, &zone), now);
    // What the parts of a plan stand for is shown as those parts.
    let shown = || receivables.items.iter().filter(|item| item.owed_minor() > 0);
    let rows: Vec<Row> = shown().take(LISTED_MAX).map(|item| row(visit, &receivables, item)).collect();
    let totals: Vec<Total> = receivables
        .currencies()
        .into_iter()
        .map(|currency| {
            let past_due = receivables.in_currency(currency).filter(|item| item.days_past_due(receivables.today) > 0);
            let past_due_minor = past_due.fold(0_i64, |sum, item| sum.saturating_add(item.owed_minor()));
            let money = |minor| visit.locale.money(Money::from_minor(minor, currency));
            Total { open: money(receivables.open_minor(currency)), past_due: (past_due_minor > 0).then(|| money(past_due_minor)) }
        })
        .collect();
    let more = shown().count().saturating_sub(LISTED_MAX);
    let values = context! {
        title => format!("{} – {}", visit.words.statement, visit.settings.name),
        tenant => visit.settings.name.clone(),
        customer => visit.facts.customer.name.clone(),
        as_of => visit.locale.date(receivables.today),
        rows => Value::from(Serde(&rows)),
        totals => Value::from(Serde(&totals)),
        not_listed => (more > 0).then(|| visit.words.not_listed.replace("{}", &more.to_string())),
    };
    PortalPage::Filled { status: 200, template: "statement", words: visit.words, values }
}

fn row(visit: &Visit, receivables: &Receivables<'_>, item: &DueItem<'_>) -> Row {
    let days = item.days_past_due(receivables.today);
    let words = visit.words;
    Row {
        number: item.number.to_owned(),
        instalment: item.instalment.map(|(at, of)| format!("{} {at} {} {of}", words.instalment, words.of)),
        issued_on: visit.locale.date(item.issued_on),
        due_on: visit.locale.date(item.due_on),
        open: visit.locale.money(Money::from_minor(item.owed_minor(), item.currency)),
        status: words.days_past_due(days),
        past_due: days > 0,
        url: item.url.filter(|url| is_web(url)).map(str::to_owned),
    }
}

/// Whether a link of the source's leads to the web; others (scripts, files) are not shown as links.
fn is_web(url: &str) -> bool {
    let lower = url.to_ascii_lowercase();
    (lower.starts_with("https://") || lower.starts_with("http://")) && !url.chars().any(|c| c.is_whitespace() || c.is_control())
}
