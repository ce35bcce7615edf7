//! `/_local/vendors`.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use doubles::InvoiceTruth;
use http::StatusCode;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    problem::{problem, read},
    world::World,
};

/// `GET /_local/vendors`.
pub async fn show(State(world): State<Arc<World>>) -> Response {
    let Some(vendors) = world.vendors.get() else { return none_here() };
    let list = vendors.all().map(|vendor| {
        let customers = vendor.double.truth(vendor.realm).customers;
        let invoices: Vec<Value> = customers
            .values()
            .flat_map(|customer| customer.invoices.values().map(|invoice| line(&customer.name, invoice)))
            .collect();
        json!({"source": vendor.source, "base_url": vendor.double.base_url(), "realm": vendor.realm, "invoices": invoices})
    });
    Json(list).into_response()
}

fn line(customer: &str, invoice: &InvoiceTruth) -> Value {
    json!({"number": invoice.number, "customer": customer, "currency": invoice.currency,
        "total_minor": invoice.total_minor, "open_minor": invoice.open_minor})
}

fn none_here() -> Response {
    problem(StatusCode::NOT_FOUND, "not-found", "this stack has no accounting systems beside it")
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PayIn {
    /// The invoice's number.
    invoice: String,
    /// Minor units.
    amount_minor: i64,
    /// Whether the vendor's webhook of it gets lost.
    #[serde(default)]
    lost: bool,
}

/// `POST /_local/vendors/{source}/payments`.
pub async fn pay(State(world): State<Arc<World>>, Path(source): Path<String>, body: Bytes) -> Response {
    let Some(vendors) = world.vendors.get() else { return none_here() };
    let wish: PayIn = match read(&body) {
        Ok(wish) => wish,
        Err(refusal) => return *refusal,
    };
    let vendor = match vendors.of(&source) {
        Ok(vendor) => vendor,
        Err(error) => return problem(StatusCode::NOT_FOUND, "not-found", error.to_string()),
    };
    let today = world.clock.now().to_zoned(TimeZone::UTC).date();
    if let Err(detail) = vendors.pay(vendor, &wish.invoice, wish.amount_minor, today) {
        return problem(StatusCode::UNPROCESSABLE_ENTITY, "vendors", detail);
    }
    if wish.lost {
        vendor.double.notifications();
        return Json(json!({"webhook": "lost"})).into_response();
    }
    match world.tell(vendor).await {
        Ok(status) => Json(json!({"webhook": status.as_u16()})).into_response(),
        Err(error) => problem(StatusCode::INTERNAL_SERVER_ERROR, "vendors", format!("{error:#}")),
    }
}
