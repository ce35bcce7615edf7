//! What a person should hear of a document that is taken all the same.
//!
//! A remark is an exception by its cause, not by the document that showed it first: its key names the cause, so that a thousand documents
//! with one cause raise one exception.

use jiff::{Timestamp, civil::Date};

use crate::{Currency, Customer, CustomerRef, Document, NewTask, TaskKind, calendar::has_holidays};

/// The remarks on a document of `source`.
pub fn remarks(source: &str, document: &Document) -> Vec<NewTask> {
    match document {
        Document::Invoice { customer, invoice } => {
            let described = match customer {
                CustomerRef::Full(customer) => no_holidays(customer),
                CustomerRef::Named(_) | CustomerRef::Called { .. } | CustomerRef::OfInvoice(_) => None,
            };
            described.into_iter().chain(of_day(source, invoice.currency, invoice.issued_on, &document.name())).collect()
        }
        Document::Payment { payment, .. } => {
            of_day(source, payment.currency, payment.received_on, &document.name()).into_iter().collect()
        }
        Document::Customer(customer) => no_holidays(customer).into_iter().collect(),
        Document::Reversal(_) | Document::Withdrawn(_) | Document::Heartbeat(_) => Vec::new(),
    }
}

/// A customer in a country whose public holidays nobody told us: the first one says it, for all.
fn no_holidays(customer: &Customer) -> Option<NewTask> {
    let country = customer.country.as_deref().filter(|country| !has_holidays(country))?;
    let detail = format!(
        "Customer {} is in {country}, whose public holidays are not known here. Only Saturdays, Sundays and the closed days of the settings \
         are closed there. Add its holidays to calendar.closed in the settings if nobody should hear from you on them. This is said once for \
         {country}.",
        customer.external_id
    );
    Some(task(format!("no-holidays:{country}"), format!("The public holidays of {country} are not known"), detail))
}

/// The exception for a document of `source` that is not taken because its version is an instant more than a day ahead of `now`.
pub fn ahead(source: &str, document: &Document, now: Timestamp) -> Option<NewTask> {
    let version = document.version().filter(|version| version.is_ahead(now))?;
    let what = document.name();
    let detail = format!(
        "The {what} says that it was changed at {version}, which is more than a day ahead. It was not taken, because everything that came \
         later would count as older; it stays as it was. Correct the clock or the date in {source}, and change it there once more."
    );
    Some(task(format!("{source}:ahead:{what}:{version}"), format!("{source} sent an object from the future"), detail))
}

/// A currency on a day on which it was no legal tender: the source may mean its successor, and amounts differ by the rate.
fn of_day(source: &str, currency: Currency, day: Date, what: &str) -> Option<NewTask> {
    if currency.is_of_day(day) {
        return None;
    }
    let days = match currency.tender_days() {
        (_, Some(last)) if last < day => format!("ended on {last}"),
        (Some(first), _) => format!("began on {first}"),
        (None, _) => return None,
    };
    let detail = format!(
        "The {what} is of {day} and in {currency}, which {days}. It was taken as it is. If another currency is meant, correct it in \
         the source and send it again. This is said once for {currency}."
    );
    Some(task(
        format!("{source}:not-tender:{currency}"),
        format!("{source} sends amounts in {currency}, which was no legal tender"),
        detail,
    ))
}

fn task(key: String, title: String, detail: String) -> NewTask {
    NewTask { kind: TaskKind::Document, key, title, detail, to: None, due_on: None, step: None, currency: None, case: None }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::testing::{Stage, ladder};

    #[test]
    fn a_currency_is_remarked_on_outside_of_its_days_once() {
        for (code, issued_on, key) in [
            ("EUR", date(2026, 1, 5), None),
            ("BGN", date(2026, 1, 31), None),
            ("BGN", date(2026, 2, 1), Some("canonical:not-tender:BGN")),
            ("HRK", date(2026, 1, 5), Some("canonical:not-tender:HRK")),
            ("XCG", date(2025, 1, 5), Some("canonical:not-tender:XCG")),
            ("CLF", date(2026, 1, 5), None),
        ] {
            let mut receivables = Stage::new(ladder());
            let id = receivables.invoice("1", Currency::parse(code).expect(code), 1_000, "2026-03-01");
            let mut invoice = receivables.invoice_mut(&id).clone();
            invoice.issued_on = issued_on;
            let customer = CustomerRef::Named(receivables.facts.customer.id);
            let found = remarks("canonical", &Document::Invoice { customer, invoice });
            let keys: Vec<&str> = found.iter().map(|task| task.key.as_str()).collect();
            assert_eq!(keys, key.into_iter().collect::<Vec<_>>(), "{code} on {issued_on}");
        }
    }

    #[test]
    fn a_country_without_known_holidays_is_remarked_on_once() {
        for (country, key) in [(Some("PL"), None), (Some("BV"), Some("no-holidays:BV")), (None, None)] {
            let mut customer = Stage::new(ladder()).facts.customer;
            customer.country = country.map(str::to_owned);
            let found = remarks("canonical", &Document::Customer(customer));
            let keys: Vec<&str> = found.iter().map(|task| task.key.as_str()).collect();
            assert_eq!(keys, key.into_iter().collect::<Vec<_>>(), "{country:?}");
        }
    }
}
