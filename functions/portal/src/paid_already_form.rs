//! Somebody says that they paid: which invoices, how much, on which day, how. What came of it is said as it stands whenever somebody looks.

use domain::{Agreement, InvoiceId, MoneyOnItsWay, MoneyStatus, Terms, WayOfPaying, dates::add_days, proposal::SENT_DAYS_MAX};
use jiff::civil::Date;
use minijinja::{Value, context, value::Serde};
use service::link_holder::{RemittedByLink, RemittedLine};
use store::Result;

use crate::{
    choices::{amount_typed, chosen_invoices, currency_of, fields_shown, wrong_amount},
    form_labels::FormLabels,
    form_visit::{FormVisit, Taken, WrongFields, amounts_of, form_page},
    page::PortalPage,
    paid_already_labels::PaidAlreadyLabels,
    statement::AccountStatement,
    typed::{TypedFields, shown_again},
    visit::Visit,
};

/// The fields of the form.
const FIELDS: [&str; 4] = ["invoice", "amount", "sent_on", "way"];

/// The form, what was sent with it, or what became of it; `None` where the link opens nothing.
///
/// # Errors
///
/// Those of the table.
pub(crate) async fn paid_already(form: &FormVisit<'_>) -> Result<Option<PortalPage>> {
    if let Some(made) = form.request.query("made").filter(|_| !form.is_sent()) {
        return said(form, made).await;
    }
    let Some((statement, visit)) = form.account().await? else { return Ok(None) };
    let typed = TypedFields::of(form.request);
    let mut wrong = WrongFields::default();
    if form.is_sent()
        && let Some((asked, invoices)) = read(&visit, &statement, typed, &mut wrong)
    {
        match Taken::of(form.holder.remit(form.store, &asked, form.now).await)? {
            Taken::Done(made) => return Ok(Some(PortalPage::See(format!("{}/paid-already?made={}", visit.path, made.id)))),
            Taken::Wrong(pointers) => pointers.iter().for_each(|at| name(&visit, &statement, &invoices, at, &mut wrong)),
            Taken::Again => wrong.add("form", FormLabels::of(visit.words).not_now),
            Taken::Gone => return Ok(None),
        }
    }
    Ok(Some(shown(form, &visit, &statement, typed, &wrong)))
}

/// What was paid, as far as it reads, and the invoices that were chosen.
fn read(
    visit: &Visit,
    statement: &AccountStatement,
    typed: TypedFields<'_>,
    wrong: &mut WrongFields,
) -> Option<(RemittedByLink, Vec<InvoiceId>)> {
    let (labels, own) = (FormLabels::of(visit.words), PaidAlreadyLabels::of(visit.words));
    if typed.has_others(&FIELDS) {
        wrong.add("form", labels.unknown_field);
    }
    let invoices = chosen_invoices(visit, typed, own.wrong_lines, wrong);
    let sent_on = typed.one("sent_on").parse::<Date>().ok();
    if sent_on.is_none() {
        wrong.add("sent_on", own.wrong_day);
    }
    let way = typed.one("way");
    if !WayOfPaying::WORDS.contains(&way) {
        wrong.add("way", own.wrong_way);
    }
    let currency = currency_of(statement, &invoices);
    let amount_minor = amount_typed(visit, statement, &invoices, typed, wrong);
    // Where nothing is open, nothing can have been paid.
    if currency.is_none() {
        wrong.add("invoice", own.nothing);
    }
    let (Some(sent_on), Some(currency), true) = (sent_on, currency, wrong.is_empty()) else { return None };
    let line = |invoice: &InvoiceId| RemittedLine { invoice: invoice.as_str().to_owned(), amount_minor: None };
    let lines = invoices.iter().map(line).collect();
    let asked = RemittedByLink { sent_on, way: way.to_owned(), currency, amount_minor, lines, reference: None };
    Some((asked, invoices))
}

/// Says in the customer's language what is wrong at a pointer.
fn name(visit: &Visit, statement: &AccountStatement, invoices: &[InvoiceId], pointer: &str, wrong: &mut WrongFields) {
    let (labels, own) = (FormLabels::of(visit.words), PaidAlreadyLabels::of(visit.words));
    match pointer {
        "/sent_on" => wrong.add("sent_on", own.wrong_day),
        "/amount_minor" => wrong.add("amount", wrong_amount(visit, statement, invoices)),
        "/way" => wrong.add("way", own.wrong_way),
        pointer if pointer.starts_with("/lines") => wrong.add("invoice", own.wrong_lines),
        _ => wrong.add("form", labels.too_much),
    }
}

fn shown(
    form: &FormVisit<'_>,
    visit: &Visit,
    statement: &AccountStatement,
    typed: TypedFields<'_>,
    wrong: &WrongFields,
) -> PortalPage {
    let own = PaidAlreadyLabels::of(visit.words);
    let asked = form.asked_about();
    let sent_on = if form.is_sent() { shown_again(typed.one("sent_on")) } else { statement.as_of.to_string() };
    let values = context! {
        p => Value::from(Serde(own)),
        sent_on,
        first => add_days(statement.as_of, -SENT_DAYS_MAX).to_string(),
        last => statement.as_of.to_string(),
        ..fields_shown(form, visit, statement, "paid-already", |choice| asked.contains(choice.invoice.as_str()))
    };
    form_page(visit, "paid_already", own.title, wrong, values)
}

/// What became of what somebody said that they paid.
async fn said(form: &FormVisit<'_>, made: &str) -> Result<Option<PortalPage>> {
    let Some(visit) = form.beside().await? else { return Ok(None) };
    let agreement = form.agreement(made).await?;
    let Some((agreement, money)) = agreement.as_ref().and_then(announced) else {
        return Ok(Some(PortalPage::Plain(404, visit.words)));
    };
    let own = PaidAlreadyLabels::of(visit.words);
    let day = |on: Date| visit.locale.date(on);
    let told_on = agreement.made_at.to_zoned(domain::calendar::tenant_zone(&visit.settings)).date();
    let says = own.says.replace("{amount}", &amounts_of(&visit, agreement)).replace("{day}", &day(told_on));
    let mut lines = vec![says];
    match &money.status {
        // Of a status of a later release it is known that it keeps its amount back.
        MoneyStatus::Expected | MoneyStatus::Later(_) if agreement.ended_at.is_none() => {
            lines.push(own.waits.replace("{}", &day(money.expected_on)));
            lines.push(own.otherwise.to_owned());
        }
        MoneyStatus::Arrived => lines.push(own.arrived.to_owned()),
        MoneyStatus::Failed | MoneyStatus::Expected | MoneyStatus::Later(_) => lines.push(own.failed.to_owned()),
    }
    let note = form.which_invoices(&visit, agreement).await?;
    let values = context! { lines, note };
    Ok(Some(form_page(&visit, "said", own.made, &WrongFields::default(), values)))
}

/// Money that a customer or a collector said is on its way; not what a payment that was begun here keeps back.
fn announced(agreement: &Agreement) -> Option<(&Agreement, &MoneyOnItsWay)> {
    match &agreement.terms {
        Terms::Money(money) if money.basket.is_none() => Some((agreement, money)),
        Terms::Money(_) | Terms::Promise(_) | Terms::Dispute(_) | Terms::Plan(_) | Terms::Pause(_) | Terms::Later(_) => None,
    }
}
