//! Cards that Stripe keeps for a customer that Checkout made: what an answer on the way to forgetting them leads to, and what events say of them.

use serde::Deserialize;
use serde_json::Value;

use crate::{ProviderHeard, WayHeard, stripe::session::id_of};

/// What comes next on the way to forgetting.
pub(super) enum KeptStep<'v> {
    /// This one is detached.
    Detach(&'v str),
    /// One was detached: what is left is listed.
    LookAgain,
    /// Nothing is left.
    Done,
}

/// What follows of a list of what a customer keeps, or of one that was detached.
pub(super) fn next_to_detach(value: &Value) -> Result<KeptStep<'_>, String> {
    if value.get("object").and_then(Value::as_str) == Some("payment_method") {
        return Ok(KeptStep::LookAgain);
    }
    let data = value.get("data").and_then(Value::as_array).ok_or("/data is no list")?;
    match data.first() {
        None => Ok(KeptStep::Done),
        Some(first) => Ok(KeptStep::Detach(id_of(first).ok_or("/data/0/id is missing")?)),
    }
}

/// What is read of a customer, and of a card that was detached.
#[derive(Deserialize)]
struct KeptObject {
    id: String,
}

/// A customer that was deleted keeps nothing.
pub(super) fn of_customer(object: &Value) -> Result<ProviderHeard, String> {
    let KeptObject { id } = KeptObject::deserialize(object).map_err(|error| error.to_string())?;
    Ok(ProviderHeard::way(WayHeard::Gone { kept: id }))
}

/// A card that was detached: whose it was, the event alone says. One that was nobody's is none of ours.
pub(super) fn of_detached(previous: Option<&Value>) -> ProviderHeard {
    let customer = previous.and_then(|previous| previous.get("customer")).and_then(id_of);
    customer.map_or_else(ProviderHeard::foreign, |kept| ProviderHeard::way(WayHeard::Gone { kept: kept.to_owned() }))
}
