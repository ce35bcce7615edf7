//! What can be paid now: by currency and company, because a payment is of one of each. What is being paid is told apart.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    AgreementId, Currency, Facts, InvoiceId, PaymentId, WayOfPaying,
    basket::{self, TRANSFER},
    calendar::tenant_zone,
    dates::days_between,
    pay_sources::paid_at_source,
    receivables::{Receivables, ReceivablesRules},
};
use jiff::{Timestamp, civil::Date};
use serde_json::Value;

use crate::{plan_due::due_of_plans, visit::Visit};

/// Most invoices of a form.
const ITEMS_MAX: usize = 100;

/// What can be paid together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PayGroup {
    pub(crate) currency: Currency,
    /// The company that is paid; empty for the default one.
    pub(crate) legal_entity: String,
    /// Oldest first.
    pub(crate) items: Vec<PayItem>,
    /// How many more there are than are listed.
    pub(crate) not_listed: usize,
}

/// An invoice that can be paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PayItem {
    pub(crate) invoice: InvoiceId,
    pub(crate) number: String,
    pub(crate) due_on: Date,
    pub(crate) days_past_due: i64,
    /// What can be paid of it, minor units.
    pub(crate) most_minor: i64,
    /// What is due of it today, minor units.
    pub(crate) due_minor: i64,
    /// Where its source has it paid.
    pub(crate) elsewhere: Option<String>,
}

/// A payment that was begun and may still come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BegunBefore {
    pub(crate) basket: PaymentId,
    pub(crate) way: WayOfPaying,
    pub(crate) currency: Option<Currency>,
    pub(crate) amount_minor: i64,
    pub(crate) until: Timestamp,
}

/// A way of paying that is offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PayWay {
    /// The provider's name, as baskets have it.
    pub(crate) provider: &'static str,
    pub(crate) way: WayOfPaying,
}

impl PayWay {
    /// As forms have it: `stripe:card`.
    pub(crate) fn value(&self) -> String {
        format!("{}:{}", self.provider, self.way.as_str())
    }

    /// Whether the payer tells their own bank.
    pub(crate) fn is_transfer(&self) -> bool {
        self.provider == TRANSFER
    }
}

/// What can be paid, each currency and company by itself; what is due first. Parts of plans that are due are due of their invoices, and of the
/// plan `next` its next part.
pub(crate) fn groups_of(visit: &Visit, facts: &Facts, next: Option<&AgreementId>, now: Timestamp) -> Vec<PayGroup> {
    let zone = tenant_zone(&visit.settings);
    let receivables = Receivables::at(facts, ReceivablesRules::of(&visit.settings, &zone), now);
    let most = basket::payable(&receivables, now);
    let taken = being_paid(facts, now);
    let mut by_plan = due_of_plans(&receivables, next);
    let mut groups: BTreeMap<(Currency, String), Vec<PayItem>> = BTreeMap::new();
    for item in &receivables.items {
        let Some(invoice) = item.invoice else { continue };
        let most_minor = most.get(&invoice.id).copied().unwrap_or(0);
        if most_minor <= 0 || taken.contains(&invoice.id) {
            continue;
        }
        let is_due = item.due_on <= receivables.today;
        let due_minor = if is_due { item.due_now_minor.max(0) } else { 0 };
        let due_minor = due_minor.saturating_add(by_plan.remove(&invoice.id).unwrap_or(0));
        let group = groups.entry((item.currency, item.legal_entity.to_owned())).or_default();
        // Instalments of an invoice are paid with it, the oldest first.
        match group.iter_mut().find(|known| known.invoice == invoice.id) {
            Some(known) => known.due_minor = known.due_minor.saturating_add(due_minor).min(most_minor),
            None => group.push(PayItem {
                invoice: invoice.id.clone(),
                number: invoice.number.clone(),
                due_on: item.due_on,
                days_past_due: days_between(item.due_on, receivables.today),
                most_minor,
                due_minor: due_minor.min(most_minor),
                elsewhere: paid_there(facts, item.url),
            }),
        }
    }
    let mut groups: Vec<PayGroup> = groups
        .into_iter()
        .map(|((currency, legal_entity), mut items)| {
            let not_listed = items.len().saturating_sub(ITEMS_MAX);
            items.truncate(ITEMS_MAX);
            PayGroup { currency, legal_entity, items, not_listed }
        })
        .collect();
    groups.sort_by_key(|group| group.items.iter().all(|item| item.due_minor == 0));
    groups
}

