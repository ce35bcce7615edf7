//! A payment as it is written into the books.

use bytes::Bytes;
use domain::BooksPayment;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::{Site, payment_writing::number};

/// What the vendor keeps of a payment that is written: what it is for, and by what it is known.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PaymentBody<'a> {
    customer_ref: Ref<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency_ref: Option<Ref<'a>>,
    txn_date: String,
    total_amt: Box<RawValue>,
    /// At most 21 characters.
    payment_ref_num: &'a str,
    private_note: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    deposit_to_account_ref: Option<Ref<'a>>,
    line: Vec<Line<'a>>,
}

#[derive(Serialize)]
struct Ref<'a> {
    value: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Line<'a> {
    amount: Box<RawValue>,
    linked_txn: [Linked<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Linked<'a> {
    txn_id: &'a str,
    txn_type: &'static str,
}

/// The body. The currency is named only where it is not the company's own: a company of one currency has no other to name.
pub fn body(site: &Site<'_>, payment: &BooksPayment) -> Bytes {
    let BooksPayment { reference, customer, currency, received_on, account, parts, round: _ } = payment;
    let lines = parts.iter().map(|part| Line {
        amount: number(part.amount_minor, *currency),
        linked_txn: [Linked { txn_id: &part.external_id, txn_type: "Invoice" }],
    });
    let written = PaymentBody {
        customer_ref: Ref { value: customer },
        currency_ref: (site.company.currency != Some(*currency)).then(|| Ref { value: currency.code() }),
        txn_date: received_on.to_string(),
        total_amt: number(payment.amount_minor(), *currency),
        payment_ref_num: reference.as_str(),
        private_note: format!("Dunlin payment {reference}"),
        deposit_to_account_ref: account.as_deref().map(|account| Ref { value: account }),
        line: lines.collect(),
    };
    serde_json::to_vec(&written).expect("texts and numbers are JSON").into()
}
