//! `/_local/baskets`.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, Query, State},
    response::{IntoResponse, Response},
};
use doubles::{BasketTruth, Outcome};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::events_to_deliver::Told;
use crate::{
    problem::{problem, read},
    world::World,
};

/// Which baskets.
#[derive(Deserialize)]
pub struct BasketsQuery {
    tenant: Option<String>,
}

/// `GET /_local/baskets?tenant=`.
pub async fn show(State(world): State<Arc<World>>, Query(query): Query<BasketsQuery>) -> Response {
    let tenant = query.tenant.as_deref().filter(|tenant| !tenant.is_empty());
    let mut baskets = Vec::new();
    for double in world.payments.all() {
        double.pass_time();
        let wanted = double.baskets().into_iter().filter(|basket| tenant.is_none_or(|tenant| basket.account == tenant));
        baskets.extend(wanted.map(|basket| shown(&world, double.provider(), &basket)));
    }
    Json(baskets).into_response()
}

fn shown(world: &World, provider: &str, basket: &BasketTruth) -> Value {
    let told = world.deliveries.of(&basket.basket).into_iter().map(|(_, told)| told);
    let events: Vec<Value> = told.filter(|told| told.provider == provider).map(|told| event(&told)).collect();
    json!({
        "tenant": basket.account,
        "id": basket.basket,
        "provider": provider,
        "provider_id": basket.provider_id,
        "pay_url": basket.pay_url,
        "status": basket.status,
        "currency": basket.currency,
        "amount_minor": basket.amount_minor,
        "received_minor": basket.received_minor,
        "taken_back_minor": basket.taken_back_minor,
        "begun_at": basket.begun_at,
        "events": events,
    })
}

fn event(told: &Told) -> Value {
    json!({"id": told.event.event, "type": told.event.kind, "at": told.event.at, "webhooks": told.answers})
}

/// What happens to a basket.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ActIn {
    /// `paid`, `pending`, `succeeded`, `failed`, `refunded`, `charged_back`, `expired`; without it nothing happens anew, and every event
    /// of the basket is delivered again.
    #[serde(default)]
    outcome: Option<String>,
    /// How much, in minor units.
    #[serde(default)]
    amount_minor: Option<i64>,
    /// Whether the provider's webhooks of it arrive.
    #[serde(default = "yes")]
    deliver: bool,
}

fn yes() -> bool {
    true
}

/// `POST /_local/baskets/{id}`.
pub async fn act(State(world): State<Arc<World>>, Path(basket): Path<String>, body: Bytes) -> Response {
    let wish: ActIn = match read(&body) {
        Ok(wish) => wish,
        Err(refusal) => return *refusal,
    };
    let refused = |detail: String| problem(StatusCode::UNPROCESSABLE_ENTITY, "baskets", detail);
    let known = |double: &&dyn doubles::PaymentDouble| {
        double.pass_time();
        double.baskets().iter().any(|one| one.basket == basket)
    };
    let Some(double) = world.payments.all().find(known) else {
        let detail = format!("nobody began to pay a basket {basket} at a payment provider's stand-in");
        return problem(StatusCode::NOT_FOUND, "not-found", detail);
    };
    let places = match (wish.outcome.as_deref(), wish.amount_minor) {
        (None, Some(_)) => return refused("amount_minor belongs to an outcome".to_owned()),
        (None, None) => world.deliveries.of(&basket).into_iter().map(|(at, _)| at).collect(),
        (Some(word), amount) => {
            let Some(outcome) = Outcome::parse(word) else {
                let words: Vec<&str> = Outcome::WORDS.iter().map(|(word, _)| *word).collect();
                return refused(format!("no outcome {word} is known: give one of {}", words.join(", ")));
            };
            match double.happen(&basket, outcome, amount) {
                Ok(events) => {
                    let keep = |event| world.deliveries.keep(double.provider(), event, None);
                    events.into_iter().map(keep).collect::<Vec<usize>>()
                }
                Err(detail) => return refused(detail),
            }
        }
    };
    if wish.deliver {
        for at in &places {
            if let Err(error) = world.deliver_payment_event(*at).await {
                return problem(StatusCode::INTERNAL_SERVER_ERROR, "baskets", format!("{error:#}"));
            }
        }
    }
    let told = world.deliveries.of(&basket).into_iter().filter(|(at, _)| places.contains(at));
    Json(json!({"events": told.map(|(_, told)| event(&told)).collect::<Vec<_>>()})).into_response()
}
