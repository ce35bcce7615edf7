//! Offers to pay in parts that people of a tenant make to a customer. An offer keeps nothing back; the customer agrees to it on the page behind
//! its link, or does not.

use domain::{
    AgreementId, AgreementScope, Channel, Contact, CustomerId, Facts, LinkId, OfferStanding, People, PlanOffer, PlanOfferId,
    PlanOfferStatus, Role, ServiceMail, ServiceMailKind, Settings, TenantId, Terms,
    calendar::tenant_zone,
    dates::add_days,
    id::digest,
    plan_offer::{OFFER_DAYS_MAX, OFFERS_OPEN_MAX, plan_proposal},
    proposal::{ProposedPart, Proposer, propose},
};
use jiff::{Timestamp, civil::Date};
use serde_json::json;
use store::{AddressId, LinkStanding, PortalLink, Store};

use crate::{
    Actor, Done, NotDone, Operation,
    customers::{known_customer, no_customer, reason_of},
    matter,
};

/// Most links of a customer that are looked at for one by which an offer is told.
const LINKS_LOOKED_AT: usize = 100;

/// An offer as a person makes it.
#[derive(Clone, Debug)]
pub struct PlanOfferAsked {
    /// The invoices, by their ids here or the source's own.
    pub invoices: Vec<String>,
    /// How much of them, minor units; all that is open when left out.
    pub amount_minor: Option<i64>,
    /// The parts.
    pub parts: Vec<ProposedPart>,
    /// The last day on which the customer can agree; the day of the first part when left out, and at most 90 days ahead.
    pub valid_until: Option<Date>,
}

/// Offers a customer to pay in parts, and has a notice of it sent. The same offer, while it can be agreed to, is the one that there is.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], [`NotDone::Fields`] for what could be no plan now, [`NotDone::Conflict`] where too many
/// offers of the customer are open, [`NotDone::Changed`]; those of the table.
pub async fn offer(store: &Store, actor: &Actor, customer: &str, asked: &PlanOfferAsked, now: Timestamp) -> Done<PlanOffer> {
    let tenant = actor.may(Operation::OfferPlan)?;
    let customer = CustomerId::parse(customer).ok_or_else(no_customer)?;
    let facts = matter::facts(store, tenant, &customer).await?;
    let settings = matter::settings(store, tenant).await?;
    let proposal = plan_proposal(asked.invoices.clone(), asked.parts.clone(), asked.amount_minor);
    let nobody = AgreementId::derive(&[tenant.as_str(), customer.as_str(), "offered"]);
    let by = Proposer { id: &nobody, by: actor.by(), now };
    let today = today(&settings, now);
    let mut flaws = Vec::new();
    let first_on = asked.parts.first().map_or(today, |part| part.due_on);
    let last = first_on.min(add_days(today, OFFER_DAYS_MAX));
    let valid_until = asked.valid_until.unwrap_or(last);
    if valid_until < today {
        flaws.push(("/valid_until".to_owned(), "the day has passed".to_owned()));
    } else if valid_until > last {
        let detail = format!("at most the day of the first part, and {OFFER_DAYS_MAX} days ahead: by {last}");
        flaws.push(("/valid_until".to_owned(), detail));
    }
    let plan = match propose(&proposal, &facts, &settings, by) {
        Ok(plan) => plan,
        Err(more) => {
            // An offer names its invoices without a scope around them.
            let named = |(pointer, detail): (String, String)| match pointer.strip_prefix("/scope/invoices") {
                Some(rest) => (format!("/invoices{rest}"), detail),
                None if pointer == "/scope" => ("/invoices".to_owned(), detail),
                None => (pointer, detail),
            };
            flaws.extend(more.into_iter().map(named));
            return Err(NotDone::Fields(flaws));
        }
    };
    if !flaws.is_empty() {
        return Err(NotDone::Fields(flaws));
    }
    let (Terms::Plan(terms), AgreementScope::Invoices(invoices)) = (&plan.terms, &plan.scope) else {
        return Err(NotDone::Conflict("it comes to no plan of invoices".to_owned()));
    };
    let known = store.plan_offers(tenant, &customer).await?;
    let open: Vec<&PlanOffer> = known.iter().filter(|known| known.standing(today) == OfferStanding::Good).collect();
    let is_same =
        |known: &&&PlanOffer| known.invoices == *invoices && known.parts == asked.parts && known.valid_until == valid_until;
    if let Some(same) = open.iter().find(is_same) {
        return Ok((*same).clone());
    }
    if open.len() >= OFFERS_OPEN_MAX {
        let detail = format!("{OFFERS_OPEN_MAX} offers to the customer are open; take one back first");
        return Err(NotDone::Conflict(detail));
    }
    let told_apart = digest(&[&now.to_string(), &format!("{asked:?}")]);
    let offer = PlanOffer {
        id: PlanOfferId::at(now, &[tenant.as_str(), customer.as_str(), &told_apart]),
        invoices: invoices.clone(),
        currency: terms.currency,
        parts: asked.parts.clone(),
        valid_until,
        made_at: now,
        by: actor.by().to_owned(),
        status: PlanOfferStatus::Open,
        status_at: now,
    };
    let what = json!({
        "amount_minor": offer.total_minor(), "currency": offer.currency, "parts": offer.parts.len(), "valid_until": offer.valid_until,
    });
    let entry = actor.entry(Operation::OfferPlan, now).of(offer.id.as_str()).about(&customer).with(what);
    let link = told_by(store, tenant, &facts, now).await?;
    let mail = link.map(|link| ServiceMail::of(ServiceMailKind::PlanOffered, &link, Some(offer.id.as_str()), now));
    store.acting(entry).put_plan_offer(tenant, &customer, None, &offer, mail.as_ref(), now).await?;
    Ok(offer)
}

