//! Agreements as pages show them: what was agreed in words, about what, how it stands, and what may be done with it.

use std::collections::BTreeMap;

use domain::{Agreement, AgreementScope, Currency, InvoiceId, Stood, Terms};
use serde::Serialize;

use crate::formats::Formats;

/// An agreement on a page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct AgreementOnPage {
    pub(crate) id: String,
    /// What it is called: `Promise`, `Dispute`, `Plan`, `Pause`, `Money on its way`.
    pub(crate) kind: &'static str,
    /// What it says.
    pub(crate) says: String,
    /// What it speaks of.
    pub(crate) about: String,
    /// How much of that, where it says so.
    pub(crate) amount: Option<String>,
    /// Its status in words.
    pub(crate) status: String,
    /// Since when it has that.
    pub(crate) since: String,
    /// Who made it; empty where nobody is named.
    pub(crate) by: String,
    pub(crate) runs: bool,
    /// Whether it went wrong: a promise or plan was broken, or kept in part.
    pub(crate) is_bad: bool,
    /// What may be done with it: the act of the address, and what its button says.
    pub(crate) acts: Vec<(&'static str, &'static str)>,
}

impl AgreementOnPage {
    /// With the numbers of invoices that are known, and the one currency that something is owed in, where there is one.
    pub(crate) fn of(
        agreement: &Agreement,
        numbers: &BTreeMap<InvoiceId, String>,
        only: Option<Currency>,
        formats: &Formats,
    ) -> Self {
        let (kind, says, acts, stood): (_, _, &[(&str, &str)], &[Stood]) = match &agreement.terms {
            Terms::Promise(promise) => {
                let says = format!("to pay by {}, {}", formats.date(promise.pays_on), in_words(promise.way.as_str()));
                ("Promise", says, &[("keep", "Kept"), ("cancel", "Cancel")], &promise.of)
            }
            Terms::Dispute(dispute) => {
                let line = dispute.line.as_ref().map(|line| format!(", line {}: {}", line.position, line.description));
                let says = format!("{}{}", in_words(dispute.reason.as_str()), line.unwrap_or_default());
                ("Dispute", says, &[("uphold", "Uphold"), ("reject", "Reject"), ("withdraw", "Withdraw")], &dispute.of)
            }
            Terms::Plan(plan) => {
                let parts: Vec<String> = plan
                    .parts
                    .iter()
                    .map(|part| format!("{} by {}", formats.amount(part.amount_minor, plan.currency), formats.date(part.due_on)))
                    .collect();
                ("Plan", parts.join("; "), &[("cancel", "Cancel")], &plan.of)
            }
            Terms::Pause(pause) => {
                let until = agreement.until_on.map(|on| format!(" until {}", formats.date(on)));
                let says = format!("{}{}", in_words(pause.reason.as_str()), until.unwrap_or_default());
                ("Pause", says, &[("release", "Release")], &pause.of)
            }
            Terms::Money(money) => {
                let says = format!("{}, expected by {}", in_words(money.way.as_str()), formats.date(money.expected_on));
                ("Money on its way", says, &[("keep", "Arrived"), ("cancel", "Cancel")], &money.of)
            }
            Terms::Later(_) => ("Agreement", "of a kind that only a later release knows".to_owned(), &[], &[]),
        };
        let currency = currency_of(agreement, stood).or(only);
        let runs = agreement.runs();
        Self {
            id: agreement.id.to_string(),
            kind,
            says,
            about: about(&agreement.scope, numbers),
            amount: agreement.amount_minor.zip(currency).map(|(minor, currency)| formats.amount(minor, currency)),
            status: in_words(agreement.status()),
            since: formats.moment(agreement.status_at),
            by: agreement.by.clone(),
            runs,
            is_bad: ["broken", "partly_kept", "failed"].contains(&agreement.status()),
            acts: if runs { acts.to_vec() } else { Vec::new() },
        }
    }
}

