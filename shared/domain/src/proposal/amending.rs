//! Promises that are changed while they are open.

use jiff::civil::Date;
use serde::Deserialize;

use super::{Flaw, Proposal, ProposedScope, Proposer, propose};
use crate::{Agreement, AgreementScope, Facts, Promise, PromiseStatus, Settings, Terms};

/// What is to change of a promise that is open; what is left out stays.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Amendment {
    /// The day promised.
    #[serde(default)]
    pub pays_on: Option<Date>,
    /// How much of its scope, minor units.
    #[serde(default)]
    pub amount_minor: Option<i64>,
    /// How it is paid.
    #[serde(default)]
    pub way: Option<String>,
}

/// A promise with another day, amount or way: the same agreement, measured by what was owed when it was made.
///
/// # Errors
///
/// Every flaw that was found; one of `""` where the agreement is no promise that is open.
pub fn amend(
    agreement: &Agreement,
    amendment: &Amendment,
    facts: &Facts,
    settings: &Settings,
    proposer: Proposer<'_>,
) -> Result<Agreement, Vec<Flaw>> {
    let whole = |detail: &str| Err(vec![(String::new(), detail.to_owned())]);
    let Terms::Promise(promise) = &agreement.terms else {
        return whole("only a promise is changed; end this one and make another");
    };
    if promise.status != PromiseStatus::Open || agreement.ended_at.is_some() {
        return whole("the promise is over; record the new one");
    }
    let scope = match &agreement.scope {
        AgreementScope::Customer => ProposedScope::Customer,
        AgreementScope::Case(currency) => ProposedScope::Case(*currency),
        AgreementScope::Balance(balance) => ProposedScope::Balance(balance.clone()),
        AgreementScope::Invoices(ids) => ProposedScope::Invoices(ids.iter().map(|id| id.as_str().to_owned()).collect()),
        AgreementScope::Later(_) => return whole("a later release made it; this one cannot change it"),
    };
    let proposal = Proposal {
        kind: "promise".to_owned(),
        scope,
        amount_minor: amendment.amount_minor.or(agreement.amount_minor),
        pays_on: Some(amendment.pays_on.unwrap_or(promise.pays_on)),
        sent_on: None,
        way: Some(amendment.way.clone().unwrap_or_else(|| promise.way.as_str().to_owned())),
        reason: None,
        parts: None,
        until_on: None,
        ends_with: None,
        line: None,
        lines: Vec::new(),
    };
    let fresh = propose(&proposal, facts, settings, proposer)?;
    let Terms::Promise(terms) = fresh.terms else { return whole("only a promise is changed") };
    let terms = Terms::Promise(Promise { of: promise.of.clone(), ..terms });
    Ok(Agreement { terms, amount_minor: fresh.amount_minor, ..agreement.clone() })
}
