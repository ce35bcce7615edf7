//! Payments that an app writes, by the vendor's rules.

use jiff::civil::Date;
use serde_json::Value;

use super::{
    ledger::Ledger,
    story::{Payment, WrittenPayment},
};
use crate::money;

/// The accounts of every company that take deposits: *Undeposited Funds* and a bank account.
const ACCOUNTS: [&str; 2] = ["4", "35"];
/// The longest reference.
const REFERENCE_MAX: usize = 21;
/// What a payment that is written may say.
const FIELDS: [&str; 8] =
    ["CustomerRef", "CurrencyRef", "TxnDate", "TotalAmt", "PaymentRefNum", "PrivateNote", "DepositToAccountRef", "Line"];

/// Why nothing is written: the vendor's code, its message, and the detail.
pub struct Invalid {
    pub code: &'static str,
    pub message: &'static str,
    pub detail: String,
}

fn invalid(code: &'static str, message: &'static str, detail: impl Into<String>) -> Invalid {
    Invalid { code, message, detail: detail.into() }
}

fn business(detail: impl Into<String>) -> Invalid {
    invalid("6000", "A business validation error has occurred while processing your request", detail)
}

impl Ledger {
    /// Writes a payment, or answers the one that the same request wrote before.
    pub fn write_payment(&mut self, request: Option<&str>, body: &[u8]) -> Result<u64, Invalid> {
        if let Some(id) = request.and_then(|request| self.requests.get(request)) {
            return Ok(*id);
        }
        let (payment, written) = self.read_payment(body)?;
        let id = self.receive(&payment);
        self.payment(id).written = Some(written);
        if let Some(request) = request {
            self.requests.insert(request.to_owned(), id);
        }
        Ok(id)
    }

    fn read_payment(&self, body: &[u8]) -> Result<(Payment, WrittenPayment), Invalid> {
        let parsing = |what: &str| invalid("2010", "Request has invalid or unsupported property", what);
        let missing = |what: &str| invalid("2020", "Required param missing, need to supply the required value for the API", what);
        let wrong = |what: &str| invalid("2500", "Invalid Reference Id", format!("Invalid Reference Id : {what}"));
        let said: Value = serde_json::from_slice(body).map_err(|_| parsing("the body is no JSON"))?;
        let all = said.as_object().ok_or_else(|| parsing("the body is no object"))?;
        if let Some(name) = all.keys().find(|name| !FIELDS.contains(&name.as_str())) {
            return Err(parsing(&format!("Property Name:{name} specified is unsupported or invalid")));
        }
        let text = |pointer: &str| said.pointer(pointer).and_then(Value::as_str);
        let customer = text("/CustomerRef/value").ok_or_else(|| missing("CustomerRef"))?;
        let known = customer.parse().ok().and_then(|id: u64| self.customers.get(&id)).filter(|row| row.active);
        known.ok_or_else(|| wrong("Names element id not found"))?;
        let currency = text("/CurrencyRef/value").map(str::to_owned);
        let currency = self.currency(currency.as_ref());
        let amount = |value: &Value| {
            let number = value.as_number().map(ToString::to_string).unwrap_or_default();
            // The library writes a whole number of a currency without digits with one.
            let number = number.strip_suffix(".0").unwrap_or(&number);
            money::minor(number, &currency).filter(|minor| *minor > 0)
        };
        let total = said.get("TotalAmt").and_then(amount).ok_or_else(|| missing("TotalAmt"))?;
        let received_on: Date = match text("/TxnDate") {
            Some(on) => on.parse().map_err(|_| parsing("TxnDate"))?,
            None => self.now.to_zoned(self.zone.clone()).date(),
        };
        if self.closed_until.is_some_and(|until| received_on <= until) {
            let detail = "The account period has closed and the account books cannot be updated through the QBO Services API.";
            return Err(invalid("6210", "Account Period Closed, Cannot Update Through Services", detail));
        }
        let reference = text("/PaymentRefNum").unwrap_or_default().to_owned();
        if reference.chars().count() > REFERENCE_MAX {
            let detail = format!("String length specified does not match the supported length. Max:{REFERENCE_MAX}");
            return Err(invalid("2050", "String length is either shorter or longer than supported by specification", detail));
        }
        let account = text("/DepositToAccountRef/value").unwrap_or(ACCOUNTS[0]).to_owned();
        if !ACCOUNTS.contains(&account.as_str()) {
            return Err(wrong("Accounts element id not found"));
        }
        let mut payment = Payment::unapplied(customer, &money::text(total, &currency), received_on);
        let mut applied = 0;
        for line in said.get("Line").and_then(Value::as_array).into_iter().flatten() {
            let linked = line.pointer("/LinkedTxn/0");
            let is_one = line.pointer("/LinkedTxn").and_then(Value::as_array).is_some_and(|linked| linked.len() == 1);
            let invoice =
                linked.filter(|linked| is_one && linked["TxnType"] == "Invoice").and_then(|linked| linked["TxnId"].as_str());
            let invoice = invoice.ok_or_else(|| parsing("Line.LinkedTxn"))?;
            let row = invoice.parse().ok().and_then(|id: u64| self.invoices.get(&id));
            let row = row.ok_or_else(|| wrong("Transaction element id not found"))?;
            let minor = line.get("Amount").and_then(amount).ok_or_else(|| missing("Line.Amount"))?;
            if row.customer.to_string() != customer || row.currency != currency {
                return Err(business("Business Validation Error: the transaction is another customer's, or in another currency"));
            }
            if payment.invoices.iter().any(|(known, _)| known == invoice) || minor > row.balance() {
                return Err(business(
                    "Business Validation Error: The amount applied is more than the open balance of the transaction",
                ));
            }
            applied += minor;
            payment = payment.to(invoice, &money::text(minor, &currency));
        }
        if applied > total {
            return Err(business("Business Validation Error: The amounts applied are more than the payment"));
        }
        payment.currency = Some(currency);
        let note = text("/PrivateNote").unwrap_or_default().to_owned();
        Ok((payment, WrittenPayment { reference, account, note }))
    }
}
