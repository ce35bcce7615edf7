//! How to pay: what the tenant's settings say of it, for each company that is owed.

use std::collections::BTreeSet;

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
    let payment = |(text, names): &(&str, Vec<&str>)| HowToPay { to: several.then(|| names.join(", ")), lines: lines(text) };
    texts.iter().map(payment).collect()
}

/// The lines of a text that hold something.
pub(crate) fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}
