//! Whose a mail of a buyers' portal is. Nobody of the portal's domain is known at a customer: the invoices that it names say it, where they are of one customer.

use std::collections::BTreeSet;

use domain::{CaseState, CustomerId, FoundBy, HeardAbout, HeardReply};
use jiff::tz::TimeZone;
use service::reply_taking::ReadAround;
use store::{Line, Result, Searched, Store};

use crate::classified::read_answer;

/// Invoices of one number that are looked at.
const SAME_NUMBER_MAX: u32 = 5;
/// Numbers of one mail that are looked up.
const NUMBERS_MAX: usize = 10;

/// The mail as its customer's; `None` where it is no portal's, it is known whose it is, or nothing says it beyond doubt.
///
/// # Errors
///
/// Those of the table.
pub async fn led_by_invoices(store: &Store, heard: &HeardReply) -> Result<Option<HeardReply>> {
    if heard.about.customer.is_some() || heard.suspect.is_some() || heard.dkim_domain.is_none() {
        return Ok(None);
    }
    let today = heard.received_at.to_zoned(TimeZone::UTC).date();
    let read = read_answer(heard, ReadAround { today, region: None, currency: None });
    if read.portal.is_none() {
        return Ok(None);
    }
    let tenant = &heard.about.tenant;
    let mut customers: BTreeSet<CustomerId> = BTreeSet::new();
    for number in read.invoice_numbers.iter().take(NUMBERS_MAX) {
        let found = store.search(tenant, Searched::Invoices, number, SAME_NUMBER_MAX, None).await?;
        for line in found.lines {
            if let Line::Word(word) = line
                && word.invoice.is_some()
                && word.text.eq_ignore_ascii_case(number)
            {
                customers.insert(word.customer);
            }
        }
    }
    let Some(customer) = customers.first().filter(|_| customers.len() == 1) else { return Ok(None) };
    let Some(head) = store.head(tenant, customer).await? else { return Ok(None) };
    let mut open = head.cases.values().filter(|case| case.state != CaseState::Closed);
    let case = open.next().map(|case| case.id.clone()).filter(|_| open.next().is_none());
    let about = HeardAbout { customer: Some(customer.clone()), case, by: FoundBy::InvoiceNumber, ..heard.about.clone() };
    Ok(Some(HeardReply { about, ..heard.clone() }))
}
