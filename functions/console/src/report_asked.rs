//! What the address of a report asks for, and the address that asks for something: the same words both ways.

use domain::{Currency, CustomerId};
use figures::{GroupBy, report::ReportName};
use jiff::civil::Date;
use service::reports::{MadeOf, ReportCurrencies, ReportQuery};

use crate::request::ConsoleRequest;

/// A JSON pointer to what is wrong, and a sentence.
pub(crate) type AddressFlaw = (String, String);

/// All currencies together, in place of a currency.
pub(crate) const TOGETHER: &str = "together";

/// What an address asks for, and what of it does not read.
pub(crate) fn asked(request: &ConsoleRequest) -> (ReportQuery, Vec<AddressFlaw>) {
    let mut flaws = Vec::new();
    let mut wrong = |name: &str, why: &str| flaws.push((format!("/{name}"), why.to_owned()));
    let mut day = |name: &str| -> Option<Date> {
        let text = request.query(name)?;
        let day = text.parse::<Date>().ok();
        if day.is_none() {
            wrong(name, "it is a day, such as 2026-02-28");
        }
        day
    };
    let (as_of, from, to) = (day("as_of"), day("from"), day("to"));
    let by = request.query("by").map_or(Some(GroupBy::Tenant), group_of);
    if by.is_none() {
        wrong("by", "rows are told apart by tenant, segment, owner, legal_entity or customer");
    }
    let within = request.query("within_by").map(|word| {
        let group = group_of(word).filter(|by| !matches!(by, GroupBy::Tenant | GroupBy::Customer));
        group.map(|by| (by, request.query("within").unwrap_or_default().to_owned()))
    });
    if within == Some(None) {
        wrong("within_by", "customers are those of a segment, an owner or a legal_entity");
    }
    let customer = request.query("customer").map(CustomerId::parse);
    if customer == Some(None) {
        wrong("customer", "a customer's id is 'cus_…'");
    }
    let currencies = match request.query("currency") {
        None => Some(ReportCurrencies::Each),
        Some(TOGETHER) => Some(ReportCurrencies::Together),
        Some(code) => Currency::parse(code).ok().map(ReportCurrencies::Only),
    };
    if currencies.is_none() {
        wrong("currency", "it is a currency, such as EUR, or together");
    }
    // The controls keep of which customers a page was; told by anything else it is of all.
    let is_of_customers = by == Some(GroupBy::Customer);
    let query = ReportQuery {
        as_of: as_of.or(to),
        from,
        to,
        by: by.unwrap_or(GroupBy::Tenant),
        within: within.flatten().filter(|_| is_of_customers),
        customer: customer.flatten().filter(|_| is_of_customers),
        currencies: currencies.unwrap_or_default(),
        limit: None,
        cursor: request.query("cursor").filter(|_| is_of_customers).map(str::to_owned),
    };
    (query, flaws)
}

fn group_of(word: &str) -> Option<GroupBy> {
    GroupBy::ALL.into_iter().find(|by| by.as_str() == word)
}

/// Where a report answers what is asked.
pub(crate) fn address(name: ReportName, query: &ReportQuery) -> String {
    let mut pairs: Vec<(&str, String)> = Vec::new();
    let days = [("as_of", query.as_of), ("from", query.from), ("to", query.to)];
    pairs.extend(days.into_iter().filter_map(|(name, day)| Some((name, day?.to_string()))));
    if query.by != GroupBy::Tenant {
        pairs.push(("by", query.by.as_str().to_owned()));
    }
    if let Some((by, group)) = &query.within {
        pairs.push(("within_by", by.as_str().to_owned()));
        pairs.push(("within", group.clone()));
    }
    pairs.extend(query.customer.iter().map(|customer| ("customer", customer.to_string())));
    match query.currencies {
        ReportCurrencies::Each => {}
        ReportCurrencies::Only(currency) => pairs.push(("currency", currency.code().to_owned())),
        ReportCurrencies::Together => pairs.push(("currency", TOGETHER.to_owned())),
    }
    pairs.extend(query.cursor.iter().map(|cursor| ("cursor", cursor.clone())));
    with_query(format!("/console/reports/{}", name.as_str()), pairs)
}

/// Where a number of a report leads: to what it is made of.
pub(crate) fn address_of_parts(name: ReportName, made_of: &MadeOf) -> String {
    match made_of {
        MadeOf::Customers(query) => address(name, query),
        MadeOf::Entries { customer, from, to } => {
            let from = from.map(|from| ("from", from.to_string()));
            let pairs = from.into_iter().chain([("to", to.to_string())]).collect();
            with_query(format!("/console/reports/entries/{customer}"), pairs)
        }
    }
}

fn with_query(path: String, pairs: Vec<(&str, String)>) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    if query.is_empty() { path } else { format!("{path}?{query}") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(query: &str) -> (ReportQuery, Vec<AddressFlaw>) {
        let event = json!({
            "requestContext": {"http": {"method": "GET"}}, "rawPath": "/console/reports/aging", "rawQueryString": query,
        });
        asked(&ConsoleRequest::read(&event).unwrap().unwrap())
    }

    #[test]
    fn an_address_reads_as_what_it_was_made_of() {
        let customer = CustomerId::derive(&["a"]);
        for query in [
            ReportQuery::default(),
            ReportQuery {
                as_of: "2026-02-28".parse().ok(),
                from: "2026-01-01".parse().ok(),
                by: GroupBy::Customer,
                within: Some((GroupBy::Segment, "large & \"grün\"".to_owned())),
                customer: Some(customer),
                currencies: ReportCurrencies::Only(Currency::EUR),
                cursor: Some("a b".to_owned()),
                ..ReportQuery::default()
            },
            ReportQuery { by: GroupBy::Owner, currencies: ReportCurrencies::Together, ..ReportQuery::default() },
        ] {
            let address = address(ReportName::Aging, &query);
            let (again, flaws) = read(address.split_once('?').map_or("", |(_, query)| query));
            assert_eq!((again, flaws.len()), (query, 0), "{address}");
        }
    }

    #[test]
    fn what_does_not_read_is_named() {
        let (_, flaws) = read("as_of=yesterday&by=colour&within_by=customer&customer=x&currency=euro&from=&to=2026-02-30");
        let named: Vec<&str> = flaws.iter().map(|(pointer, _)| pointer.as_str()).collect();
        assert_eq!(named, ["/as_of", "/to", "/by", "/within_by", "/customer", "/currency"]);
    }
}
