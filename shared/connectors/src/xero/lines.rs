//! Lines of an invoice.

use domain::{BilledLine, Currency};

use crate::{
    form,
    raw::{self, Fields},
};

/// The lines, where the object has some: summaries have an empty list. What cannot be read of one leaves that one out: lines are for people, and
/// nothing is reckoned with them.
pub fn read(object: &Fields<'_>, currency: Currency) -> Option<Vec<BilledLine>> {
    // Tax comes on top of amounts that are without it.
    let is_net = object.string("LineAmountTypes").is_some_and(|types| types == "Exclusive");
    let lines = BilledLine::kept(object.objects("LineItems").iter().filter_map(|line| one(line, currency, is_net)));
    (!lines.is_empty()).then_some(lines)
}

fn one(line: &Fields<'_>, currency: Currency, is_net: bool) -> Option<BilledLine> {
    let text = |name: &str| line.string(name).map(|text| form::one_line(&text)).filter(|text| !text.is_empty());
    let amount = raw::minor(line.text("LineAmount")?, currency).ok()?;
    let tax = line.text("TaxAmount").filter(|_| is_net).map_or(Some(0), |tax| raw::minor(tax, currency).ok())?;
    Some(BilledLine {
        external_id: line.usable("LineItemID", form::id),
        description: text("Description").or_else(|| text("ItemCode"))?,
        quantity: line.text("Quantity").and_then(raw::quantity),
        amount_minor: amount.checked_add(tax)?,
    })
}
