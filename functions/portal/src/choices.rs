//! The invoices of a page of the statement that a form lets choose from, the amount for those that were chosen, and what is wrong with it; what the
//! forms of a promise and of money that was sent show alike.

use std::collections::BTreeSet;

use domain::{Currency, InvoiceId, WayOfPaying};
use minijinja::{Value, context, value::Serde};
use serde::Serialize;

use crate::{
    form_labels::FormLabels,
    form_visit::{FormVisit, WrongFields},
    statement::{AccountStatement, StatementItem},
    typed::{TypedFields, amount, shown_again},
    visit::Visit,
};

/// An invoice that can be chosen.
#[derive(Debug)]
pub(crate) struct InvoiceChoice<'a> {
    pub(crate) invoice: &'a InvoiceId,
    pub(crate) first: &'a StatementItem,
    pub(crate) open_minor: i64,
}

/// The same on the page.
#[derive(Debug, Serialize)]
struct ChoiceShown<'a> {
    id: &'a str,
    number: &'a str,
    due_on: String,
    late: bool,
    status: String,
    open: String,
    chosen: bool,
}

/// The invoices of a page of the statement, each once, oldest first.
pub(crate) fn choices(statement: &AccountStatement) -> Vec<InvoiceChoice<'_>> {
    let mut choices: Vec<InvoiceChoice<'_>> = Vec::new();
    for item in &statement.items {
        let Some(invoice) = &item.invoice else { continue };
        match choices.iter_mut().find(|choice| choice.invoice == invoice) {
            Some(known) => known.open_minor = known.open_minor.saturating_add(item.open_minor),
            None => choices.push(InvoiceChoice { invoice, first: item, open_minor: item.open_minor }),
        }
    }
    choices
}

/// They as the page shows them.
fn choices_shown<'a>(
    visit: &Visit,
    statement: &'a AccountStatement,
    is_chosen: impl Fn(&InvoiceChoice<'_>) -> bool,
) -> Vec<ChoiceShown<'a>> {
    let shown = |choice: InvoiceChoice<'a>| ChoiceShown {
        chosen: is_chosen(&choice),
        id: choice.invoice.as_str(),
        number: &choice.first.number,
        due_on: visit.locale.date(choice.first.due_on),
        late: choice.first.days_past_due > 0,
        status: visit.words.days_past_due(choice.first.days_past_due),
        open: visit.money(choice.open_minor, choice.first.currency),
    };
    choices(statement).into_iter().map(shown).collect()
}

/// What the form of a promise and the form of money that was sent show alike: the invoices, how much, how. `form_path` is where below the
/// customer's pages the form is.
pub(crate) fn fields_shown(
    form: &FormVisit<'_>,
    visit: &Visit,
    statement: &AccountStatement,
    form_path: &str,
    is_chosen: impl Fn(&InvoiceChoice<'_>) -> bool,
) -> Value {
    let typed = TypedFields::of(form.request);
    let address = format!("{}/{form_path}", visit.path);
    let rows = choices_shown(visit, statement, is_chosen);
    let way = if form.is_sent() { typed.one("way") } else { WayOfPaying::Transfer.as_str() };
    let ways = FormLabels::of(visit.words).ways().map(|(word, name)| context! { word, name, chosen => word == way });
    context! {
        action => format!("{address}{}", form.request.page_again()),
        next => statement.page.next_at(&address),
        choices => Value::from(Serde(&rows)),
        amount => shown_again(typed.one("amount")),
        ways => ways.collect::<Vec<_>>(),
    }
}

/// The invoices that were chosen, each once. Of none, and where one is no id, `wrong` says so: of the latter `not_id`.
pub(crate) fn chosen_invoices(visit: &Visit, typed: TypedFields<'_>, not_id: &str, wrong: &mut WrongFields) -> Vec<InvoiceId> {
    let named: Option<BTreeSet<InvoiceId>> = typed.all("invoice").map(InvoiceId::parse).collect();
    match named {
        Some(named) if named.is_empty() => wrong.add("invoice", FormLabels::of(visit.words).no_invoices),
        Some(named) => return named.into_iter().collect(),
        None => wrong.add("invoice", not_id),
    }
    Vec::new()
}

/// The currency by which an amount for chosen invoices reads: theirs, else that of what stands first.
pub(crate) fn currency_of(statement: &AccountStatement, invoices: &[InvoiceId]) -> Option<Currency> {
    let is_chosen = |item: &&StatementItem| item.invoice.as_ref().is_some_and(|id| invoices.contains(id));
    let of_chosen: BTreeSet<Currency> = statement.items.iter().filter(is_chosen).map(|item| item.currency).collect();
    // Of invoices in several currencies an amount says nothing; the first one's says how it reads.
    of_chosen.into_iter().next().or_else(|| statement.items.first().map(|item| item.currency))
}

/// The amount that was typed for chosen invoices, minor units; `None` where none was, and where `wrong` says that it is none.
pub(crate) fn amount_typed(
    visit: &Visit,
    statement: &AccountStatement,
    invoices: &[InvoiceId],
    typed: TypedFields<'_>,
    wrong: &mut WrongFields,
) -> Option<i64> {
    let text = Some(typed.one("amount")).filter(|text| !text.is_empty())?;
    let minor = currency_of(statement, invoices).and_then(|currency| amount(text, currency, visit.locale.decimal_mark()));
    if minor.is_none() {
        wrong.add("amount", wrong_amount(visit, statement, invoices));
    }
    minor
}

/// What is wrong with an amount for chosen invoices, and what would be right.
pub(crate) fn wrong_amount(visit: &Visit, statement: &AccountStatement, invoices: &[InvoiceId]) -> String {
    let labels = FormLabels::of(visit.words);
    let mut chosen = choices(statement);
    // Where none of them is on this page, all that it shows says how an amount reads.
    if chosen.iter().any(|choice| invoices.contains(choice.invoice)) {
        chosen.retain(|choice| invoices.contains(choice.invoice));
    }
    let currencies: BTreeSet<Currency> = chosen.iter().map(|choice| choice.first.currency).collect();
    let Some(currency) = currencies.first().filter(|_| currencies.len() == 1) else { return labels.mixed_amount.to_owned() };
    let open_minor = chosen.iter().map(|choice| choice.open_minor).fold(0, i64::saturating_add);
    let most = visit.money(open_minor, *currency);
    labels.wrong_amount.replace("{}", &most).replace("{example}", &visit.money((open_minor / 2).max(1), *currency))
}
