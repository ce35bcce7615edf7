//! What a person proposes to agree on, checked against what is owed. Nothing of a proposal with a flaw is taken.

use std::collections::BTreeSet;

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use crate::{
    Agreement, AgreementId, AgreementScope, BalanceKey, BilledLine, Currency, Dispute, DisputeReason, DisputeStatus, EndsWith,
    Facts, HoldClock, HoldReason, InvoiceId, MoneyOnItsWay, MoneyStatus, NamedLine, Pause, PauseStatus, PaymentPlan, PlanPart,
    PlanStatus, Promise, PromiseStatus, Settings, Stood, Terms, WayOfPaying,
    agreed::Measure,
    agreement::{INVOICES_MAX, expected_on},
    calendar::Locality,
    dates::{add_days, days_between},
    receivables::{DueItem, Receivables, ReceivablesRules},
};

mod amending;
mod announced;
mod line;
mod same;

use line::Meant;

pub use amending::{Amendment, amend};
pub use announced::{AnnouncedLine, AnnouncedMoney, announce};
pub use same::agreed_already;

pub use crate::settings::PROMISE_DAYS_MAX;

/// How long ago money may have been sent that is still on its way, in days.
pub const SENT_DAYS_MAX: i64 = 60;
/// How far ahead the last part of a plan may be, in days.
pub const PLAN_DAYS_MAX: i64 = 1_100;
/// Most parts of a plan.
pub const PLAN_PARTS_MAX: usize = 120;
/// How far ahead a dispute or pause may end, in days; without an end it goes on until somebody ends it.
pub const END_DAYS_MAX: i64 = 400;
/// Most agreements of a customer that are not over.
pub const AGREEMENTS_MAX: usize = 200;

/// What a person proposes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proposal {
    /// `promise`, `dispute`, `plan`, `pause` or `money`.
    pub kind: String,
    /// What it speaks of; everything that the customer owes when left out.
    #[serde(default)]
    pub scope: ProposedScope,
    /// How much of the scope, minor units; all of it when left out.
    #[serde(default)]
    pub amount_minor: Option<i64>,
    /// Of a promise: the day promised.
    #[serde(default)]
    pub pays_on: Option<Date>,
    /// Of money on its way: when it was sent; today when left out.
    #[serde(default)]
    pub sent_on: Option<Date>,
    /// How it is paid, of a promise, a plan and money on its way; `other` when left out.
    #[serde(default)]
    pub way: Option<String>,
    /// Of a dispute and a pause: why.
    #[serde(default)]
    pub reason: Option<String>,
    /// Of a plan: its parts.
    #[serde(default)]
    pub parts: Option<Vec<ProposedPart>>,
    /// Of a dispute and a pause: the last day.
    #[serde(default)]
    pub until_on: Option<Date>,
    /// Of a pause: what ends it.
    #[serde(default)]
    pub ends_with: Option<ProposedEnd>,
    /// Of a dispute of one invoice: the line that it is about.
    #[serde(default)]
    pub line: Option<NamedLine>,
    /// The lines of that invoice, which whoever proposes reads where `line` names one.
    #[serde(skip)]
    pub lines: Vec<BilledLine>,
}

impl Proposal {
    /// The text that names its invoice, by the id here or the source's own, where it names a line: whose lines are to be read.
    pub fn invoice_of_line(&self) -> Option<&str> {
        self.line.as_ref().and_then(|_| self.scope.one_invoice())
    }

    /// The line that it names, where it names one.
    fn meant(&self) -> Result<Option<Meant>, Flaw> {
        let Some(named) = &self.line else { return Ok(None) };
        if self.scope.one_invoice().is_none() {
            let detail = "a line is of one invoice; name that invoice as the scope, such as {\"invoice\": \"INV-1\"}";
            return Err(("/line".to_owned(), detail.to_owned()));
        }
        Meant::of(named, &self.lines, self.amount_minor).map(Some)
    }
}

/// A part of a proposed plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProposedPart {
    /// Minor units.
    pub amount_minor: i64,
    /// When it falls due.
    pub due_on: Date,
}

