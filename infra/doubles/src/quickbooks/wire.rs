//! Objects and faults as the vendor writes them.

use bytes::Bytes;
use http::{Response, StatusCode};
use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Map, Value, json};

use super::ledger::{CreditMemoRow, CustomerRow, Gone, InvoiceRow, Ledger, Link, PaymentRow, Stamp};
use crate::{ids, money, web};

/// The object of a kind with that id. `linked` asks for the link to an invoice's page, which is left out otherwise.
pub fn object(ledger: &Ledger, kind: &str, id: u64, linked: bool) -> Option<Value> {
    Some(match kind {
        "Customer" => customer(ledger, id, ledger.customers.get(&id)?),
        "Invoice" => invoice(ledger, id, ledger.invoices.get(&id)?, linked),
        "Payment" => payment(ledger, id, ledger.payments.get(&id)?),
        "CreditMemo" => credit_memo(ledger, id, ledger.credit_memos.get(&id)?),
        _ => return None,
    })
}

/// An instant with the offset of a zone, to the second.
fn at(zone: &TimeZone, at: Timestamp) -> String {
    at.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

/// When an answer was made: by the vendor's own zone, to the millisecond.
pub fn time(now: Timestamp) -> String {
    let zone = jiff::tz::db().get("America/Los_Angeles").unwrap_or(TimeZone::UTC);
    now.to_zoned(zone).strftime("%Y-%m-%dT%H:%M:%S.%3f%:z").to_string()
}

fn base(ledger: &Ledger, id: u64, stamp: Stamp) -> Value {
    json!({
        "domain": "QBO",
        "sparse": false,
        "Id": id.to_string(),
        "SyncToken": stamp.token.to_string(),
        "MetaData": {
            "CreateTime": at(&ledger.zone, stamp.created),
            "LastUpdatedTime": at(&ledger.zone, stamp.updated),
        },
    })
}

/// `more` over `base`.
fn with(mut base: Value, more: Value) -> Value {
    if let (Some(base), Value::Object(more)) = (base.as_object_mut(), more) {
        base.extend(more);
    }
    base
}

fn currency(code: &str) -> Value {
    let name = match code {
        "USD" => "United States Dollar",
        "EUR" => "Euro",
        "GBP" => "British Pound Sterling",
        other => other,
    };
    json!({ "value": code, "name": name })
}

fn customer_ref(ledger: &Ledger, id: u64) -> Value {
    json!({ "value": id.to_string(), "name": ledger.customers.get(&id).map(shown) })
}

/// The vendor marks the names of inactive customers.
fn shown(row: &CustomerRow) -> String {
    if row.active { row.form.name.clone() } else { format!("{} (deleted)", row.form.name) }
}

fn address(id: u64, row: &CustomerRow) -> Option<Value> {
    let address = row.form.address.as_ref()?;
    let mut written = Map::from_iter([("Id".to_owned(), json!((1_000 + id).to_string()))]);
    for (name, value) in [
        ("Line1", &address.line1),
        ("City", &address.city),
        ("Country", &address.country),
        ("CountrySubDivisionCode", &address.region),
        ("PostalCode", &address.postal_code),
    ] {
        if !value.is_empty() {
            written.insert(name.to_owned(), json!(value));
        }
    }
    Some(Value::Object(written))
}

fn customer(ledger: &Ledger, id: u64, row: &CustomerRow) -> Value {
    let balance = money::number(ledger.balance(id), &ledger.company.currency);
    let mut written = with(
        base(ledger, id, row.stamp),
        json!({
            "Taxable": true,
            "Job": row.form.parent.is_some(),
            "BillWithParent": row.form.bill_with_parent,
            "Balance": balance,
            "BalanceWithJobs": balance,
            "CurrencyRef": currency(&ledger.company.currency),
            "PreferredDeliveryMethod": "Email",
            "FullyQualifiedName": shown(row),
            "DisplayName": shown(row),
            "PrintOnCheckName": row.form.name,
            "Active": row.active,
        }),
    );
    let form = &row.form;
    let filled = [
        ("GivenName", &form.given_name, None),
        ("FamilyName", &form.family_name, None),
        ("CompanyName", &form.company_name, None),
        ("PrimaryPhone", &form.phone, Some("FreeFormNumber")),
        ("Mobile", &form.mobile, Some("FreeFormNumber")),
        ("PrimaryEmailAddr", &form.email, Some("Address")),
    ];
    for (name, value, within) in filled.into_iter().filter(|(_, value, _)| !value.is_empty()) {
        written[name] = within.map_or_else(|| json!(value), |within| json!({ within: value }));
    }
    if let Some(address) = address(id, row) {
        written["BillAddr"] = address;
    }
    if let Some(parent) = &form.parent {
        written["ParentRef"] = json!({ "value": parent });
    }
    written
}

fn invoice(ledger: &Ledger, id: u64, row: &InvoiceRow, linked: bool) -> Value {
    let amount = |minor: i64| money::number(minor, &row.currency);
    let payments = row.linked.iter().map(|(payment, _)| json!({ "TxnId": payment.to_string(), "TxnType": "Payment" }));
    let item = json!({ "ItemRef": { "value": "1", "name": "Services" }, "TaxCodeRef": { "value": "NON" } });
    let item = json!({ "Id": "1", "LineNum": 1, "Amount": amount(row.total), "DetailType": "SalesItemLineDetail",
                       "SalesItemLineDetail": item });
    let sum = json!({ "Amount": amount(row.total), "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {} });
    let mut written = with(
        base(ledger, id, row.stamp),
        json!({
            "Deposit": amount(row.deposit),
            "AllowIPNPayment": false,
            "AllowOnlinePayment": false,
            "AllowOnlineCreditCardPayment": true,
            "AllowOnlineACHPayment": true,
            "CustomField": [],
            "DocNumber": row.number,
            "TxnDate": row.issued_on.to_string(),
            "CurrencyRef": currency(&row.currency),
            "LinkedTxn": payments.collect::<Vec<_>>(),
            "Line": [item, sum],
            "TxnTaxDetail": { "TotalTax": 0 },
            "CustomerRef": customer_ref(ledger, row.customer),
            "CustomerMemo": { "value": "Thank you for your business." },
            "SalesTermRef": { "value": "3" },
            "TotalAmt": amount(row.total),
            "ApplyTaxAfterDiscount": false,
            "PrintStatus": "NeedToPrint",
            "EmailStatus": if row.sent { "EmailSent" } else { "NotSet" },
            "Balance": amount(row.balance()),
        }),
    );
    if let Some(due_on) = row.due_on {
        written["DueDate"] = json!(due_on.to_string());
    }
    if row.voided.is_some() {
        written["PrivateNote"] = json!("Voided");
    }
    if let Some(of) = ledger.customers.get(&row.customer) {
        let email = row.bill_email.as_ref().unwrap_or(&of.form.email);
        if !email.is_empty() {
            written["BillEmail"] = json!({ "Address": email });
        }
        if let Some(address) = address(row.customer, of) {
            written["BillAddr"] = address;
        }
    }
    if linked {
        let page = ids::token(&[&ledger.company.realm, &id.to_string()]);
        written["InvoiceLink"] = json!(format!("https://connect.intuit.com/t/scs-v1-{page}"));
    }
    written
}

fn payment(ledger: &Ledger, id: u64, row: &PaymentRow) -> Value {
    let amount = |minor: i64| money::number(minor, &row.currency);
    let lines = row.lines.iter().map(|(link, minor)| {
        let (to, kind) = match link {
            Link::Invoice(id) => (id, "Invoice"),
            Link::CreditMemo(id) => (id, "CreditMemo"),
        };
        let linked = json!([{ "TxnId": to.to_string(), "TxnType": kind }]);
        json!({ "Amount": amount(*minor), "LinkedTxn": linked, "LineEx": { "any": [] } })
    });
    let mut written = with(
        base(ledger, id, row.stamp),
        json!({
            "CustomerRef": customer_ref(ledger, row.customer),
            "DepositToAccountRef": { "value": row.written.as_ref().map_or("4", |written| written.account.as_str()) },
            "PaymentMethodRef": { "value": "1" },
            "PaymentRefNum": reference(id, row),
            "TotalAmt": amount(row.total),
            "UnappliedAmt": amount(row.unapplied()),
            "ProcessPayment": false,
            "TxnDate": row.received_on.to_string(),
            "CurrencyRef": currency(&row.currency),
            "LinkedTxn": [],
            "Line": lines.collect::<Vec<_>>(),
        }),
    );
    let note = row.written.as_ref().map(|written| written.note.as_str()).filter(|note| !note.is_empty());
    if let Some(note) = if row.voided { Some("Voided") } else { note } {
        written["PrivateNote"] = json!(note);
    }
    written
}

/// What a payment is known by.
pub fn reference(id: u64, row: &PaymentRow) -> String {
    row.written.as_ref().map_or_else(|| (10_000 + id).to_string(), |written| written.reference.clone())
}

fn credit_memo(ledger: &Ledger, id: u64, row: &CreditMemoRow) -> Value {
    let amount = |minor: i64| money::number(minor, &row.currency);
    with(
        base(ledger, id, row.stamp),
        json!({
            "RemainingCredit": amount(row.left()),
            "DocNumber": row.number,
            "TxnDate": row.issued_on.to_string(),
            "CurrencyRef": currency(&row.currency),
            "Line": [],
            "CustomerRef": customer_ref(ledger, row.customer),
            "TotalAmt": amount(row.total),
            "Balance": amount(row.left()),
        }),
    )
}

/// What change data capture says of a deleted object.
pub fn gone(ledger: &Ledger, gone: &Gone) -> Value {
    let updated = at(&ledger.zone, gone.at);
    json!({ "domain": "QBO", "status": "Deleted", "Id": gone.id.to_string(), "MetaData": { "LastUpdatedTime": updated } })
}

pub fn company_info(ledger: &Ledger) -> Value {
    let founded = Stamp { created: Timestamp::UNIX_EPOCH, updated: Timestamp::UNIX_EPOCH, token: 4 };
    with(
        base(ledger, 1, founded),
        json!({
            "CompanyName": ledger.company.name,
            "LegalName": ledger.company.name,
            "CompanyAddr": { "Id": "1", "Line1": "123 Sierra Way", "City": "San Pablo", "CountrySubDivisionCode": "CA",
                             "PostalCode": "87999" },
            "Country": ledger.company.country,
            "FiscalYearStartMonth": "January",
            "SupportedLanguages": "en",
        }),
    )
}

pub fn preferences(ledger: &Ledger) -> Value {
    let several = ledger.invoices.values().any(|row| row.currency != ledger.company.currency);
    json!({
        "AccountingInfoPrefs": { "CustomerTerminology": "Customers" },
        "CurrencyPrefs": { "MultiCurrencyEnabled": several, "HomeCurrency": { "value": ledger.company.currency } },
        "domain": "QBO",
        "sparse": false,
        "Id": "1",
        "SyncToken": "0",
    })
}

/// An answer with its time.
pub fn timed(now: Timestamp, mut body: Value) -> Response<Bytes> {
    body["time"] = json!(time(now));
    web::json(StatusCode::OK, &body)
}

/// A fault of the API.
pub fn fault(now: Timestamp, status: StatusCode, kind: &str, code: &str, message: &str, detail: &str) -> Response<Bytes> {
    let mut error = json!({ "Message": message, "Detail": detail, "code": code });
    if kind == "ValidationFault" {
        error["element"] = json!("");
    }
    web::json(status, &json!({ "Fault": { "Error": [error], "type": kind }, "time": time(now) }))
}

/// A fault of the gateway before the API, which spells its names in lower case and counts time in milliseconds.
pub fn gateway(now: Timestamp, status: StatusCode, kind: &str, code: &str, message: &str, detail: &str) -> Response<Bytes> {
    let error = json!({ "message": message, "detail": detail, "code": code, "element": null });
    let fault = json!({ "error": [error], "type": kind });
    let body = json!({ "warnings": null, "intuitObject": null, "fault": fault, "report": null, "time": now.as_millisecond() });
    web::json(status, &body)
}
