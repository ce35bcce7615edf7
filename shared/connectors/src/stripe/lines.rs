//! Lines of an invoice: those that an event carries, the first ten.

use domain::{BilledLine, Currency};
use serde_json::{Map, Value};

use crate::{form, json::Object, stripe::money};

/// The lines, where the invoice has some. What cannot be read of one leaves that one out: lines are for people, and nothing is reckoned with them.
pub fn read(invoice: &Object<'_>, currency: Currency) -> Option<Vec<BilledLine>> {
    let lines = invoice.field("lines")?.get("data")?.as_array()?;
    let lines = BilledLine::kept(lines.iter().filter_map(Value::as_object).filter_map(|line| one(line, currency)));
    (!lines.is_empty()).then_some(lines)
}

fn one(line: &Map<String, Value>, currency: Currency) -> Option<BilledLine> {
    let amount = money::signed(currency);
    let described = form::one_line(line.get("description")?.as_str()?);
    let off = sum(line, "discount_amounts", |_| true, &amount)?;
    let newer = sum(
        line,
        "taxes",
        |tax| tax.get("tax_behavior").is_some_and(|behaviour| behaviour.as_str() == Some("exclusive")),
        &amount,
    )?;
    let older = sum(
        line,
        "tax_amounts",
        |tax| tax.get("inclusive").is_some_and(|inclusive| inclusive.as_bool() == Some(false)),
        &amount,
    )?;
    // Tax comes on top of a line unless the line has it; the two names are those of two versions of Stripe's API.
    let tax = if newer == 0 { older } else { newer };
    let amount_minor = amount(line.get("amount")?).ok()?.checked_sub(off)?.checked_add(tax)?;
    Some(BilledLine {
        external_id: line.get("id").and_then(|id| form::id(id).ok()),
        description: (!described.is_empty()).then_some(described)?,
        quantity: line.get("quantity").and_then(Value::as_u64).map(|count| count.to_string()),
        amount_minor,
    })
}

/// The sum of the amounts of a list that count; `None` where one of them does not read.
fn sum(
    line: &Map<String, Value>,
    name: &str,
    counts: impl Fn(&Value) -> bool,
    amount: &impl Fn(&Value) -> Result<i64, String>,
) -> Option<i64> {
    let listed = line.get(name).and_then(Value::as_array).into_iter().flatten().filter(|each| counts(each));
    listed.map(|each| amount(each.get("amount")?).ok()).try_fold(0_i64, |sum, minor| sum.checked_add(minor?))
}