/// What a proposal speaks of: `"customer"`, `{"case": "EUR"}`, `{"balance": "EUR/berlin"}`, `{"invoice": "inv_…"}` or `{"invoices":
/// ["inv_…"]}`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProposedScope {
    /// Everything that the customer owes.
    #[default]
    Customer,
    /// What it owes in one currency.
    Case(Currency),
    /// What it owes to one legal entity in one currency: `EUR/berlin`.
    Balance(BalanceKey),
    /// One invoice, by its id here or the source's own.
    Invoice(String),
    /// Invoices, each likewise.
    Invoices(Vec<String>),
}

impl ProposedScope {
    /// The text that names its invoice, where it is one.
    fn one_invoice(&self) -> Option<&str> {
        match self {
            Self::Invoice(text) => Some(text),
            Self::Invoices(texts) => texts.first().filter(|_| texts.len() == 1).map(String::as_str),
            Self::Customer | Self::Case(_) | Self::Balance(_) => None,
        }
    }
}

/// What ends a proposed pause: `"closed"`, `"replied"` or `{"agreement": "agr_…"}`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProposedEnd {
    /// All that is open in its scope is closed.
    Closed,
    /// The customer replies.
    Replied,
    /// Another agreement of the customer is over.
    Agreement(String),
}

/// A flaw: the JSON pointer of the field, and what is wrong with it.
type Flaw = (String, String);

/// Who proposes, and when.
#[derive(Clone, Copy, Debug)]
pub struct Proposer<'a> {
    /// The agreement's id.
    pub id: &'a AgreementId,
    /// The person.
    pub by: &'a str,
    /// Now.
    pub now: Timestamp,
}

/// The agreement that a proposal comes to, if everything about it is right.
///
/// # Errors
///
/// Every flaw that was found.
pub fn propose(proposal: &Proposal, facts: &Facts, settings: &Settings, proposer: Proposer<'_>) -> Result<Agreement, Vec<Flaw>> {
    let place = Locality::of_tenant(settings);
    let now = proposer.now;
    let receivables = Receivables::at(facts, ReceivablesRules::of(settings, place.zone()), now);
    let measure = Measure::of(facts, &receivables.items, place.zone(), now);
    let mut flaws = Flaws::default();
    let alive = facts.agreements.iter().filter(|agreement| agreement.runs()).count();
    flaws.add(alive >= AGREEMENTS_MAX, "/kind", format!("the customer has {alive} agreements that are not over; end some first"));
    flaws.extend(of_other_kinds(proposal));
    let before = flaws.0.len();
    let scope = flaws.scope(&proposal.scope, facts, &receivables);
    // Of an invoice that is not the customer's no line is looked for.
    let meant = if proposal.kind == "dispute" && flaws.0.len() == before { proposal.meant() } else { Ok(None) };
    let meant = meant.unwrap_or_else(|flaw| {
        flaws.0.push(flaw);
        None
    });
    if let AgreementScope::Balance(balance) = &scope {
        // What keeps nothing back because its name is wrong would look like an agreement.
        let id = &balance.legal_entity;
        let is_listed = id.is_empty() || settings.legal_entities.contains_key(id.as_str());
        flaws.add(
            !is_listed,
            "/scope/balance",
            format!("settings.legal_entities does not list '{id}'; list it, or name the currency alone"),
        );
    }
    let of = measure.stand(&scope);
    let needs_money = proposal.kind != "pause" || matches!(proposal.ends_with, Some(ProposedEnd::Closed));
    flaws.add(
        of.is_empty() && needs_money && flaws.0.is_empty(),
        "/scope",
        "nothing is open there, so that there is nothing to agree on".to_owned(),
    );
    let checking = Checking { proposal, facts, settings, receivables: &receivables, scope: &scope, of, meant };
    flaws.extend(checking.amount());
    let terms = checking.terms(&mut flaws);
    let (Some((terms, clock)), true) = (terms, flaws.0.is_empty()) else { return Err(flaws.0) };
    let amount_minor = match &terms {
        // The parts and shares of a plan say it.
        Terms::Plan(_) => None,
        Terms::Dispute(_) => checking.contested(),
        Terms::Promise(_) | Terms::Pause(_) | Terms::Money(_) | Terms::Later(_) => proposal.amount_minor,
    };
    Ok(Agreement {
        id: proposer.id.clone(),
        terms,
        scope,
        amount_minor,
        clock,
        made_at: now,
        from_at: now,
        until_on: proposal.until_on,
        ended_at: None,
        status_at: now,
        by: proposer.by.to_owned(),
        folded: Vec::new(),
    })
}

