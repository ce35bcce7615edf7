//! The statement as a page.

use domain::PlanOffer;
use jiff::civil::Date;
use minijinja::{Value, context, value::Serde};
use serde::Serialize;

use crate::{
    can_do::what_can_be_done,
    document_labels::DocumentLabels,
    how_to_pay::{pay_link, ways_to_pay},
    note_words::note_in_words,
    page::{Look, PortalPage},
    pay_labels::PayLabels,
    plan_labels::PlanLabels,
    plan_statement::{offers_shown, running_shown},
    statement::{AccountStatement, ReceivedItem, StatementItem, StatementPage, StatementTotal},
    visit::Visit,
};

/// What is due in one currency, and how the account stands there.
#[derive(Serialize)]
struct SumShown {
    /// What the amount is: due now, due by a day.
    label: String,
    amount: Option<String>,
    late: bool,
    lines: Vec<String>,
    /// Each part that is not nothing: what it is, and the amount.
    parts: Vec<(&'static str, String)>,
    owes: bool,
}

/// One due item.
#[derive(Serialize)]
struct RowShown {
    number: String,
    page: Option<String>,
    order: Option<String>,
    notes: Vec<String>,
    issued_on: String,
    due_on: String,
    status: String,
    late: bool,
    original: String,
    paid: Option<String>,
    open: String,
}

/// Due items that stand alike to their due dates.
#[derive(Serialize)]
struct GroupShown {
    id: &'static str,
    title: &'static str,
    rows: Vec<RowShown>,
}

/// A payment or credit note.
#[derive(Serialize)]
struct ReceivedShown {
    on: String,
    kind: &'static str,
    status: Option<&'static str>,
    amount: String,
}

/// Where other pages are.
#[derive(Serialize)]
struct PagesShown {
    text: String,
    first: Option<String>,
    previous: Option<String>,
    next: Option<String>,
}

/// The page, with the plans that the tenant offers.
pub(crate) fn shown(visit: &Visit, statement: &AccountStatement, offers: &[PlanOffer]) -> PortalPage {
    let words = visit.words;
    let rows = |late: bool| -> Vec<RowShown> {
        let of_group = statement.items.iter().filter(|item| (item.days_past_due > 0) == late);
        of_group.map(|item| row(visit, item)).collect()
    };
    let groups = [
        GroupShown { id: "past-due", title: words.past_due_title, rows: rows(true) },
        GroupShown { id: "not-past-due", title: words.not_past_due_title, rows: rows(false) },
    ];
    let groups: Vec<GroupShown> = groups.into_iter().filter(|group| !group.rows.is_empty()).collect();
    let sums: Vec<SumShown> = statement.totals.iter().map(|total| sum(visit, total, statement.as_of)).collect();
    let received: Vec<ReceivedShown> = statement.received.iter().filter_map(|item| received(visit, item)).collect();
    let owes = statement.totals.iter().any(|total| total.open_minor > 0);
    let payments = if owes { ways_to_pay(visit, &statement.legal_entities) } else { vec![] };
    let tenant = visit.tenant_of(&statement.legal_entities);
    let values = context! {
        title => format!("{} – {tenant}", words.statement),
        tenant => tenant.as_str(),
        sent_by => words.sent_by.replace("{}", &tenant),
        customer => visit.customer.as_str(),
        as_of => visit.locale.date(statement.as_of),
        owes,
        sums => Value::from(Serde(&sums)),
        pay_label => PayLabels::of(words.language).pay,
        pay => pay_link(visit, &payments, None),
        payments => Value::from(Serde(&payments)),
        l => Value::from(Serde(PlanLabels::of(words))),
        offers => if owes { offers_shown(visit, offers, statement.as_of) } else { vec![] },
        plans => running_shown(visit, &statement.plans, &payments, statement.as_of),
        groups => Value::from(Serde(&groups)),
        received => Value::from(Serde(&received)),
        pages => Value::from(Serde(&pages(visit, &statement.page))),
        csv => format!("{}/statement.csv", visit.path),
        pdf => format!("{}/statement.pdf", visit.path),
        pdf_label => DocumentLabels::of(words.language).statement,
        can_do => what_can_be_done(visit, None, owes),
    };
    PortalPage::Filled { status: 200, template: "statement", words, look: Look::of(&visit.settings.brand), values }
}

/// What is due above all: what is past due and what falls due today, else what falls due next. Where it is not known how much falls due today, what is
/// past due is called no more than that.
fn sum(visit: &Visit, total: &StatementTotal, as_of: Date) -> SumShown {
    let words = visit.words;
    let money = |minor: i64| visit.money(minor, total.currency);
    let date = |on| visit.locale.date(on);
    let late = total.overdue_minor > 0;
    let (overdue, upcoming) = (total.overdue_minor, total.upcoming_minor);
    let today = total.due_today_minor.unwrap_or(0);
    let later = upcoming.saturating_sub(today);
    let is_unknown = total.due_today_minor.is_none() && total.next_due_on == Some(as_of);
    let mut lines = Vec::new();
    let (label, amount) = if late || today > 0 {
        lines.extend(total.oldest_due_on.filter(|_| late).map(|on| words.oldest_due.replace("{}", &date(on))));
        lines.extend((!late).then(|| words.days_past_due(0)));
        if later > 0 {
            let (form, next) =
                if today > 0 { (words.later_due, total.later_due_on) } else { (words.more_due, total.next_due_on) };
            lines.push(match next {
                Some(on) => form.replace("{amount}", &money(later)).replace("{date}", &date(on)),
                None => words.more_due_undated.replace("{}", &money(later)),
            });
        }
        let label = if is_unknown { words.past_due_title } else { words.due_now };
        (label.to_owned(), Some(money(overdue.saturating_add(today))))
    } else if upcoming > 0 {
        lines.extend(total.next_due_on.map(|on| words.first_due.replace("{}", &date(on))));
        (words.not_past_due_title.to_owned(), Some(money(upcoming)))
    } else {
        (words.nothing_due.to_owned(), None)
    };
    let parts = [
        (words.past_due_title, overdue),
        (words.not_past_due_title, upcoming),
        (words.kept, total.kept_minor),
        (words.total, total.open_minor),
        (words.credit, total.credit_minor),
    ];
    let parts = parts.into_iter().filter(|(_, minor)| *minor > 0).map(|(what, minor)| (what, money(minor))).collect();
    SumShown { label, amount, late, lines, parts, owes: total.open_minor > 0 }
}

fn row(visit: &Visit, item: &StatementItem) -> RowShown {
    let words = visit.words;
    let money = |minor: i64| visit.money(minor, item.currency);
    let instalment = item.instalment.map(|(at, of)| format!("{} {at} {} {of}", words.instalment, words.of));
    let order = item.purchase_order.as_deref().map(|order| words.order.replace("{}", order));
    let day = |on| visit.locale.date(on);
    let notes = item.notes.iter().map(|note| note_in_words(visit, *note, item.currency, day));
    RowShown {
        number: item.number.clone(),
        page: item.invoice.as_ref().map(|invoice| format!("{}/invoices/{invoice}", visit.path)),
        order,
        notes: instalment.into_iter().chain(notes).collect(),
        issued_on: visit.locale.date(item.issued_on),
        due_on: visit.locale.date(item.due_on),
        status: words.days_past_due(item.days_past_due),
        late: item.days_past_due > 0,
        original: money(item.original_minor),
        paid: (item.paid_minor > 0).then(|| money(item.paid_minor)),
        open: money(item.open_minor),
    }
}

fn received(visit: &Visit, item: &ReceivedItem) -> Option<ReceivedShown> {
    let words = visit.words;
    let kind = match item.kind {
        domain::PaymentKind::Payment => words.payment,
        domain::PaymentKind::CreditNote => words.credit_note,
        domain::PaymentKind::Later(_) => return None,
    };
    let status = match item.status {
        domain::PaymentStatus::Received => None,
        domain::PaymentStatus::Pending => Some(words.on_the_way),
        domain::PaymentStatus::Reversed => Some(words.returned),
        domain::PaymentStatus::Refunded => Some(words.refunded),
        domain::PaymentStatus::Later(_) => return None,
    };
    let amount = visit.money(item.amount_minor, item.currency);
    Some(ReceivedShown { on: visit.locale.date(item.received_on), kind, status, amount })
}

/// Links to other pages; `None` where there is one page.
fn pages(visit: &Visit, page: &StatementPage) -> Option<PagesShown> {
    let text = visit.words.page_of.replace("{page}", &page.number.to_string()).replace("{pages}", &page.of.to_string());
    let next = page.next_at(&visit.path);
    let previous = (page.number > 2 && !page.is_of_list).then(|| format!("{}?page={}", visit.path, page.number - 1));
    let first = (page.number > 1).then(|| visit.path.clone());
    (page.of > 1).then_some(PagesShown { text, first, previous, next })
}
