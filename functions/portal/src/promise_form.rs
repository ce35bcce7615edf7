//! A customer promises to pay: which invoices, how much, by which day, how. What came of it is said as it stands whenever somebody looks.

use domain::{Agreement, Promise, PromiseStatus, Settings, Terms, WayOfPaying};
use jiff::civil::Date;
use minijinja::context;
use service::link_holder::{PROMISES_ENOUGH, PROMISES_UNKEPT, PromisedByLink, last_promise_day};
use store::Result;

use crate::{
    choices::{InvoiceChoice, amount_typed, chosen_invoices, fields_shown, wrong_amount},
    form_labels::FormLabels,
    form_visit::{FormVisit, Taken, WrongFields, amounts_of, form_page},
    page::PortalPage,
    statement::{AccountStatement, StatementItem},
    typed::{TypedFields, shown_again},
    visit::Visit,
};

/// The fields of the form.
const FIELDS: [&str; 4] = ["invoice", "amount", "pays_on", "way"];

/// The days that a promise may name.
#[derive(Clone, Copy)]
struct Bounds {
    first: Date,
    last: Date,
}

impl Bounds {
    fn of(settings: &Settings, today: Date) -> Self {
        Self { first: today, last: last_promise_day(settings, today) }
    }

    fn in_words(self, visit: &Visit, text: &str) -> String {
        text.replace("{first}", &visit.locale.date(self.first)).replace("{last}", &visit.locale.date(self.last))
    }
}

/// The form, what was sent with it, or what became of a promise; `None` where the link opens nothing.
///
/// # Errors
///
/// Those of the table.
pub(crate) async fn promise(form: &FormVisit<'_>) -> Result<Option<PortalPage>> {
    if let Some(made) = form.request.query("made").filter(|_| !form.is_sent()) {
        return said(form, made).await;
    }
    let Some((statement, visit)) = form.account().await? else { return Ok(None) };
    let typed = TypedFields::of(form.request);
    let mut wrong = WrongFields::default();
    if form.is_sent()
        && let Some(asked) = read(&visit, &statement, typed, &mut wrong)
    {
        match Taken::of(form.holder.promise(form.store, &asked, form.now).await)? {
            Taken::Done(made) => return Ok(Some(PortalPage::See(format!("{}/promise?made={}", visit.path, made.id)))),
            Taken::Wrong(pointers) => pointers.iter().for_each(|at| name(&visit, &statement, &asked, at, &mut wrong)),
            Taken::Again => wrong.add("form", FormLabels::of(visit.words).not_now),
            Taken::Gone => return Ok(None),
        }
    }
    Ok(Some(shown(form, &visit, &statement, typed, &wrong)))
}

/// What was promised, as far as it reads.
fn read(visit: &Visit, statement: &AccountStatement, typed: TypedFields<'_>, wrong: &mut WrongFields) -> Option<PromisedByLink> {
    let labels = FormLabels::of(visit.words);
    if typed.has_others(&FIELDS) {
        wrong.add("form", labels.unknown_field);
    }
    let invoices = chosen_invoices(visit, typed, labels.wrong_invoices, wrong);
    let bounds = Bounds::of(&visit.settings, statement.as_of);
    let pays_on = typed.one("pays_on").parse::<Date>().ok();
    if pays_on.is_none() {
        wrong.add("pays_on", bounds.in_words(visit, labels.wrong_day));
    }
    let way = typed.one("way");
    if !WayOfPaying::WORDS.contains(&way) {
        wrong.add("way", labels.wrong_way);
    }
    let amount_minor = amount_typed(visit, statement, &invoices, typed, wrong);
    let (Some(pays_on), true) = (pays_on, wrong.is_empty()) else { return None };
    Some(PromisedByLink { invoices, amount_minor, pays_on, way: Some(way.to_owned()) })
}

