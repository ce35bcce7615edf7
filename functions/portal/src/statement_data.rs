//! The statement for the customer's own system: JSON of `docs/schemas/statement.schema.json`.

use domain::{Currency, InvoiceId, PaymentId, PaymentKind, PaymentStatus};
use jiff::civil::Date;
use serde::Serialize;

use crate::{
    page::PortalPage,
    statement::{AccountStatement, ItemNote, ReceivedItem, StatementItem, StatementTotal},
    visit::Visit,
};

/// The form of what is answered; another one would have another number.
const FORM: u32 = 1;

#[derive(Serialize)]
struct StatementData<'a> {
    form: u32,
    creditor: String,
    customer: &'a str,
    as_of: Date,
    totals: Vec<TotalData>,
    items: Vec<ItemData<'a>>,
    received: Vec<ReceivedData<'a>>,
    page: u32,
    /// Where the next page is; null at the end.
    next: Option<String>,
}

#[derive(Serialize)]
struct TotalData {
    currency: Currency,
    open_minor: i64,
    overdue_minor: i64,
    upcoming_minor: i64,
    kept_minor: i64,
    credit_minor: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_due_on: Option<Date>,
}

#[derive(Serialize)]
struct ItemData<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    invoice: Option<&'a InvoiceId>,
    number: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    instalment: Option<InstalmentData>,
    #[serde(skip_serializing_if = "Option::is_none")]
    purchase_order: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    currency: Currency,
    amount_minor: i64,
    paid_minor: i64,
    open_minor: i64,
    issued_on: Date,
    due_on: Date,
    days_past_due: i64,
    notes: Vec<NoteData>,
}

#[derive(Serialize)]
struct InstalmentData {
    number: usize,
    of: usize,
}

#[derive(Serialize)]
#[serde(tag = "note", rename_all = "snake_case")]
enum NoteData {
    Disputed {
        #[serde(skip_serializing_if = "Option::is_none")]
        amount_minor: Option<i64>,
    },
    Promised {
        pays_on: Date,
    },
    OnItsWay,
    InPlan,
    PromiseMissed {
        pays_on: Date,
    },
    PlanBroken,
    DisputeUpheld,
    DisputePartlyUpheld,
    DisputeRejected,
}

#[derive(Serialize)]
struct ReceivedData<'a> {
    id: &'a PaymentId,
    kind: PaymentKind,
    status: PaymentStatus,
    currency: Currency,
    amount_minor: i64,
    received_on: Date,
}

/// The page.
///
/// # Errors
///
/// When it cannot be written.
pub(crate) fn data(visit: &Visit, statement: &AccountStatement) -> Result<PortalPage, serde_json::Error> {
    let page = &statement.page;
    let answered = StatementData {
        form: FORM,
        creditor: visit.tenant_of(&statement.legal_entities),
        customer: &visit.customer,
        as_of: statement.as_of,
        totals: statement.totals.iter().map(total).collect(),
        items: statement.items.iter().map(item).collect(),
        received: statement.received.iter().map(received).collect(),
        page: page.number,
        next: page.next_at(&visit.path),
    };
    let body = serde_json::to_string(&answered)?;
    Ok(PortalPage::Data { content_type: "application/json", file: None, language: visit.words.language, body })
}

fn total(total: &StatementTotal) -> TotalData {
    TotalData {
        currency: total.currency,
        open_minor: total.open_minor,
        overdue_minor: total.overdue_minor,
        upcoming_minor: total.upcoming_minor,
        kept_minor: total.kept_minor,
        credit_minor: total.credit_minor,
        next_due_on: total.next_due_on,
    }
}

fn item(item: &StatementItem) -> ItemData<'_> {
    let note = |note: &ItemNote| match note {
        ItemNote::Disputed(amount_minor) => NoteData::Disputed { amount_minor: *amount_minor },
        ItemNote::Promised(on) => NoteData::Promised { pays_on: *on },
        ItemNote::OnItsWay => NoteData::OnItsWay,
        ItemNote::Planned => NoteData::InPlan,
        ItemNote::PromiseMissed(on) => NoteData::PromiseMissed { pays_on: *on },
        ItemNote::PlanBroken => NoteData::PlanBroken,
        ItemNote::DisputeUpheld => NoteData::DisputeUpheld,
        ItemNote::DisputePartlyUpheld => NoteData::DisputePartlyUpheld,
        ItemNote::DisputeRejected => NoteData::DisputeRejected,
    };
    ItemData {
        invoice: item.invoice.as_ref(),
        number: &item.number,
        instalment: item.instalment.map(|(number, of)| InstalmentData { number, of }),
        purchase_order: item.purchase_order.as_deref(),
        url: item.url.as_deref(),
        currency: item.currency,
        amount_minor: item.original_minor,
        paid_minor: item.paid_minor,
        open_minor: item.open_minor,
        issued_on: item.issued_on,
        due_on: item.due_on,
        days_past_due: item.days_past_due,
        notes: item.notes.iter().map(note).collect(),
    }
}

fn received(item: &ReceivedItem) -> ReceivedData<'_> {
    ReceivedData {
        id: &item.id,
        kind: item.kind,
        status: item.status,
        currency: item.currency,
        amount_minor: item.amount_minor,
        received_on: item.received_on,
    }
}
