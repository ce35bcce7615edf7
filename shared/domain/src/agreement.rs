//! What was agreed or claimed about what is owed: promises, disputes, plans, pauses, money on its way.
//!
//! Each has its scope, its status and its life. What it keeps back right now is derived from it ([`crate::agreed`]) and stored
//! nowhere. Time and money change some by themselves ([`crate::agreed`]); a decision writes that down. People change the
//! others ([`Agreement::act`]).

use compact_str::CompactString;
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use crate::{
    AgreementId, BalanceKey, Coverage, Currency, DisputedLine, InvoiceId, LinkId, Payment, PaymentId, Settings,
    calendar::{Calendar, Locality, freshness},
    dates::add_days,
};

mod act;
mod split;
mod words;

pub use act::{ActError, AgreementAct};
pub(crate) use split::share_id;
pub use words::*;

/// Most invoices that an agreement measures itself by, the oldest first.
pub const INVOICES_MAX: usize = 500;

/// What was agreed or claimed about what a customer owes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreement {
    /// Its id.
    pub id: AgreementId,
    /// What kind it is, and what that kind says.
    pub terms: Terms,
    /// What it speaks of.
    pub scope: AgreementScope,
    /// How much of the scope, minor units; `None` is all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount_minor: Option<i64>,
    /// Whether the days that it lasts move the anchors of what it keeps back.
    pub clock: HoldClock,
    /// When it was made known.
    pub made_at: Timestamp,
    /// Since when it keeps something back.
    pub from_at: Timestamp,
    /// The last day on which it keeps something back, in the tenant's zone, where somebody said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_on: Option<Date>,
    /// When it stopped keeping anything back before its time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// Since when it has its status.
    pub status_at: Timestamp,
    /// Who made it: a person's name in the token, empty where there was none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub by: String,
    /// Results of the steps of its own due items, those of a plan, from decisions that are no longer read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub folded: Vec<Coverage>,
}

/// What an agreement says, by its kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Terms {
    /// The customer will pay on a day.
    Promise(Promise),
    /// The customer contests what is asked.
    Dispute(Dispute),
    /// What is owed is paid in parts, which fall due instead of the invoices.
    Plan(PaymentPlan),
    /// Nobody is to be chased, for a reason or until an end.
    Pause(Pause),
    /// Money was sent and is not on the ledger yet.
    Money(MoneyOnItsWay),
    /// A kind of a later release: kept as it is, keeps back its whole scope until it is ended.
    #[serde(untagged)]
    Later(serde_json::Map<String, serde_json::Value>),
}

/// A dated commitment to pay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promise {
    /// The day promised, which anchors `promise_date` steps.
    pub pays_on: Date,
    /// How.
    pub way: WayOfPaying,
    /// The last day by which it is on the ledger if it was paid on the day promised.
    pub expected_on: Date,
    /// What was owed when it was made.
    #[serde(default)]
    pub of: Vec<Stood>,
    /// Where it stands.
    pub status: PromiseStatus,
}

/// An invoice contested in whole or part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispute {
    /// Why.
    pub reason: DisputeReason,
    /// What was owed when it was made, and once it is resolved, when it was resolved.
    #[serde(default)]
    pub of: Vec<Stood>,
    /// How much of it is right, minor units, once it is upheld in part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upheld_minor: Option<i64>,
    /// The line of the invoice that it is about, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<DisputedLine>,
    /// Where it stands.
    pub status: DisputeStatus,
}

/// Parts agreed for an amount: they fall due instead of the invoices that they are of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentPlan {
    /// What its items are called: the numbers of its invoices.
    pub name: String,
    /// The one currency of every amount here.
    pub currency: Currency,
    /// The one legal entity that its invoices are owed to; empty for the default one.
    #[serde(default, skip_serializing_if = "CompactString::is_empty")]
    pub legal_entity: CompactString,
    /// In order of their days; they sum to what `of` says.
    pub parts: Vec<PlanPart>,
    /// The invoices that it is of, the oldest first, each with its share of the plan.
    pub of: Vec<Stood>,
    /// Where it stands.
    pub status: PlanStatus,
}

/// One part of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanPart {
    /// Minor units, above zero.
    pub amount_minor: i64,
    /// When it falls due, in the tenant's zone.
    pub due_on: Date,
    /// The last day by which it is on the ledger if it was paid then: after it the plan is broken.
    pub expected_on: Date,
}

/// A time in which nobody is chased.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// Why.
    pub reason: HoldReason,
    /// What ends it, beside its last day and people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_with: Option<EndsWith>,
    /// What was owed when it was made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub of: Vec<Stood>,
    /// Where it stands.
    pub status: PauseStatus,
}