/// Whether a proposal is right by itself, whatever is owed and whenever it is made. One that is not was never taken, so that it is no repeat
/// of one that was; [`propose`] names each of its flaws.
pub fn is_well_formed(proposal: &Proposal) -> bool {
    let kind = proposal.kind.as_str();
    let parts = proposal.parts.as_deref().unwrap_or_default();
    let reason = proposal.reason.as_deref();
    let has_reason = match kind {
        "dispute" => reason.is_some_and(|text| DisputeReason::WORDS.contains(&text)),
        "pause" => reason.is_none_or(|text| ["manual", "legal"].contains(&text)),
        _ => reason.is_none(),
    };
    let has_scope = match &proposal.scope {
        ProposedScope::Customer | ProposedScope::Case(_) | ProposedScope::Balance(_) | ProposedScope::Invoice(_) => true,
        ProposedScope::Invoices(texts) => (1..=INVOICES_MAX).contains(&texts.len()),
    };
    let has_end = match &proposal.ends_with {
        None | Some(ProposedEnd::Closed | ProposedEnd::Replied) => true,
        Some(ProposedEnd::Agreement(text)) => AgreementId::parse(text).is_some(),
    };
    of_other_kinds(proposal).is_empty()
        && proposal.amount_minor.into_iter().chain(parts.iter().map(|part| part.amount_minor)).all(|minor| minor > 0)
        && proposal.way.as_deref().is_none_or(|text| WayOfPaying::WORDS.contains(&text))
        && has_reason
        && has_scope
        && has_end
        && (proposal.line.is_none() || proposal.scope.one_invoice().is_some())
        && (kind != "promise" || proposal.pays_on.is_some())
        && (kind != "plan" || (1..=PLAN_PARTS_MAX).contains(&parts.len()))
}

/// Fields that are of another kind than the one proposed.
fn of_other_kinds(proposal: &Proposal) -> Vec<Flaw> {
    let given = [
        ("pays_on", proposal.pays_on.is_some(), &["promise"][..]),
        ("sent_on", proposal.sent_on.is_some(), &["money"][..]),
        ("way", proposal.way.is_some(), &["promise", "plan", "money"][..]),
        ("reason", proposal.reason.is_some(), &["dispute", "pause"][..]),
        ("parts", proposal.parts.is_some(), &["plan"][..]),
        ("until_on", proposal.until_on.is_some(), &["dispute", "pause"][..]),
        ("ends_with", proposal.ends_with.is_some(), &["pause"][..]),
        ("line", proposal.line.is_some(), &["dispute"][..]),
    ];
    let known = ["promise", "dispute", "plan", "pause", "money"];
    if !known.contains(&proposal.kind.as_str()) {
        let detail = format!("'{}' is none of {}", proposal.kind, known.join(", "));
        return vec![("/kind".to_owned(), detail)];
    }
    let stray = given.iter().filter(|(_, given, kinds)| *given && !kinds.contains(&proposal.kind.as_str()));
    stray.map(|(name, _, kinds)| (format!("/{name}"), format!("only for {}; leave it out", kinds.join(", ")))).collect()
}

/// Flaws as they are found.
#[derive(Default)]
struct Flaws(Vec<Flaw>);

impl Flaws {
    fn add(&mut self, bad: bool, pointer: &str, detail: String) {
        if bad {
            self.0.push((pointer.to_owned(), detail));
        }
    }

    fn extend(&mut self, flaws: Vec<Flaw>) {
        self.0.extend(flaws);
    }