/// Says in the customer's language what is wrong at a pointer.
fn name(visit: &Visit, statement: &AccountStatement, asked: &PromisedByLink, pointer: &str, wrong: &mut WrongFields) {
    let labels = FormLabels::of(visit.words);
    match pointer {
        "/pays_on" => {
            let bounds = Bounds::of(&visit.settings, statement.as_of);
            wrong.add("pays_on", bounds.in_words(visit, labels.wrong_day));
        }
        "/amount_minor" => wrong.add("amount", wrong_amount(visit, statement, &asked.invoices)),
        "/way" => wrong.add("way", labels.wrong_way),
        PROMISES_ENOUGH => wrong.add("form", enough(visit)),
        PROMISES_UNKEPT => wrong.add("invoice", labels.promises_unkept),
        pointer if pointer.starts_with("/scope") => wrong.add("invoice", labels.wrong_invoices),
        _ => wrong.add("form", labels.too_much),
    }
}

/// That no more promises are taken here.
fn enough(visit: &Visit) -> String {
    let (labels, most) = (FormLabels::of(visit.words), visit.settings.promises.max_open);
    if most == 0 { labels.promises_closed.to_owned() } else { labels.promises_enough.replace("{}", &most.to_string()) }
}

fn shown(
    form: &FormVisit<'_>,
    visit: &Visit,
    statement: &AccountStatement,
    typed: TypedFields<'_>,
    wrong: &WrongFields,
) -> PortalPage {
    let labels = FormLabels::of(visit.words);
    let bounds = Bounds::of(&visit.settings, statement.as_of);
    // What was asked for, else what was asked about, else what is past due and nobody speaks of yet.
    let asked = form.asked_about();
    let begins_with = |item: &StatementItem| item.days_past_due > 0 && item.notes.is_empty();
    let is_chosen = |choice: &InvoiceChoice<'_>| {
        let begins = !form.is_sent() && asked.is_empty() && begins_with(choice.first);
        asked.contains(choice.invoice.as_str()) || begins
    };
    let values = context! {
        is_closed => visit.settings.promises.max_open == 0,
        pays_on => shown_again(typed.one("pays_on")),
        first => bounds.first.to_string(),
        last => bounds.last.to_string(),
        by_when_hint => bounds.in_words(visit, labels.by_when_hint),
        ..fields_shown(form, visit, statement, "promise", is_chosen)
    };
    form_page(visit, "promise", labels.promise, wrong, values)
}

/// What became of a promise.
async fn said(form: &FormVisit<'_>, made: &str) -> Result<Option<PortalPage>> {
    let Some(visit) = form.beside().await? else { return Ok(None) };
    let agreement = form.agreement(made).await?;
    let Some((agreement, promise)) = agreement.as_ref().and_then(promised) else {
        return Ok(Some(PortalPage::Plain(404, visit.words)));
    };
    let labels = FormLabels::of(visit.words);
    let day = |on: Date| visit.locale.date(on);
    let says = labels.promise_says.replace("{amount}", &amounts_of(&visit, agreement)).replace("{day}", &day(promise.pays_on));
    let mut lines = vec![says];
    match &promise.status {
        // Of a status of a later release it is known that it keeps its amount back.
        PromiseStatus::Open | PromiseStatus::Later(_) if agreement.ended_at.is_none() => {
            lines.push(labels.promise_waits.replace("{}", &day(waits_until(agreement, promise))));
            lines.push(labels.promise_else.to_owned());
        }
        PromiseStatus::Kept => lines.push(labels.promise_kept.to_owned()),
        PromiseStatus::PartlyKept => lines.push(labels.promise_partly_kept.to_owned()),
        PromiseStatus::Broken => lines.push(labels.promise_broken.to_owned()),
        PromiseStatus::Open | PromiseStatus::Cancelled | PromiseStatus::Later(_) => lines.push(labels.promise_over.to_owned()),
    }
    let note = form.which_invoices(&visit, agreement).await?;
    let values = context! { lines, note };
    Ok(Some(form_page(&visit, "said", labels.promise_made, &WrongFields::default(), values)))
}

fn promised(agreement: &Agreement) -> Option<(&Agreement, &Promise)> {
    match &agreement.terms {
        Terms::Promise(promise) => Some((agreement, promise)),
        Terms::Dispute(_) | Terms::Plan(_) | Terms::Pause(_) | Terms::Money(_) | Terms::Later(_) => None,
    }
}

/// The last day on which a promise keeps something back.
fn waits_until(agreement: &Agreement, promise: &Promise) -> Date {
    agreement.until_on.unwrap_or(promise.expected_on)
}