/// What takes the reason of a pause away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndsWith {
    /// All that was open in its scope when it was made is closed: what comes later is chased.
    Closed,
    /// The customer replied after it was made.
    Replied,
    /// Another agreement is over.
    Agreement(AgreementId),
    /// A word of a later release: kept as it is, and never comes by itself.
    #[serde(untagged)]
    Later(serde_json::Value),
}

/// Money that was sent and is not on the ledger yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoneyOnItsWay {
    /// How it was sent.
    pub way: WayOfPaying,
    /// The last day by which it is on the ledger.
    pub expected_on: Date,
    /// What was owed when it was made known, with what of it was sent where the payer said so; of a basket, its lines.
    #[serde(default)]
    pub of: Vec<Stood>,
    /// Where it stands.
    pub status: MoneyStatus,
    /// The basket that it comes of, where the payer began one here: then exactly the amounts of `of` are kept back, until then or until the
    /// basket's payment is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basket: Option<OfBasket>,
}

/// How long a basket keeps back what is to be paid with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfBasket {
    /// The basket.
    pub id: PaymentId,
    /// From then on it keeps nothing back, unless its provider says more.
    pub ends_at: Timestamp,
    /// How its invoices stood when a transfer was announced, at most [`INVOICES_MAX`] of them: only the books tell of its money, so that what is
    /// paid of an invoice since counts as its, whatever it names. Empty where a provider tells.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stood: Vec<Stood>,
}

/// How an invoice stood at an instant, minor units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stood {
    /// The invoice.
    pub invoice: InvoiceId,
    /// What was open of it; in a plan, its share; in a basket, its line.
    pub open_minor: i64,
    /// What it came to, less credits: what the creditor asked for.
    pub claim_minor: i64,
    /// Its currency; absent in agreements of before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// How much of it is on its way, where whoever sent money said what of it is for which invoice: no more than that is kept back of it, and
    /// no more than that counts as come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_minor: Option<i64>,
}

/// What an agreement speaks of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgreementScope {
    /// Everything that the customer owes.
    Customer,
    /// Everything that the customer owes in one currency.
    Case(Currency),
    /// What the customer owes to one legal entity in one currency.
    Balance(BalanceKey),
    /// These invoices.
    Invoices(Vec<InvoiceId>),
    /// A scope of a later release: kept as it is, treated as the whole customer.
    #[serde(untagged)]
    Later(serde_json::Value),
}

impl AgreementScope {
    /// Whether it speaks of a due item: of an invoice, or `None` for what is no invoice's, that is part of a balance.
    pub fn covers(&self, invoice: Option<&InvoiceId>, currency: Currency, legal_entity: &str) -> bool {
        match self {
            Self::Customer | Self::Later(_) => true,
            Self::Case(own) => *own == currency,
            Self::Balance(own) => own.currency == currency && own.legal_entity == legal_entity,
            Self::Invoices(all) => invoice.is_some_and(|invoice| all.contains(invoice)),
        }
    }

    /// Whether it names an invoice itself.
    pub fn names(&self, invoice: &InvoiceId) -> bool {
        match self {
            Self::Invoices(all) => all.contains(invoice),
            Self::Customer | Self::Case(_) | Self::Balance(_) | Self::Later(_) => false,
        }
    }
}

/// The last day by which money is on the ledger that is paid on `pays_on`: the clearing days of its way on the tenant's business
/// days, and for as long as the source of `customer` may be silent (`settings.freshness`) on top.
pub fn expected_on(settings: &Settings, source: &str, pays_on: Date, way: &WayOfPaying) -> Date {
    const DAY_SECONDS: i64 = 24 * 60 * 60;
    let home = Locality::of_tenant(settings);
    let calendar = Calendar::new(&home, &settings.window, &settings.calendar.closed);
    let cleared = calendar.add_business_days(pays_on, way.clearing_business_days());
    let silence = settings.freshness.get(source).and_then(|text| freshness(text)).map_or(0, |silence| silence.as_secs());
    add_days(cleared, silence.div_euclid(DAY_SECONDS) + i64::from(silence.rem_euclid(DAY_SECONDS) > 0))
}

/// The day by which somebody decides what a customer contested at an instant: `settings.disputes` in business days of the tenant.
pub fn decided_by(settings: &Settings, contested_at: Timestamp) -> Date {
    let home = Locality::of_tenant(settings);
    let calendar = Calendar::new(&home, &settings.window, &settings.calendar.closed);
    let on = contested_at.to_zoned(home.zone().clone()).date();
    calendar.add_business_days(on, i32::from(settings.disputes.sla_days))
}

/// The id under which what is kept back of a payment can be released whose own document says that it was taken back: of the payment as
/// it was last received. Taken back again after it was received again is a matter of its own.
pub fn of_document(received: &Payment) -> AgreementId {
    AgreementId::derive(&["taken_back", received.id.as_str(), &received.source_version.sortable()])
}

