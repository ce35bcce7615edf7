//! How a promise, a dispute or a payment that was announced stands, for the customer's own system: `docs/schemas/agreed.schema.json`.

use domain::{Agreement, Currency, DisputedLine, InvoiceId, Settings, Terms};
use jiff::{Timestamp, civil::Date};
use serde::Serialize;
use service::link_holder::decided_by;

use crate::{page::PortalPage, visit::Visit};

/// The form of what is answered; another one would have another number.
const FORM: u32 = 1;

#[derive(Debug, Serialize)]
struct AgreedData<'a> {
    form: u32,
    id: &'a str,
    kind: &'static str,
    status: &'a str,
    invoices: Vec<AgreedInvoice<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<Currency>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount_minor: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pays_on: Option<Date>,
    #[serde(skip_serializing_if = "Option::is_none")]
    way: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected_on: Option<Date>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    upheld_minor: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<&'a DisputedLine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decided_by: Option<Date>,
    made_at: Timestamp,
    address: String,
}

#[derive(Debug, Serialize)]
struct AgreedInvoice<'a> {
    invoice: &'a InvoiceId,
    open_minor: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    sent_minor: Option<i64>,
}

/// Where customers' systems find how an agreement stands.
fn address_of(path: &str, agreement: &Agreement) -> String {
    format!("{path}/agreements/{}", agreement.id)
}

/// The agreement as it stands; `None` of what customers do not make: plans, pauses, and what a payment that was begun here keeps back.
///
/// # Errors
///
/// When it cannot be written.
pub(crate) fn agreed(visit: &Visit, agreement: &Agreement) -> Result<Option<PortalPage>, serde_json::Error> {
    let Some(data) = data(&visit.path, &visit.settings, agreement) else { return Ok(None) };
    let body = serde_json::to_string(&data)?;
    Ok(Some(PortalPage::Data { content_type: "application/json", file: None, language: visit.words.language, body }))
}

fn data<'a>(path: &str, settings: &Settings, agreement: &'a Agreement) -> Option<AgreedData<'a>> {
    let stood = agreement.stood();
    let common = AgreedData {
        form: FORM,
        id: agreement.id.as_str(),
        kind: "",
        status: agreement.status(),
        invoices: agreement
            .of()
            .iter()
            .map(|stood| AgreedInvoice { invoice: &stood.invoice, open_minor: stood.open_minor, sent_minor: stood.sent_minor })
            .collect(),
        currency: stood.map(|(currency, _)| currency),
        amount_minor: agreement.amount_minor.or(stood.map(|(_, open_minor)| open_minor)),
        pays_on: None,
        way: None,
        expected_on: None,
        reason: None,
        upheld_minor: None,
        line: None,
        decided_by: None,
        made_at: agreement.made_at,
        address: address_of(path, agreement),
    };
    Some(match &agreement.terms {
        Terms::Promise(promise) => AgreedData {
            kind: "promise",
            pays_on: Some(promise.pays_on),
            way: Some(promise.way.as_str()),
            expected_on: Some(promise.expected_on),
            ..common
        },
        Terms::Money(money) if money.basket.is_none() => {
            AgreedData { kind: "remittance", way: Some(money.way.as_str()), expected_on: Some(money.expected_on), ..common }
        }
        Terms::Dispute(dispute) => AgreedData {
            kind: "dispute",
            reason: Some(dispute.reason.as_str()),
            upheld_minor: dispute.upheld_minor,
            line: dispute.line.as_ref(),
            // Once somebody decided, the day by which they meant to says nothing.
            decided_by: agreement.runs().then(|| decided_by(settings, agreement.made_at)),
            ..common
        },
        Terms::Money(_) | Terms::Plan(_) | Terms::Pause(_) | Terms::Later(_) => return None,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says by panicking that it failed")]

    use std::collections::BTreeSet;

    use domain::{
        AgreementId, AgreementScope, Dispute, DisputeReason, DisputeStatus, HoldClock, MoneyOnItsWay, MoneyStatus, Promise,
        PromiseStatus, Stood, WayOfPaying,
    };
    use serde_json::Value;

    use super::*;

    const SCHEMA: &str = include_str!("../../../docs/schemas/agreed.schema.json");

    fn agreement(terms: Terms, of: &Stood) -> Agreement {
        let at = "2026-02-10T10:00:00Z".parse().unwrap();
        Agreement {
            id: AgreementId::derive(&["one"]),
            terms,
            scope: AgreementScope::Invoices(vec![of.invoice.clone()]),
            amount_minor: None,
            clock: HoldClock::StopClock,
            made_at: at,
            from_at: at,
            until_on: None,
            ended_at: None,
            status_at: at,
            by: String::new(),
            folded: vec![],
        }
    }

    #[test]
    fn the_schema_has_every_field_and_word() {
        let on = "2026-02-13".parse().unwrap();
        let of = Stood {
            invoice: InvoiceId::derive(&["one"]),
            open_minor: 1_000,
            claim_minor: 1_000,
            currency: Some(Currency::EUR),
            sent_minor: Some(400),
        };
        let all = || vec![of.clone()];
        let promise = Promise { pays_on: on, way: WayOfPaying::Card, expected_on: on, of: all(), status: PromiseStatus::Open };
        let money =
            MoneyOnItsWay { way: WayOfPaying::Card, expected_on: on, of: all(), status: MoneyStatus::Expected, basket: None };
        let line = DisputedLine { position: 1, external_id: Some("a".to_owned()), description: "Bricks".to_owned() };
        let dispute = Dispute {
            reason: DisputeReason::Price,
            of: all(),
            upheld_minor: Some(1),
            line: Some(line),
            status: DisputeStatus::Open,
        };
        let settings = Settings::named("Acme");
        let mut fields: BTreeSet<String> = BTreeSet::new();
        let mut always: Option<BTreeSet<String>> = None;
        for terms in [Terms::Promise(promise), Terms::Money(money), Terms::Dispute(dispute)] {
            let made = agreement(terms, &of);
            let data = serde_json::to_value(data("/p/x", &settings, &made).unwrap()).unwrap();
            let own: BTreeSet<String> = data.as_object().unwrap().keys().cloned().collect();
            always = Some(always.map_or_else(|| own.clone(), |known| known.intersection(&own).cloned().collect()));
            fields.extend(own);
        }
        let schema: Value = serde_json::from_str(SCHEMA).unwrap();
        let named: BTreeSet<String> = schema["properties"].as_object().unwrap().keys().cloned().collect();
        assert_eq!(named, fields);
        let texts = |value: &Value| -> Vec<String> {
            value.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
        };
        // An agreement of several currencies has neither of two.
        let mut required: BTreeSet<String> = always.unwrap();
        required.retain(|field| !["currency", "amount_minor"].contains(&field.as_str()));
        assert_eq!(texts(&schema["required"]).into_iter().collect::<BTreeSet<_>>(), required);
        let statuses = [PromiseStatus::WORDS, MoneyStatus::WORDS, DisputeStatus::WORDS].concat();
        let statuses: BTreeSet<String> = statuses.into_iter().map(str::to_owned).collect();
        assert_eq!(texts(&schema["properties"]["status"]["enum"]).into_iter().collect::<BTreeSet<_>>(), statuses);
        assert_eq!(texts(&schema["properties"]["way"]["enum"]), WayOfPaying::WORDS);
        assert_eq!(texts(&schema["properties"]["reason"]["enum"]), DisputeReason::WORDS);
    }
}
