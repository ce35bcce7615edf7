//! Plans on the statement: those that run, part by part, and those that the tenant offers.

use domain::{
    Agreement, AgreementId, Currency, DueItemKey, Facts, OfferStanding, PlanOffer, Terms, dates::days_between,
    proposal::ProposedPart, receivables::Receivables,
};
use jiff::civil::Date;
use minijinja::{Value, context, value::Serde};
use serde::Serialize;

use crate::{how_to_pay::HowToPay, plan_labels::PlanLabels, visit::Visit};

/// A plan that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RunningPlan {
    pub(crate) id: AgreementId,
    /// The numbers of its invoices.
    pub(crate) name: String,
    pub(crate) currency: Currency,
    /// The company that it is owed to; empty for the default one.
    pub(crate) legal_entity: String,
    pub(crate) parts: Vec<RunningPart>,
}

/// A part of it, in minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RunningPart {
    pub(crate) due_on: Date,
    pub(crate) amount_minor: i64,
    pub(crate) open_minor: i64,
}

/// A part as a page shows it.
#[derive(Serialize)]
pub(crate) struct PartShown {
    number: usize,
    due_on: String,
    amount: String,
    standing: Option<String>,
    late: bool,
}

/// The plans that run, in the order in which they were made.
pub(crate) fn running_plans(facts: &Facts, receivables: &Receivables<'_>) -> Vec<RunningPlan> {
    let changed = |agreement: &Agreement| receivables.agreements.iter().any(|changed| changed.id == agreement.id);
    let mut running: Vec<&Agreement> =
        facts.agreements.iter().filter(|agreement| agreement.runs() && !changed(agreement)).collect();
    running.sort_by(|a, b| (a.made_at, &a.id).cmp(&(b.made_at, &b.id)));
    let plan = |agreement: &Agreement| {
        let Terms::Plan(plan) = &agreement.terms else { return None };
        let part = |(nth, part): (usize, &domain::PlanPart)| {
            let key = DueItemKey::part_of_plan(agreement.id.clone(), nth);
            let open_minor = receivables.item(&key).map_or(0, |item| item.open_minor);
            RunningPart { due_on: part.due_on, amount_minor: part.amount_minor, open_minor }
        };
        let parts = plan.parts.iter().enumerate().map(part).collect();
        let legal_entity = plan.legal_entity.to_string();
        Some(RunningPlan { id: agreement.id.clone(), name: plan.name.clone(), currency: plan.currency, legal_entity, parts })
    };
    running.into_iter().filter_map(plan).collect()
}

/// Parts that nobody agreed to yet.
pub(crate) fn parts_shown(visit: &Visit, parts: &[ProposedPart], currency: Currency) -> Vec<PartShown> {
    let part = |(nth, part): (usize, &ProposedPart)| PartShown {
        number: nth + 1,
        due_on: visit.locale.date(part.due_on),
        amount: visit.money(part.amount_minor, currency),
        standing: None,
        late: false,
    };
    parts.iter().enumerate().map(part).collect()
}

/// The plans that run, as the statement shows them. `payments` says whether something can be paid here.
pub(crate) fn running_shown(visit: &Visit, plans: &[RunningPlan], payments: &[HowToPay], today: Date) -> Vec<Value> {
    let labels = PlanLabels::of(visit.words);
    let can_pay = visit.pays_here || !payments.is_empty();
    let plan = |plan: &RunningPlan| {
        let to: String = form_urlencoded::byte_serialize(plan.legal_entity.as_bytes()).collect();
        let address = format!("{}/pay?plan={}&in={}&to={to}", visit.path, plan.id, plan.currency.code());
        let parts: Vec<PartShown> =
            plan.parts.iter().enumerate().map(|(nth, part)| running_part(visit, plan.currency, today, nth, part)).collect();
        context! {
            id => plan.id.as_str(),
            title => labels.running.replace("{}", &plan.name),
            parts => Value::from(Serde(&parts)),
            pay => can_pay.then_some(address),
        }
    };
    plans.iter().map(plan).collect()
}

fn running_part(visit: &Visit, currency: Currency, today: Date, nth: usize, part: &RunningPart) -> PartShown {
    let labels = PlanLabels::of(visit.words);
    let past = days_between(part.due_on, today);
    let standing = match part.open_minor {
        0 => labels.settled.to_owned(),
        open if open < part.amount_minor => labels.left.replace("{}", &visit.money(open, currency)),
        _ => visit.words.days_past_due(past),
    };
    PartShown {
        number: nth + 1,
        due_on: visit.locale.date(part.due_on),
        amount: visit.money(part.amount_minor, currency),
        standing: Some(standing),
        late: part.open_minor > 0 && past > 0,
    }
}

/// The offers that can be agreed to, as pages lead to them.
pub(crate) fn offers_shown(visit: &Visit, offers: &[PlanOffer], today: Date) -> Vec<Value> {
    let labels = PlanLabels::of(visit.words);
    let offer = |offer: &PlanOffer| {
        let first = offer.parts.first().map(|part| visit.locale.date(part.due_on)).unwrap_or_default();
        let line = labels.offer_line.replace("{amount}", &visit.money(offer.total_minor(), offer.currency));
        let parts = parts_shown(visit, &offer.parts, offer.currency);
        context! {
            id => offer.id.as_str(),
            text => line.replace("{count}", &offer.parts.len().to_string()).replace("{day}", &first),
            until => labels.offer_until.replace("{}", &visit.locale.date(offer.valid_until)),
            parts => Value::from(Serde(&parts)),
            address => format!("{}/plan/{}", visit.path, offer.id),
        }
    };
    offers.iter().filter(|offer| offer.standing(today) == OfferStanding::Good).map(offer).collect()
}