/// The id under which what is kept back of a payment that was taken back can be released: of the payment and the refunds and
/// chargebacks that are in force. A further one is a matter of its own.
pub fn of_reversals(payment: &PaymentId, external_ids: &[&str]) -> AgreementId {
    let mut parts = vec!["reversed", payment.as_str()];
    parts.extend(external_ids);
    AgreementId::derive(&parts)
}

impl Agreement {
    /// The kind in a word.
    pub fn kind(&self) -> &str {
        match &self.terms {
            Terms::Promise(_) => "promise",
            Terms::Dispute(_) => "dispute",
            Terms::Plan(_) => "plan",
            Terms::Pause(_) => "pause",
            Terms::Money(_) => "money",
            Terms::Later(map) => map.get("kind").and_then(serde_json::Value::as_str).unwrap_or("unknown"),
        }
    }

    /// The status in a word.
    pub fn status(&self) -> &str {
        match &self.terms {
            Terms::Promise(promise) => promise.status.as_str(),
            Terms::Dispute(dispute) => dispute.status.as_str(),
            Terms::Plan(plan) => plan.status.as_str(),
            Terms::Pause(pause) => pause.status.as_str(),
            Terms::Money(money) => money.status.as_str(),
            Terms::Later(map) => map.get("status").and_then(serde_json::Value::as_str).unwrap_or("unknown"),
        }
    }

    /// Whether its life is over, for what is recorded of it.
    pub fn is_over(&self) -> bool {
        match &self.terms {
            Terms::Promise(promise) => !matches!(promise.status, PromiseStatus::Open | PromiseStatus::Later(_)),
            Terms::Dispute(dispute) => !matches!(dispute.status, DisputeStatus::Open | DisputeStatus::Later(_)),
            Terms::Plan(plan) => !matches!(plan.status, PlanStatus::Running | PlanStatus::Later(_)),
            Terms::Pause(pause) => !matches!(pause.status, PauseStatus::Running | PauseStatus::Later(_)),
            Terms::Money(money) => !matches!(money.status, MoneyStatus::Expected | MoneyStatus::Later(_)),
            Terms::Later(_) => false,
        }
    }

    /// Whether it still stands, for what is recorded of it: its life is not over, and it was not ended before its time.
    pub fn runs(&self) -> bool {
        !self.is_over() && self.ended_at.is_none()
    }

    /// What was owed when it was made, as far as it measures itself by it.
    pub fn of(&self) -> &[Stood] {
        match &self.terms {
            Terms::Promise(promise) => &promise.of,
            Terms::Dispute(dispute) => &dispute.of,
            Terms::Plan(plan) => &plan.of,
            Terms::Pause(pause) => &pause.of,
            Terms::Money(money) => &money.of,
            Terms::Later(_) => &[],
        }
    }

    /// The line of its invoice that it is about, of a dispute of one.
    pub fn disputed_line(&self) -> Option<&DisputedLine> {
        match &self.terms {
            Terms::Dispute(dispute) => dispute.line.as_ref(),
            Terms::Promise(_) | Terms::Plan(_) | Terms::Pause(_) | Terms::Money(_) | Terms::Later(_) => None,
        }
    }

    /// What was open in its scope when it was made, or resolved: the currency, and minor units. `None` where that was in several
    /// currencies, or in none that is known.
    pub fn stood(&self) -> Option<(Currency, i64)> {
        let of = self.of();
        let of_scope = match &self.scope {
            AgreementScope::Case(currency) => Some(*currency),
            AgreementScope::Balance(balance) => Some(balance.currency),
            AgreementScope::Customer | AgreementScope::Invoices(_) | AgreementScope::Later(_) => None,
        };
        let currency = of_scope.or(of.first()?.currency)?;
        let is_same = |stood: &Stood| stood.currency.or(of_scope) == Some(currency);
        let open_minor = of.iter().map(|stood| stood.open_minor).fold(0, i64::saturating_add);
        of.iter().all(is_same).then_some((currency, open_minor))
    }

    /// Whether a payer announced by it that money is on its way: by the customer's page, or its own system. A collector who was told so
    /// announces nothing.
    pub fn is_announcement(&self) -> bool {
        match &self.terms {
            Terms::Money(money) => match &money.basket {
                Some(_) => money.way == WayOfPaying::Transfer,
                None => LinkId::parse(&self.by).is_some(),
            },
            Terms::Promise(_) | Terms::Dispute(_) | Terms::Plan(_) | Terms::Pause(_) | Terms::Later(_) => false,
        }
    }

    /// With other terms since `now`.
    pub(crate) fn with(self, terms: Terms, ends: bool, now: Timestamp) -> Self {
        Self { terms, status_at: now, ended_at: if ends { self.ended_at.or(Some(now)) } else { self.ended_at }, ..self }
    }
}

#[cfg(test)]
mod tests;
