//! A payment as it is written into the books, and why it was not.

use bytes::Bytes;
use domain::BooksPayment;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::{form, payment_writing::number, raw::Fields};

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PaymentsBody<'a> {
    payments: Vec<PaymentBody<'a>>,
}

/// What the vendor keeps of a payment that is written: one invoice each.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PaymentBody<'a> {
    invoice: InvoiceRef<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<AccountRef<'a>>,
    date: String,
    amount: Box<RawValue>,
    reference: &'a str,
}

#[derive(Serialize)]
struct InvoiceRef<'a> {
    #[serde(rename = "InvoiceID")]
    id: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AccountRef<'a> {
    code: &'a str,
}

/// The body.
pub fn body(payment: &BooksPayment) -> Bytes {
    let each = payment.parts.iter().map(|part| PaymentBody {
        invoice: InvoiceRef { id: &part.external_id },
        account: payment.account.as_deref().map(|code| AccountRef { code }),
        date: payment.received_on.to_string(),
        amount: number(part.amount_minor, payment.currency),
        reference: payment.reference.as_str(),
    });
    serde_json::to_vec(&PaymentsBody { payments: each.collect() }).expect("texts and numbers are JSON").into()
}

/// What the vendor tells repeats by, at most 128 characters: the payment, and the invoice where it is of one.
pub fn key(payment: &BooksPayment) -> String {
    match payment.parts.as_slice() {
        [part] => format!("{}:{}", payment.repeats_by(), part.external_id),
        _ => payment.repeats_by(),
    }
}

/// Why the vendor wrote nothing, where it says so: of what was sent, or of an element of it.
pub fn refusal(root: &Fields<'_>) -> Option<String> {
    let of = |element: &Fields<'_>| -> Option<String> {
        let errors = element.objects("ValidationErrors");
        let said: Vec<String> = errors.iter().filter_map(|error| error.usable("Message", form::filled_text)).collect();
        let is_refused = element.is_true("HasValidationErrors") || !said.is_empty();
        is_refused.then(|| said.join("; ").chars().take(200).collect())
    };
    let elements = [root.objects("Elements"), root.objects("Payments")];
    let mut said = elements.iter().flatten().filter_map(of);
    said.next().map(|why| if why.is_empty() { "it has validation errors and names none".to_owned() } else { why })
}
