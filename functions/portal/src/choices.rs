//! The invoices of a page of the statement that a form lets choose from, and what is wrong with an amount for those that were chosen.

use std::collections::BTreeSet;

use domain::{Currency, InvoiceId};
use serde::Serialize;

use crate::{
    form_labels::FormLabels,
    form_visit::WrongFields,
    statement::{AccountStatement, StatementItem},
    typed::TypedFields,
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
pub(crate) struct ChoiceShown<'a> {
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
pub(crate) fn choices_shown<'a>(
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

/// The invoices that were chosen, each once. Of none, and where one is no id, `wrong` says so.
pub(crate) fn chosen_invoices(visit: &Visit, typed: TypedFields<'_>, wrong: &mut WrongFields) -> Vec<InvoiceId> {
    let labels = FormLabels::of(visit.words);
    let named: Option<BTreeSet<InvoiceId>> = typed.all("invoice").map(InvoiceId::parse).collect();
    match named {
        Some(named) if named.is_empty() => wrong.add("invoice", labels.no_invoices),
        Some(named) => return named.into_iter().collect(),
        None => wrong.add("invoice", labels.wrong_invoices),
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
