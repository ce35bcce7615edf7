//! `GET /v1/invoices`: invoices by status, due date and bucket; and one by its id.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use domain::{BilledLine, Currency, InvoiceId};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use service::{
    NotDone, Operation,
    lists::invoices::{self, InvoicesAsked, ListedInvoice},
};
use store::KnownInvoice;
use utoipa::{IntoParams, ToSchema};

use super::NamedCustomerOut;
use crate::{answer::ApiResult, app::App, caller::Caller, customers::realm_of, filters::Filters};

/// Which invoices.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct InvoicesQuery {
    /// `due_on`, the oldest first; `-due_on` from its end.
    sort: Option<String>,
    /// `draft`, `open`, `paid`, `void` or `written_off`; `open` where it is left out.
    status: Option<String>,
    /// Days past due in the tenant's zone: `current`, `1-30`, `31-60`, `61-90` or `over_90`.
    bucket: Option<String>,
    /// Those that fall due on this day or later.
    #[param(value_type = Option<String>, format = Date)]
    due_from: Option<String>,
    /// Those that fall due on this day or before.
    #[param(value_type = Option<String>, format = Date)]
    due_until: Option<String>,
    /// Those of one customer, `cus_…`.
    customer: Option<String>,
    /// Those that are found by the beginnings of these words: number, the source's id, purchase order. Two characters and more.
    q: Option<String>,
    /// With `external_id`: the one invoice whom this connection knows by it, whatever became of it, at once after it came.
    source: Option<String>,
    /// The source's own id.
    external_id: Option<String>,
    /// How many, 1 to 100; 50 by default.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// `next` of the page before, with everything else as it was.
    cursor: Option<String>,
}

/// An invoice in a list.
#[derive(Serialize, ToSchema)]
pub struct InvoiceRowOut {
    /// Its id: `GET /v1/invoices/{id}`.
    id: String,
    /// Who owes it.
    customer: NamedCustomerOut,
    /// What people call it.
    number: String,
    /// The source's own id.
    external_id: String,
    /// `draft`, `open`, `paid`, `void` or `written_off`. Paid is what its own document says to be, or what a decision found to be.
    status: String,
    /// The currency of its amounts.
    #[schema(value_type = String)]
    currency: Currency,
    /// Its total, minor units.
    total_minor: i64,
    /// What its own document says was paid; payments that came by themselves are not in it.
    paid_minor: i64,
    /// What its own document says was credited.
    credited_minor: i64,
    /// When it was issued.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    issued_on: Option<Date>,
    /// When its oldest open part falls due.
    #[schema(value_type = String, format = Date)]
    due_on: Date,
}

/// A page of invoices.
#[derive(Serialize, ToSchema)]
pub struct InvoicesOut {
    /// The invoices.
    data: Vec<InvoiceRowOut>,
    /// The cursor of the next page; null at the end.
    next: Option<String>,
    /// When it was read.
    #[schema(value_type = String, format = DateTime)]
    as_of: Timestamp,
}

/// A part of an invoice that falls due by itself.
#[derive(Serialize, ToSchema)]
pub struct InvoicePartOut {
    /// When.
    #[schema(value_type = String, format = Date)]
    due_on: Date,
    /// How much, minor units.
    amount_minor: i64,
}

/// A line of an invoice.
#[derive(Serialize, ToSchema)]
pub struct BilledLineOut {
    /// The source's own id, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<String>,
    /// What it is for.
    description: String,
    /// How many, as a decimal number, where the source says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    quantity: Option<String>,
    /// What it comes to, minor units; below zero where it takes something off.
    amount_minor: i64,
}

impl From<BilledLine> for BilledLineOut {
    fn from(line: BilledLine) -> Self {
        let BilledLine { external_id, description, quantity, amount_minor } = line;
        Self { external_id, description, quantity, amount_minor }
    }
}

/// An invoice as its source said it last.
#[derive(Serialize, ToSchema)]
pub struct InvoiceOut {
    /// What lists say of it.
    #[serde(flatten)]
    listed: InvoiceRowOut,
    /// The source's version of it.
    source_version: String,
    /// Its parts, where it has any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    instalments: Vec<InvoicePartOut>,
    /// Where the customer can see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    /// The customer's own order number.
    #[serde(skip_serializing_if = "Option::is_none")]
    purchase_order: Option<String>,
    /// The tenant's legal entity that issued it, where it says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    legal_entity: Option<String>,
    /// The tenant's own words for it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    /// Its lines in their order, where its source says them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    lines: Vec<BilledLineOut>,
}

