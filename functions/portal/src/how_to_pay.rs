//! How to pay: what the tenant's settings say of it, for each company that is owed.

use std::collections::BTreeSet;

use domain::InvoiceId;
use serde::Serialize;

use crate::visit::Visit;

/// How to pay one of the companies that are owed.
#[derive(Serialize)]
pub(crate) struct HowToPay {
    to: Option<String>,
    lines: Vec<String>,
}

/// How to pay each of the companies that are owed; named where there are several ways.
pub(crate) fn ways_to_pay(visit: &Visit, entities: &BTreeSet<String>) -> Vec<HowToPay> {
    let settings = &visit.settings;
    let mut texts: Vec<(String, Vec<&str>)> = Vec::new();
    for entity in entities {
        let Some(text) = settings.how_to_pay(entity, None, visit.words.language) else { continue };
        let name = settings.name_of(entity);
        match texts.iter_mut().find(|(known, _)| *known == text) {
            Some((_, names)) => names.push(name),
            None => texts.push((text, vec![name])),
        }
    }
    // An account is one company's: where several are owed it is said whose, also where only one says how to pay.
    let several = entities.len() > 1;
    let payment = |(text, names): &(String, Vec<&str>)| HowToPay { to: several.then(|| names.join(", ")), lines: lines(text) };
    texts.iter().map(payment).collect()
}

/// Where can be paid here what is owed, one invoice or all; `None` where the tenant has neither a provider nor an account.
pub(crate) fn pay_link(visit: &Visit, payments: &[HowToPay], invoice: Option<&InvoiceId>) -> Option<String> {
    let path = &visit.path;
    let link = invoice.map_or_else(|| format!("{path}/pay"), |invoice| format!("{path}/pay?invoice={invoice}"));
    (visit.pays_here || !payments.is_empty()).then_some(link)
}

/// The lines of a text that hold something.
pub(crate) fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}