/// The link to whose address an offer is told: that of an email address of one of the customer's people, which opens its pages now. Of several that of
/// somebody who is written to about money, the one that was made last. `None` where nobody has one: nothing was sent to anybody lately.
async fn told_by(store: &Store, tenant: &TenantId, facts: &Facts, now: Timestamp) -> Done<Option<LinkId>> {
    let links = store.links(tenant, &facts.customer.id, LINKS_LOOKED_AT, None).await?.links;
    let people = People::of(facts);
    let of_address = |link: &PortalLink| {
        let has_it = |contact: &Contact| {
            contact.address(Channel::Email).is_some_and(|address| AddressId::of(Channel::Email, address) == link.address)
        };
        let mut theirs = people.all().filter(|(_, contact)| has_it(contact)).peekable();
        theirs.peek()?;
        Some(theirs.any(|(_, contact)| contact.roles.contains(&Role::Billing)))
    };
    let good = links.into_iter().filter(|link| link.channel == Channel::Email && link.standing(now) == LinkStanding::Good);
    let known = good.filter_map(|link| Some((of_address(&link)?, link.made_at, link.id)));
    Ok(known.max().map(|(_, _, link)| link))
}

/// The offers to a customer, at most 200 of them, the newest first; each is there until 400 days after its last day.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`]; those of the table.
pub async fn list(store: &Store, actor: &Actor, customer: &str) -> Done<Vec<PlanOffer>> {
    let tenant = actor.may(Operation::ListPlanOffers)?;
    let customer = known_customer(store, tenant, customer).await?;
    Ok(store.plan_offers(tenant, &customer).await?)
}

/// Takes an offer back. Doing it again changes nothing.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], [`NotDone::Fields`], [`NotDone::Conflict`] where the customer agreed to it: the plan can be
/// cancelled; those of the table.
pub async fn withdraw(
    store: &Store,
    actor: &Actor,
    id: &str,
    reason: Option<&str>,
    now: Timestamp,
) -> Done<(CustomerId, PlanOffer)> {
    let tenant = actor.may(Operation::WithdrawPlanOffer)?;
    let reason = reason_of(reason)?;
    let none = || NotDone::NotFound("there is no such offer".to_owned());
    let id = PlanOfferId::parse(id).ok_or_else(none)?;
    let customer = store.whose(tenant, id.as_str()).await?.ok_or_else(none)?;
    let before = store.plan_offer(tenant, &customer, &id).await?.ok_or_else(none)?;
    match before.status {
        PlanOfferStatus::Withdrawn => return Ok((customer, before)),
        PlanOfferStatus::Agreed | PlanOfferStatus::Later(_) => {
            let detail = format!("the customer agreed to it; cancel {} by POST /v1/agreements/{{id}}/cancel", before.agreement());
            return Err(NotDone::Conflict(detail));
        }
        PlanOfferStatus::Open => {}
    }
    let after = before.with(PlanOfferStatus::Withdrawn, now);
    let entry = actor.entry(Operation::WithdrawPlanOffer, now).of(id.as_str()).about(&customer).noting(reason);
    store.acting(entry).put_plan_offer(tenant, &customer, Some(&before), &after, None, now).await?;
    Ok((customer, after))
}

/// Today in the tenant's zone.
pub(crate) fn today(settings: &Settings, now: Timestamp) -> Date {
    now.to_zoned(tenant_zone(settings)).date()
}
