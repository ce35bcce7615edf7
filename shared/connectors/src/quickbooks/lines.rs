//! Lines of an invoice: what is sold, by itself or as a bundle. Subtotals, discounts, taxes and remarks are no lines that could be contested.

use domain::{BilledLine, Currency};

use crate::{
    form,
    raw::{self, Fields},
};

/// The lines, where the object has some. What cannot be read of one leaves that one out: lines are for people, and nothing is reckoned with them.
pub fn read(object: &Fields<'_>, currency: Currency) -> Option<Vec<BilledLine>> {
    let lines = BilledLine::kept(object.objects("Line").iter().filter_map(|line| one(line, currency)));
    (!lines.is_empty()).then_some(lines)
}

fn one(line: &Fields<'_>, currency: Currency) -> Option<BilledLine> {
    let kind = line.string("DetailType")?;
    if !["SalesItemLineDetail", "GroupLineDetail"].contains(&kind.as_str()) {
        return None;
    }
    let detail = line.object(&kind)?;
    let item = ["ItemRef", "GroupItemRef"].into_iter().find_map(|name| detail.object(name)).and_then(|item| item.string("name"));
    let described = line.string("Description").map(|text| form::one_line(&text)).filter(|text| !text.is_empty());
    let description = described.or_else(|| item.map(|name| form::one_line(&name)).filter(|name| !name.is_empty()))?;
    // With its tax, where the company enters amounts so.
    let amount = detail.text("TaxInclusiveAmt").or_else(|| line.text("Amount"))?;
    Some(BilledLine {
        external_id: line.usable("Id", form::id),
        description,
        quantity: ["Qty", "Quantity"].into_iter().find_map(|name| detail.text(name)).and_then(raw::quantity),
        amount_minor: raw::minor(amount, currency).ok()?,
    })
}
