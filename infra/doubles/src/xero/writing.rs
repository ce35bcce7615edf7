//! Payments that an app writes, by the vendor's rules.

use jiff::{SignedDuration, civil::Date};
use serde_json::Value;

use super::{
    ledger::{Ledger, Repeat, Status},
    story::Side,
};
use crate::money;

/// The accounts of every organisation that take payments: a bank account, and one on which payments are switched on.
const ACCOUNTS: [&str; 2] = ["090", "970"];
/// How long a request is known by its key.
const KNOWN_FOR: SignedDuration = SignedDuration::from_mins(6);

/// A payment that reads.
struct Asked {
    invoice: String,
    amount: String,
    paid_on: Date,
    account: String,
    reference: String,
}

impl Ledger {
    /// Writes payments, all or none, or answers those that the same request wrote before; else what is wrong, for each.
    pub fn write_payments(&mut self, key: Option<&str>, body: &[u8]) -> Result<Vec<String>, Vec<String>> {
        let now = self.now;
        self.repeats.retain(|_, known| now.duration_since(known.at) < KNOWN_FOR);
        if let Some(known) = key.and_then(|key| self.repeats.get(key)) {
            let is_same = known.body == body;
            let other = || vec!["The idempotency key was used for another request".to_owned()];
            return if is_same { Ok(known.ids.clone()) } else { Err(other()) };
        }
        let said: Value = serde_json::from_slice(body).unwrap_or_default();
        let all = said.get("Payments").and_then(Value::as_array).cloned().unwrap_or_default();
        if all.is_empty() {
            return Err(vec!["The Payments are missing".to_owned()]);
        }
        let read: Vec<Result<Asked, String>> = all.iter().map(|one| self.read_payment(one)).collect();
        let flaws: Vec<String> = read.iter().filter_map(|one| one.as_ref().err().cloned()).collect();
        if !flaws.is_empty() {
            return Err(flaws);
        }
        let mut ids = Vec::new();
        for asked in read.into_iter().flatten() {
            let id = self.pay(&asked.invoice, &asked.amount, asked.paid_on);
            let row = self.payment(&id);
            (row.account, row.reference) = (asked.account, asked.reference);
            ids.push(id);
        }
        if let Some(key) = key {
            self.repeats.insert(key.to_owned(), Repeat { at: now, body: body.to_vec(), ids: ids.clone() });
        }
        Ok(ids)
    }

    fn read_payment(&self, said: &Value) -> Result<Asked, String> {
        let text = |pointer: &str| said.pointer(pointer).and_then(Value::as_str);
        let invoice = text("/Invoice/InvoiceID").unwrap_or_default().to_ascii_lowercase();
        let row = self.invoices.get(&invoice).filter(|row| row.side == Side::Sales);
        let row = row.ok_or("Invoice could not be found")?;
        if row.status != Status::Authorised {
            return Err("Payments can only be made against AUTHORISED documents".to_owned());
        }
        let account = text("/Account/Code").ok_or("Payment account is missing")?.to_owned();
        if !ACCOUNTS.contains(&account.as_str()) {
            return Err(format!("Account code '{account}' is not a valid code for this document."));
        }
        let paid_on: Date = text("/Date").and_then(|on| on.parse().ok()).ok_or("Payment date is missing or no date")?;
        if self.locked_until.is_some_and(|until| paid_on <= until) {
            return Err("The payment date cannot be before the period lock date".to_owned());
        }
        let number = said.get("Amount").and_then(Value::as_number).map(ToString::to_string).unwrap_or_default();
        let amount = money::minor(number.strip_suffix(".0").unwrap_or(&number), &row.currency).filter(|minor| *minor > 0);
        let amount = amount.ok_or("Payment amount must be greater than zero")?;
        if amount > row.due() {
            return Err("Payment amount exceeds the amount outstanding on this document".to_owned());
        }
        let reference = text("/Reference").unwrap_or_default().to_owned();
        Ok(Asked { invoice, amount: money::text(amount, &row.currency), paid_on, account, reference })
    }
}