    /// The scope with ids; invoices that are not open, or not the customer's, are flaws.
    fn scope(&mut self, given: &ProposedScope, facts: &Facts, receivables: &Receivables<'_>) -> AgreementScope {
        let texts = match given {
            ProposedScope::Customer => return AgreementScope::Customer,
            ProposedScope::Case(currency) => return AgreementScope::Case(*currency),
            ProposedScope::Balance(balance) => return AgreementScope::Balance(balance.clone()),
            ProposedScope::Invoice(text) => std::slice::from_ref(text),
            ProposedScope::Invoices(texts) => texts.as_slice(),
        };
        let is_one = matches!(given, ProposedScope::Invoice(_));
        self.add(texts.is_empty(), "/scope/invoices", "name at least one invoice".to_owned());
        self.add(texts.len() > INVOICES_MAX, "/scope/invoices", format!("at most {INVOICES_MAX} invoices"));
        let mut invoices: Vec<InvoiceId> = Vec::new();
        for (at, text) in texts.iter().enumerate() {
            let named =
                |invoice: &crate::Invoice| InvoiceId::parse(text).as_ref() == Some(&invoice.id) || invoice.external_id == *text;
            let known = facts.invoices.iter().map(|fact| &fact.invoice).find(|invoice| named(invoice));
            let pointer = if is_one { "/scope/invoice".to_owned() } else { format!("/scope/invoices/{at}") };
            match known {
                None => self.add(true, &pointer, "the customer has no open invoice of this id; it may be another's".to_owned()),
                Some(invoice) => {
                    let open = receivables.items.iter().any(|item| item.key.invoice() == Some(&invoice.id));
                    self.add(!open, &pointer, format!("nothing of invoice {} is open", invoice.number));
                    if !invoices.contains(&invoice.id) {
                        invoices.push(invoice.id.clone());
                    }
                }
            }
        }
        AgreementScope::Invoices(invoices)
    }
}

/// A proposal with what it is checked against.
struct Checking<'a> {
    proposal: &'a Proposal,
    facts: &'a Facts,
    settings: &'a Settings,
    receivables: &'a Receivables<'a>,
    scope: &'a AgreementScope,
    of: Vec<Stood>,
    meant: Option<Meant>,
}