/// The currency of what an agreement speaks of, where it says one.
fn currency_of(agreement: &Agreement, stood: &[Stood]) -> Option<Currency> {
    match (&agreement.terms, &agreement.scope) {
        (Terms::Plan(plan), _) => Some(plan.currency),
        (_, AgreementScope::Case(currency)) => Some(*currency),
        (_, AgreementScope::Balance(balance)) => Some(balance.currency),
        (_, AgreementScope::Customer | AgreementScope::Invoices(_) | AgreementScope::Later(_)) => {
            stood.iter().find_map(|stood| stood.currency)
        }
    }
}

fn about(scope: &AgreementScope, numbers: &BTreeMap<InvoiceId, String>) -> String {
    match scope {
        AgreementScope::Customer => "everything owed".to_owned(),
        AgreementScope::Case(currency) => format!("everything in {}", currency.code()),
        AgreementScope::Balance(balance) => format!("everything in {} to {}", balance.currency.code(), balance.legal_entity),
        AgreementScope::Invoices(invoices) => {
            let named: Vec<&str> = invoices.iter().filter_map(|invoice| numbers.get(invoice)).map(String::as_str).collect();
            match (named.len() == invoices.len(), invoices.len()) {
                (true, _) => named.join(", "),
                (false, 1) => "an invoice that is closed".to_owned(),
                (false, count) => format!("{count} invoices"),
            }
        }
        AgreementScope::Later(_) => "what only a later release knows".to_owned(),
    }
}

/// A word of the API as people read it: `partly_kept` is `partly kept`.
pub(crate) fn in_words(word: &str) -> String {
    word.replace('_', " ")
}

#[cfg(test)]
mod tests {
    use domain::{AgreementId, HoldClock, Promise, PromiseStatus, WayOfPaying};

    use super::*;

    fn promise(scope: AgreementScope, status: PromiseStatus) -> Agreement {
        let at = "2026-02-10T10:00:00Z".parse().unwrap();
        let on = "2026-02-13".parse().unwrap();
        Agreement {
            id: AgreementId::derive(&["p"]),
            terms: Terms::Promise(Promise { pays_on: on, way: WayOfPaying::Transfer, expected_on: on, of: Vec::new(), status }),
            scope,
            amount_minor: Some(125_000),
            clock: HoldClock::StopClock,
            made_at: at,
            from_at: at,
            until_on: None,
            ended_at: None,
            status_at: at,
            by: "kim".to_owned(),
            folded: Vec::new(),
        }
    }

    #[test]
    fn a_promise_says_when_how_much_and_of_what() {
        let formats = Formats::of(None, "2026-02-10T10:00:00Z".parse().unwrap());
        let numbers = BTreeMap::from([(InvoiceId::derive(&["A"]), "F-1".to_owned())]);
        let of = |scope, status| AgreementOnPage::of(&promise(scope, status), &numbers, Some(Currency::EUR), &formats);
        let open = of(AgreementScope::Invoices(vec![InvoiceId::derive(&["A"])]), PromiseStatus::Open);
        assert_eq!(
            (open.says.as_str(), open.about.as_str(), open.status.as_str()),
            ("to pay by 2026-02-13, transfer", "F-1", "open")
        );
        assert!(open.amount.is_some() && open.runs && !open.is_bad && open.acts.len() == 2);
        let broken = of(AgreementScope::Case(Currency::EUR), PromiseStatus::Broken);
        assert_eq!((broken.about.as_str(), broken.runs, broken.is_bad), ("everything in EUR", false, true));
        assert!(broken.acts.is_empty());
        let closed = of(AgreementScope::Invoices(vec![InvoiceId::derive(&["B"])]), PromiseStatus::PartlyKept);
        assert_eq!((closed.about.as_str(), closed.status.as_str()), ("an invoice that is closed", "partly kept"));
    }
}
