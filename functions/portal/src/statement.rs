//! The statement: every open due item, what is past due apart from what is not, with totals by currency and how to pay.

use std::collections::BTreeSet;

use domain::{
    Currency, Money,
    calendar::tenant_zone,
    receivables::{DueItem, Receivables, ReceivablesRules},
};
use jiff::Timestamp;
use minijinja::{Value, context, value::Serde};
use serde::Serialize;

use crate::{labels::PageLabels, page::PortalPage, visit::Visit};

/// Most due items listed, so that the page fits an answer; the totals are over all.
const LISTED_MAX: usize = 500;

/// One due item as it is shown.
#[derive(Serialize)]
struct Row {
    number: String,
    notes: Vec<String>,
    issued_on: String,
    due_on: String,
    open: String,
    paid: Option<String>,
    status: String,
    past_due: bool,
    url: Option<String>,
}

/// Due items that stand alike to their due dates.
#[derive(Serialize)]
struct Group {
    title: &'static str,
    rows: Vec<Row>,
}

/// What is open in one currency.
#[derive(Serialize)]
struct Total {
    open: String,
    past_due: Option<String>,
    not_past_due: Option<String>,
    kept: Option<String>,
}

/// How to pay one of the companies that are owed.
#[derive(Serialize)]
struct HowToPay {
    to: Option<String>,
    lines: Vec<String>,
}

/// The page.
pub fn page(visit: &Visit, now: Timestamp) -> PortalPage {
    let zone = tenant_zone(&visit.settings);
    let receivables = Receivables::at(&visit.facts, ReceivablesRules::of(&visit.settings, &zone), now);
    // What the parts of a plan stand for is shown as those parts.
    let shown: Vec<&DueItem> = receivables.items.iter().filter(|item| item.owed_minor() > 0).collect();
    let is_late = |item: &DueItem| item.days_past_due(receivables.today) > 0;
    let rows = |late: bool| -> Vec<Row> {
        let of_group = shown.iter().take(LISTED_MAX).filter(|item| is_late(item) == late);
        of_group.map(|item| row(visit, &receivables, item)).collect()
    };
    let words = visit.words;
    let groups =
        [Group { title: words.past_due_title, rows: rows(true) }, Group { title: words.not_past_due_title, rows: rows(false) }];
    let groups: Vec<Group> = groups.into_iter().filter(|group| !group.rows.is_empty()).collect();
    let totals: Vec<Total> = receivables.currencies().into_iter().map(|currency| total(visit, &receivables, currency)).collect();
    let more = shown.len().saturating_sub(LISTED_MAX);
    let entities: BTreeSet<&str> = shown.iter().map(|item| item.legal_entity).collect();
    let only = entities.first().filter(|_| entities.len() == 1).copied().unwrap_or_default();
    let tenant = visit.settings.name_of(only).to_owned();
    let values = context! {
        title => format!("{} – {tenant}", words.statement),
        tenant => tenant.as_str(),
        sent_by => words.sent_by.replace("{}", &tenant),
        customer => visit.facts.customer.name.clone(),
        as_of => visit.locale.date(receivables.today),
        groups => Value::from(Serde(&groups)),
        totals => Value::from(Serde(&totals)),
        payments => Value::from(Serde(&payments(visit, &entities))),
        not_listed => (more > 0).then(|| words.not_listed.replace("{}", &more.to_string())),
    };
    PortalPage::Filled { status: 200, template: "statement", words, values }
}

fn total(visit: &Visit, receivables: &Receivables<'_>, currency: Currency) -> Total {
    let sum = |of: &dyn Fn(&DueItem) -> i64| receivables.in_currency(currency).map(of).fold(0_i64, i64::saturating_add);
    let past_due = sum(&|item| if item.days_past_due(receivables.today) > 0 { item.owed_minor() } else { 0 });
    let kept = sum(&|item| item.owed_minor().saturating_sub(item.due_now_minor));
    let open = receivables.open_minor(currency);
    let money = |minor| visit.locale.money(Money::from_minor(minor, currency));
    let said = |words: &str, minor: i64| (minor > 0).then(|| words.replace("{}", &money(minor)));
    let words = visit.words;
    Total {
        open: money(open),
        past_due: said(words.of_which_past_due, past_due),
        not_past_due: said(words.of_which_not_past_due, open.saturating_sub(past_due)).filter(|_| past_due > 0),
        kept: said(words.of_which_kept, kept),
    }
}

/// How to pay each of the companies that are owed; named where there are several ways.
fn payments(visit: &Visit, entities: &BTreeSet<&str>) -> Vec<HowToPay> {
    let settings = &visit.settings;
    let mut texts: Vec<(&str, Vec<&str>)> = Vec::new();
    for entity in entities {
        let Some(text) = settings.payment_details_of(entity) else { continue };
        let name = settings.name_of(entity);
        match texts.iter_mut().find(|(known, _)| *known == text) {
            Some((_, names)) => names.push(name),
            None => texts.push((text, vec![name])),
        }
    }
    // An account is one company's: where several are owed it is said whose, also where only one says how to pay.
    let several = entities.len() > 1;
    let lines = |text: &str| text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
    let payment = |(text, names): &(&str, Vec<&str>)| HowToPay { to: several.then(|| names.join(", ")), lines: lines(text) };
    texts.iter().map(payment).collect()
}

fn row(visit: &Visit, receivables: &Receivables<'_>, item: &DueItem<'_>) -> Row {
    let days = item.days_past_due(receivables.today);
    let words = visit.words;
    let money = |minor| visit.locale.money(Money::from_minor(minor, item.currency));
    let instalment = item.instalment.map(|(at, of)| format!("{} {at} {} {of}", words.instalment, words.of));
    let order = item.purchase_order.map(|order| words.order.replace("{}", order));
    Row {
        number: item.number.to_owned(),
        notes: instalment.into_iter().chain(order).collect(),
        issued_on: visit.locale.date(item.issued_on),
        due_on: visit.locale.date(item.due_on),
        open: money(item.owed_minor()),
        paid: (item.paid_minor > 0).then(|| paid(words, &money(item.paid_minor), &money(item.amount_minor))),
        status: words.days_past_due(days),
        past_due: days > 0,
        url: item.url.filter(|url| is_web(url)).map(str::to_owned),
    }
}

/// `50.00 of 200.00 paid`.
fn paid(words: &PageLabels, paid: &str, amount: &str) -> String {
    words.paid.replace("{paid}", paid).replace("{amount}", amount)
}

/// Whether a link of the source's leads to the web; others (scripts, files) are not shown as links.
fn is_web(url: &str) -> bool {
    let lower = url.to_ascii_lowercase();
    (lower.starts_with("https://") || lower.starts_with("http://")) && !url.chars().any(|c| c.is_whitespace() || c.is_control())
}