impl Checking<'_> {
    fn open_minor(&self) -> i64 {
        self.of.iter().map(|stood| stood.open_minor).fold(0, i64::saturating_add)
    }

    /// How much a dispute is about: what was said, else what its line comes to, no more than is open.
    fn contested(&self) -> Option<i64> {
        let of_line = self.meant.as_ref().map(|meant| meant.amount_minor.min(self.open_minor()));
        self.proposal.amount_minor.or(of_line)
    }

    /// The balances of what is open in the scope.
    fn balances(&self) -> BTreeSet<BalanceKey> {
        let of_scope = self
            .of
            .iter()
            .filter_map(|stood| self.receivables.items.iter().find(|item| item.key.invoice() == Some(&stood.invoice)));
        of_scope.map(DueItem::balance).collect()
    }

    /// The currencies of what is open in the scope.
    fn currencies(&self) -> BTreeSet<Currency> {
        let covered =
            self.receivables.items.iter().filter(|item| self.scope.covers(item.key.invoice(), item.currency, item.legal_entity));
        covered.filter(|item| item.invoice.is_some()).map(|item| item.currency).collect()
    }

    fn amount(&self) -> Vec<Flaw> {
        let Some(minor) = self.proposal.amount_minor else { return Vec::new() };
        let detail = if minor <= 0 {
            "an amount is above zero; leave it out for all".to_owned()
        } else if self.currencies().len() > 1 {
            "an amount needs a scope of one currency, such as {\"case\": \"EUR\"}".to_owned()
        } else if self.balances().len() > 1 {
            "an amount needs a scope of one legal entity, such as {\"balance\": \"EUR/berlin\"}".to_owned()
        } else if !self.of.is_empty() && minor > self.open_minor() {
            format!("only {} minor units are open there", self.open_minor())
        } else {
            return Vec::new();
        };
        vec![("/amount_minor".to_owned(), detail)]
    }

    fn expected_on(&self, pays_on: Date, way: &WayOfPaying) -> Date {
        expected_on(self.settings, &self.facts.customer.source, pays_on, way)
    }

    fn way(&self, flaws: &mut Flaws) -> WayOfPaying {
        let Some(text) = &self.proposal.way else { return WayOfPaying::Other };
        let way: WayOfPaying = serde_json::from_value(text.as_str().into()).unwrap_or(WayOfPaying::Other);
        flaws.add(way.is_later(), "/way", format!("'{text}' is none of {}", WayOfPaying::WORDS.join(", ")));
        way
    }

    fn terms(&self, flaws: &mut Flaws) -> Option<(Terms, HoldClock)> {
        let (proposal, today) = (self.proposal, self.receivables.today);
        let until = proposal.until_on;
        flaws.add(until.is_some_and(|on| on < today), "/until_on", "the day has passed".to_owned());
        let too_late = until.is_some_and(|on| days_between(today, on) > END_DAYS_MAX);
        flaws.add(
            too_late,
            "/until_on",
            format!("at most {END_DAYS_MAX} days ahead; without a last day it goes on until it is ended"),
        );
        match proposal.kind.as_str() {
            "promise" => {
                let way = self.way(flaws);
                let Some(pays_on) = proposal.pays_on else {
                    flaws.add(true, "/pays_on", "a promise names the day on which it is paid".to_owned());
                    return None;
                };
                flaws.add(pays_on < today, "/pays_on", "the day has passed".to_owned());
                let far = days_between(today, pays_on) > PROMISE_DAYS_MAX;
                flaws.add(
                    far,
                    "/pays_on",
                    format!("a promise is at most {PROMISE_DAYS_MAX} days ahead; what takes longer is a plan"),
                );
                let expected_on = self.expected_on(pays_on, &way);
                let promise = Promise { pays_on, way, expected_on, of: self.of.clone(), status: PromiseStatus::Open };
                Some((Terms::Promise(promise), HoldClock::StopClock))
            }
            "money" => {
                let way = self.way(flaws);
                let sent_on = proposal.sent_on.unwrap_or(today);
                flaws.add(sent_on > today, "/sent_on", "it is to come: what will be paid is a promise".to_owned());
                let long_ago = days_between(sent_on, today) > SENT_DAYS_MAX;
                flaws.add(long_ago, "/sent_on", format!("more than {SENT_DAYS_MAX} days ago"));
                let expected_on = self.expected_on(sent_on, &way);
                let late = expected_on < today && !long_ago;
                flaws.add(late, "/sent_on", format!("it was to be on the ledger by {expected_on} and is not"));
                let money = MoneyOnItsWay { way, expected_on, of: self.of.clone(), status: MoneyStatus::Expected, basket: None };
                Some((Terms::Money(money), HoldClock::StopClock))
            }
            "dispute" => {
                let text = proposal.reason.as_deref().unwrap_or_default();
                let reason: DisputeReason = serde_json::from_value(text.into()).unwrap_or(DisputeReason::Other);
                flaws.add(reason.is_later(), "/reason", format!("'{text}' is none of {}", DisputeReason::WORDS.join(", ")));
                let line = self.meant.as_ref().map(|meant| meant.line.clone());
                let dispute = Dispute { reason, of: self.of.clone(), upheld_minor: None, line, status: DisputeStatus::Open };
                Some((Terms::Dispute(dispute), HoldClock::StopClock))
            }
            "pause" => {
                let reason = match proposal.reason.as_deref() {
                    Some("manual") | None => HoldReason::Manual,
                    Some("legal") => HoldReason::Legal,
                    Some(text) => {
                        let detail = format!("'{text}' is none of manual, legal; who asks not to be contacted is suppressed");
                        flaws.add(true, "/reason", detail);
                        HoldReason::Manual
                    }
                };
                let ends_with = self.ends_with(flaws);
                let pause = Pause { reason, ends_with, of: self.of.clone(), status: PauseStatus::Running };
                Some((Terms::Pause(pause), HoldClock::Freeze))
            }
            "plan" => Some((Terms::Plan(self.plan(flaws)?), HoldClock::Freeze)),
            _ => None,
        }
    }

    fn ends_with(&self, flaws: &mut Flaws) -> Option<EndsWith> {
        Some(match self.proposal.ends_with.as_ref()? {
            ProposedEnd::Closed => EndsWith::Closed,
            ProposedEnd::Replied => EndsWith::Replied,
            ProposedEnd::Agreement(text) => {
                let other = self.facts.agreements.iter().find(|agreement| agreement.id.as_str() == text);
                let running = other.filter(|other| other.runs());
                let waits = running.is_some_and(|other| matches!(&other.terms, Terms::Pause(pause) if pause.ends_with.is_some()));
                let pointer = "/ends_with/agreement";
                flaws.add(running.is_none(), pointer, "the customer has no agreement of this id that is not over".to_owned());
                flaws.add(waits, pointer, "that one waits for something itself; name what it waits for".to_owned());
                EndsWith::Agreement(running?.id.clone())
            }
        })
    }

    fn plan(&self, flaws: &mut Flaws) -> Option<PaymentPlan> {
        let (proposal, today) = (self.proposal, self.receivables.today);
        let way = self.way(flaws);
        let balances = self.balances();
        let detail = "a plan is in one currency and of one legal entity; name them, such as {\"balance\": \"EUR/berlin\"}";
        flaws.add(balances.len() > 1, "/scope", detail.to_owned());
        let in_plan =
            |id: &InvoiceId| self.receivables.items.iter().any(|item| item.key.invoice() == Some(id) && item.planned_minor > 0);
        let planned = self.of.iter().any(|stood| in_plan(&stood.invoice));
        flaws.add(planned, "/scope", "something of it is in a plan that runs; cancel that one first".to_owned());
        let given = proposal.parts.clone().unwrap_or_default();
        flaws.add(given.is_empty(), "/parts", "a plan has at least one part".to_owned());
        flaws.add(given.len() > PLAN_PARTS_MAX, "/parts", format!("a plan has at most {PLAN_PARTS_MAX} parts"));
        for (at, part) in given.iter().enumerate() {
            let pointer = |name: &str| format!("/parts/{at}/{name}");
            flaws.add(part.amount_minor <= 0, &pointer("amount_minor"), "an amount is above zero".to_owned());
            flaws.add(part.due_on < today, &pointer("due_on"), "the day has passed".to_owned());
            let far = days_between(today, part.due_on) > PLAN_DAYS_MAX;
            flaws.add(far, &pointer("due_on"), format!("a plan ends at most {PLAN_DAYS_MAX} days ahead"));
            let before = at.checked_sub(1).and_then(|before| given.get(before));
            let late = before.is_some_and(|before| before.due_on >= part.due_on);
            flaws.add(late, &pointer("due_on"), "parts come in the order of their days, one a day".to_owned());
        }
        let sum = given.iter().map(|part| part.amount_minor).fold(0, i64::saturating_add);
        let wanted = proposal.amount_minor.unwrap_or_else(|| self.open_minor());
        flaws.add(
            sum != wanted,
            "/parts",
            format!("the parts come to {sum} and not to {wanted} minor units, which the plan is over"),
        );
        let mut left = wanted;
        let mut of = Vec::new();
        for stood in &self.of {
            let share = stood.open_minor.min(left);
            left -= share;
            of.extend((share > 0).then(|| Stood { open_minor: share, ..stood.clone() }));
        }
        // A part is missed so many days after it is expected on the ledger: what was agreed so stays so, whatever the settings say later.
        let grace = i64::from(self.settings.plans.grace_days);
        let part = |part: &ProposedPart| PlanPart {
            amount_minor: part.amount_minor,
            due_on: part.due_on,
            expected_on: add_days(self.expected_on(part.due_on.min(add_days(today, PLAN_DAYS_MAX)), &way), grace),
        };
        Some(PaymentPlan {
            name: self.name(&of),
            currency: balances.first()?.currency,
            legal_entity: balances.first()?.legal_entity.clone(),
            parts: given.iter().map(part).collect(),
            of,
            status: PlanStatus::Running,
        })
    }

    /// What the parts of a plan are called: the numbers of its invoices, as far as they fit.
    fn name(&self, of: &[Stood]) -> String {
        const NAMED_MAX: usize = 3;
        let number = |stood: &Stood| {
            let known = self.facts.invoices.iter().find(|fact| fact.invoice.id == stood.invoice);
            known.map(|fact| fact.invoice.number.clone())
        };
        let named: Vec<String> = of.iter().take(NAMED_MAX).filter_map(number).collect();
        let more = of.len().saturating_sub(named.len());
        if more == 0 { named.join(", ") } else { format!("{} + {more}", named.join(", ")) }
    }
}

#[cfg(test)]
mod tests;