/// Where the source of a customer has an invoice of this address paid, if it does.
pub(crate) fn paid_there(facts: &Facts, url: Option<&str>) -> Option<String> {
    paid_at_source(&facts.customer.source, url).map(str::to_owned)
}

/// The payments that were begun and may still come, the newest first.
pub(crate) fn begun_before(facts: &Facts, now: Timestamp) -> Vec<BegunBefore> {
    let mut begun: Vec<(Timestamp, BegunBefore)> = facts
        .agreements
        .iter()
        .filter_map(|agreement| {
            let (money, of) = basket::being_paid_by(agreement, now)?;
            let begun = BegunBefore {
                basket: of.id.clone(),
                way: money.way.clone(),
                currency: money.of.iter().find_map(|stood| stood.currency),
                amount_minor: money.of.iter().map(|stood| stood.open_minor).fold(0, i64::saturating_add),
                until: of.ends_at,
            };
            Some((agreement.made_at, begun))
        })
        .collect();
    begun.sort_by(|(a, one), (b, other)| b.cmp(a).then_with(|| one.basket.cmp(&other.basket)));
    begun.into_iter().map(|(_, begun)| begun).collect()
}

/// The invoices that a payment was begun of: an invoice is paid with one at a time.
fn being_paid(facts: &Facts, now: Timestamp) -> BTreeSet<InvoiceId> {
    let money = facts.agreements.iter().filter_map(|agreement| basket::being_paid_by(agreement, now));
    money.flat_map(|(money, _)| money.of.iter().map(|stood| stood.invoice.clone())).collect()
}

/// How a group can be paid: by the providers that the tenant is connected to, and by bank transfer where its account is known.
pub(crate) fn ways_of(visit: &Visit, connected: &[(String, Value)], group: &PayGroup) -> Vec<PayWay> {
    let providers = connected.iter().filter_map(|(source, _)| payments::by_source(source));
    let mut ways: Vec<PayWay> = Vec::new();
    for provider in providers {
        let offered = provider.capabilities().ways.iter().filter(|way| way.takes(group.currency) && !way.needs_customer);
        ways.extend(offered.map(|offered| PayWay { provider: provider.name(), way: offered.way.clone() }));
    }
    // A card is done at once: whoever chooses nothing pays so.
    ways.sort_by_key(|way| way.way != WayOfPaying::Card);
    let has_account = visit.settings.bank_account_of(&group.legal_entity, group.currency).is_some();
    if has_account || visit.settings.payment_details_of(&group.legal_entity).is_some() {
        ways.push(PayWay { provider: TRANSFER, way: WayOfPaying::Transfer });
    }
    ways
}

/// Where providers' pages are, as a policy names places: over TLS wherever, and stand-ins on this machine.
pub(crate) fn places_of(connected: &[(String, Value)]) -> Vec<String> {
    let stand_in = |config: &Value| {
        let base = config.get("base_url").and_then(Value::as_str)?.trim_end_matches('/').to_owned();
        let port = base.strip_prefix("http://127.0.0.1:")?;
        port.bytes().all(|byte| byte.is_ascii_digit()).then_some(base)
    };
    let stand_ins = connected.iter().filter_map(|(_, config)| stand_in(config));
    if connected.is_empty() { vec![] } else { std::iter::once("https:".to_owned()).chain(stand_ins).collect() }
}