/// The invoices by when their oldest open part falls due, a page at a time.
#[utoipa::path(get, path = "/v1/invoices", tag = "invoices", operation_id = "list_invoices", params(InvoicesQuery),
    responses((status = 200, description = "A page", body = InvoicesOut),
              (status = 404, description = "not-found: a bucket is of the tenant's day, and there are no settings"),
              (status = 422, description = "invalid-cursor: the cursor is not one of this list, with these filters, of this tenant")))]
pub async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Filters(query): Filters<InvoicesQuery>,
) -> ApiResult<Json<InvoicesOut>> {
    let InvoicesQuery { sort, status, bucket, due_from, due_until, customer, q, source, external_id, limit, cursor } = query;
    let asked = InvoicesAsked { sort, status, bucket, due_from, due_until, customer, q };
    let (reading, page, now) = (super::reading(&app), super::page(limit, cursor), app.clock.now());
    let found = match (source, external_id) {
        (None, None) => invoices::list(reading, &caller.0, &asked, &page, now).await?,
        (Some(source), Some(external_id)) => {
            let tenant = caller.may(Operation::ListInvoices)?;
            let id = match realm_of(&app, tenant, &source).await? {
                None => InvoiceId::derive(&[tenant.as_str(), &source, &external_id]),
                Some(realm) => connectors::invoice_id(tenant, &source, &realm, &external_id),
            };
            invoices::one(reading, &caller.0, &asked, &page, &id).await?
        }
        (source, _) => {
            caller.may(Operation::ListInvoices)?;
            let missing = if source.is_some() { "/external_id" } else { "/source" };
            return Err(NotDone::field(missing, "an invoice is found by 'source' and 'external_id' together").into());
        }
    };
    Ok(Json(InvoicesOut { data: found.rows.into_iter().map(row).collect(), next: found.next, as_of: now }))
}

/// One invoice, whatever became of it.
#[utoipa::path(get, path = "/v1/invoices/{id}", tag = "invoices", operation_id = "show_invoice",
    params(("id" = String, Path, description = "`inv_…`")),
    responses((status = 200, description = "The invoice", body = InvoiceOut), (status = 404, description = "not-found")))]
pub async fn show(State(app): State<Arc<App>>, caller: Caller, Path(id): Path<String>) -> ApiResult<Json<InvoiceOut>> {
    let (known, name, lines) = invoices::show(super::reading(&app), &caller.0, &id).await?;
    let KnownInvoice { customer, invoice, standing } = known;
    let parts = invoice.instalments.iter().map(|part| InvoicePartOut { due_on: part.due_on, amount_minor: part.amount_minor });
    Ok(Json(InvoiceOut {
        source_version: invoice.source_version.to_string(),
        instalments: parts.collect(),
        listed: InvoiceRowOut {
            id: invoice.id.as_str().to_owned(),
            customer: NamedCustomerOut::of(&customer, name),
            number: invoice.number,
            external_id: invoice.external_id,
            status: standing.as_str().to_owned(),
            currency: invoice.currency,
            total_minor: invoice.total_minor,
            paid_minor: invoice.paid_minor,
            credited_minor: invoice.credited_minor,
            issued_on: Some(invoice.issued_on),
            due_on: invoice.due_on,
        },
        url: invoice.url,
        purchase_order: invoice.purchase_order,
        legal_entity: invoice.legal_entity,
        tags: invoice.tags,
        lines: lines.into_iter().map(BilledLineOut::from).collect(),
    }))
}

fn row(invoice: ListedInvoice) -> InvoiceRowOut {
    InvoiceRowOut {
        id: invoice.id.as_str().to_owned(),
        customer: NamedCustomerOut::of(&invoice.customer, invoice.name),
        number: invoice.number,
        external_id: invoice.external_id,
        status: invoice.status,
        currency: invoice.currency,
        total_minor: invoice.total_minor,
        paid_minor: invoice.paid_minor,
        credited_minor: invoice.credited_minor,
        issued_on: invoice.issued_on,
        due_on: invoice.due_on,
    }
}
