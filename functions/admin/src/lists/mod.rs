//! Lists and single reads of what there is, one resource a file: HTTP over `service::lists`.

pub mod agreements;
pub mod baskets;
pub mod cases;
pub mod credit_notes;
pub mod customers;
pub mod invoices;
pub mod messages;
pub mod payments;
pub mod search;

use domain::CustomerId;
use serde::Serialize;
use service::lists::{ListReading, PageAsked};
use store::CustomerName;
use utoipa::ToSchema;

use crate::app::App;

/// Whose it is.
#[derive(Serialize, ToSchema)]
pub struct NamedCustomerOut {
    /// The customer's id: `GET /v1/customers/{id}`.
    id: String,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// The connection that it came by.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    /// The source's own id.
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<String>,
}

impl NamedCustomerOut {
    fn of(id: &CustomerId, name: Option<CustomerName>) -> Self {
        let known = name.map(|CustomerName { name, source, external_id }| (name, (source, external_id))).unzip();
        let (source, external_id) = known.1.unzip();
        Self { id: id.as_str().to_owned(), name: known.0, source, external_id }
    }
}

/// What lists are read with.
fn reading(app: &App) -> ListReading<'_> {
    ListReading { store: &app.store, vault: &app.vault }
}

/// Which page.
fn page(limit: Option<u32>, cursor: Option<String>) -> PageAsked {
    PageAsked { limit, cursor }
}
