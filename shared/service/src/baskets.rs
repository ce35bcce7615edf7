//! What people do with baskets: give one up, and say whether an entry in the books is the payment of one.

use domain::{Basket, BasketStatus, PaymentId, PaymentKind, ProviderOutcome, ProviderSaid, TenantId};
use jiff::Timestamp;
use serde_json::json;
use store::{BasketHeard, BasketOwner, BasketSays, Store};

use crate::{Actor, Done, NotDone, Operation, matter};

/// The basket that somebody wants to give up, and whether there is anything to give up: nothing is of one that ended before.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`], [`NotDone::Conflict`] where money came of it or is on its way; those of reading.
pub async fn to_cancel(store: &Store, actor: &Actor, id: &str, now: Timestamp) -> Done<(Basket, bool)> {
    let tenant = actor.may(Operation::CancelBasket)?;
    let (_, basket) = known(store, tenant, id).await?;
    let is_open = is_open(&basket, now)?;
    Ok((basket, is_open))
}

/// Gives a basket up, once its provider was told so, where it has one that can be told. What the provider said of money when it was told counts
/// first. What the basket kept back is chased again.
///
/// # Errors
///
/// Those of [`to_cancel`], also where money came of it by what the provider said; those of the table.
pub async fn cancel(store: &Store, actor: &Actor, id: &str, said: &[ProviderSaid], now: Timestamp) -> Done<Basket> {
    let tenant = actor.may(Operation::CancelBasket)?;
    let (owner, mut basket) = known(store, tenant, id).await?;
    let id = basket.id.clone();
    let settings = matter::settings(store, tenant).await?;
    // That its time is over is what the provider was asked for.
    for said in said.iter().filter(|said| said.basket == id && said.what != ProviderOutcome::Expired) {
        let says = BasketSays::Provider(said, None);
        basket = heard(store.change_basket(&owner, &id, says, &settings, now).await?)?;
    }
    if !is_open(&basket, now)? {
        return Ok(basket);
    }
    let what = json!({ "provider": basket.provider, "amount_minor": basket.asked_minor(), "currency": basket.currency });
    let entry = actor.entry(Operation::CancelBasket, now).of(basket.id.as_str()).about(&basket.customer).with(what);
    heard(store.acting(entry).change_basket(&owner, &basket.id, BasketSays::Cancelled, &settings, now).await?)
}

/// Says whether an entry in the books is the payment of a basket: what the task of kind `seen_twice` asks. It can be said otherwise later; the
/// last word counts, and the same again changes nothing.
///
/// # Errors
///
/// [`NotDone::NotAllowed`], [`NotDone::NotFound`] for basket and entry, [`NotDone::Conflict`] where no money came of the basket, or the entry
/// cannot be its payment; those of the table.
pub async fn judge(store: &Store, actor: &Actor, id: &str, entry: &str, is_same: bool, now: Timestamp) -> Done<Basket> {
    let tenant = actor.may(Operation::JudgeEntry)?;
    let (owner, basket) = known(store, tenant, id).await?;
    let none = || NotDone::NotFound("there is no such payment in the books; the task names the entry by its id".to_owned());
    let entry = PaymentId::parse(entry).ok_or_else(none)?;
    let (customer, payment) = store.known_payment(tenant, &entry).await?.ok_or_else(none)?;
    let of_its_currency = basket.receipts.iter().any(|receipt| receipt.money.currency() == payment.currency);
    let why_not = if basket.receipts.is_empty() {
        Some("no money came of the basket, so that no entry can be its payment")
    } else if payment.taken_here.is_some() || payment.kind != PaymentKind::Payment {
        Some("it is no payment of the books: it was taken here, or is a credit note")
    } else if customer != basket.customer {
        Some("the entry is another customer's; file it with this one in the accounting system first")
    } else if is_same && !of_its_currency {
        Some("the entry is in another currency than what came")
    } else {
        None
    };
    if let Some(why) = why_not {
        return Err(NotDone::Conflict(why.to_owned()));
    }
    let said = if is_same { &basket.same } else { &basket.apart };
    if said.contains(&entry) {
        return Ok(basket);
    }
    let settings = matter::settings(store, tenant).await?;
    let what = json!({ "entry": entry.as_str(), "same": is_same });
    let noted = actor.entry(Operation::JudgeEntry, now).of(basket.id.as_str()).about(&basket.customer).with(what);
    let says = BasketSays::Judged { entry: &entry, is_same };
    heard(store.acting(noted).change_basket(&owner, &basket.id, says, &settings, now).await?)
}

/// A basket of the tenant by its id, and whose it is.
pub(crate) async fn known(store: &Store, tenant: &TenantId, id: &str) -> Done<(BasketOwner, Basket)> {
    let id = PaymentId::parse(id).ok_or_else(no_basket)?;
    let owner = store.basket_owner(&id).await?.filter(|owner| owner.tenant == *tenant).ok_or_else(no_basket)?;
    let basket = store.basket(tenant, &owner.customer, &id).await?.ok_or_else(no_basket)?;
    Ok((owner, basket))
}

/// The basket after something was said of it.
pub(crate) fn heard(heard: BasketHeard) -> Done<Basket> {
    match heard {
        BasketHeard::Heard(basket, _) => Ok(*basket),
        BasketHeard::Unknown => Err(no_basket()),
    }
}

fn no_basket() -> NotDone {
    NotDone::NotFound("there is no such basket; GET /v1/baskets?customer= lists those of a customer".to_owned())
}

/// Whether a payer could still pay it, and nobody knows of money.
fn is_open(basket: &Basket, now: Timestamp) -> Done<bool> {
    let why = match basket.standing(now) {
        BasketStatus::Begun | BasketStatus::Later(_) => return Ok(true),
        BasketStatus::Expired | BasketStatus::Cancelled | BasketStatus::Failed => return Ok(false),
        BasketStatus::Pending => "its money is on its way, and its provider says what becomes of it",
        BasketStatus::Paid | BasketStatus::Refunded | BasketStatus::ChargedBack => {
            "money came of it; refund it at its provider, or undo the payment where a collector wrote it down"
        }
    };
    Err(NotDone::Conflict(why.to_owned()))
}
