//! What lists are narrowed by: `where=Type=="ACCREC" AND Status=="AUTHORISED"`, statuses, ids, dates, archived contacts, order.

use jiff::{Timestamp, tz::TimeZone};

use super::{
    ledger::{Ledger, PaymentRow, Status},
    story::{CreditKind, Side},
};
use crate::web::Parameters;

/// The lists.
pub const LISTS: [&str; 6] = ["Contacts", "Invoices", "CreditNotes", "Payments", "Overpayments", "Prepayments"];

/// What an object is found and sorted by.
pub struct Facts {
    pub id: String,
    pub updated: Timestamp,
    kind: &'static str,
    status: &'static str,
    number: String,
    /// Of a payment: what whoever wrote it knows it by.
    reference: String,
}

/// The name of the field that holds the id.
pub fn id_field(list: &str) -> String {
    format!("{}ID", list.trim_end_matches('s'))
}

/// What a list holds.
pub fn facts(ledger: &Ledger, list: &str) -> Vec<Facts> {
    let credits = |wanted: CreditKind| -> Vec<Facts> {
        let all = ledger.credits.iter().filter(|(_, row)| row.kind == wanted);
        let each = all.map(|(id, row)| (id, row.updated, row.kind_name(), row.status.name(), row.number.clone()));
        each.map(fact).collect()
    };
    match list {
        "Contacts" => {
            let all = ledger.contacts.iter();
            all.map(|(id, row)| fact((id, row.updated, "", row.status, row.form.name.clone()))).collect()
        }
        "Invoices" => {
            let all = ledger.invoices.iter();
            all.map(|(id, row)| fact((id, row.updated, invoice_kind(row.side), row.status.name(), row.number.clone()))).collect()
        }
        "Payments" => {
            let all = ledger.payments.iter();
            let kind = |invoice: &str| ledger.invoices.get(invoice).map_or("", |row| payment_kind(row.side));
            let of = |(id, row): (&String, &PaymentRow)| {
                let facts = fact((id, row.updated, kind(&row.invoice), payment_status(row.deleted), String::new()));
                Facts { reference: row.reference.clone(), ..facts }
            };
            all.map(of).collect()
        }
        "CreditNotes" => credits(CreditKind::Note),
        "Overpayments" => credits(CreditKind::Overpayment),
        "Prepayments" => credits(CreditKind::Prepayment),
        _ => Vec::new(),
    }
}

fn fact((id, updated, kind, status, number): (&String, Timestamp, &'static str, &'static str, String)) -> Facts {
    Facts { id: id.clone(), updated, kind, status, number, reference: String::new() }
}

pub fn invoice_kind(side: Side) -> &'static str {
    match side {
        Side::Sales => "ACCREC",
        Side::Purchases => "ACCPAY",
    }
}

pub fn payment_kind(side: Side) -> &'static str {
    match side {
        Side::Sales => "ACCRECPAYMENT",
        Side::Purchases => "ACCPAYPAYMENT",
    }
}

pub fn payment_status(deleted: bool) -> &'static str {
    if deleted { Status::Deleted.name() } else { Status::Authorised.name() }
}

/// What a list is narrowed by. Parameters that a list does not know are ignored, as the vendor ignores them.
pub struct Filter {
    /// Any of these, each of which is all of its conditions.
    any: Vec<Vec<Condition>>,
    ids: Option<Vec<String>>,
    statuses: Option<Vec<String>>,
    modified_since: Option<Timestamp>,
    archived: bool,
    order: (Sorted, bool),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sorted {
    Id,
    Updated,
    Number,
}

#[derive(Debug, PartialEq, Eq)]
struct Condition {
    field: String,
    equal: bool,
    value: String,
}

impl Filter {
    /// Reads what a request asks of a list; `modified_since` is the header.
    ///
    /// # Errors
    ///
    /// The vendor's reason.
    pub fn read(list: &str, said: &Parameters, modified_since: Option<&str>) -> Result<Self, String> {
        let listed = |name: &str| said.get(name).map(|text| text.split(',').map(|one| one.trim().to_owned()).collect());
        let any = said.get("where").filter(|text| !text.trim().is_empty());
        let since = modified_since.map(|text| instant(text).ok_or_else(|| format!("{text} is no date"))).transpose()?;
        Ok(Self {
            any: any.map(|text| conditions(list, text)).transpose()?.unwrap_or_default(),
            ids: listed("IDs").filter(|_| ["Contacts", "Invoices"].contains(&list)),
            statuses: listed("Statuses").filter(|_| list == "Invoices"),
            modified_since: since,
            archived: list != "Contacts" || said.get("includeArchived") == Some("true"),
            order: order(list, said.get("order").unwrap_or("UpdatedDateUTC"))?,
        })
    }

    /// What it finds, in order, all pages of it.
    pub fn find(&self, ledger: &Ledger, list: &str) -> Vec<Facts> {
        let mut found = facts(ledger, list);
        found.retain(|one| self.takes(one));
        let (by, descending) = self.order;
        found.sort_by(|a, b| {
            let order = match by {
                Sorted::Id => a.id.cmp(&b.id),
                Sorted::Updated => (a.updated, &a.id).cmp(&(b.updated, &b.id)),
                Sorted::Number => a.number.cmp(&b.number),
            };
            if descending { order.reverse() } else { order }
        });
        found
    }

    fn takes(&self, one: &Facts) -> bool {
        let named = |list: &Option<Vec<String>>, value: &str| {
            list.as_ref().is_none_or(|list| list.iter().any(|wanted| wanted.eq_ignore_ascii_case(value)))
        };
        let holds = |condition: &Condition| {
            let value = match condition.field.as_str() {
                "Type" | "PaymentType" => one.kind,
                "Status" | "ContactStatus" => one.status,
                "Reference" => &one.reference,
                _ => &one.id,
            };
            value.eq_ignore_ascii_case(&condition.value) == condition.equal
        };
        named(&self.ids, &one.id)
            && named(&self.statuses, one.status)
            && self.modified_since.is_none_or(|since| one.updated >= since)
            && (self.archived || one.status != "ARCHIVED")
            && (self.any.is_empty() || self.any.iter().any(|all| all.iter().all(holds)))
    }
}

/// `If-Modified-Since` in UTC, of which whole seconds count: `2026-03-02T09:00:00`, or as HTTP writes dates.
fn instant(text: &str) -> Option<Timestamp> {
    let civil = || text.trim_end_matches('Z').parse::<jiff::civil::DateTime>().ok()?.to_zoned(TimeZone::UTC).ok();
    let http = || jiff::fmt::rfc2822::parse(text).ok();
    let at = civil().or_else(http)?.timestamp();
    Timestamp::from_second(at.as_second()).ok()
}

fn order(list: &str, text: &str) -> Result<(Sorted, bool), String> {
    let mut words = text.split_whitespace();
    let field = words.next().unwrap_or_default();
    let by = match field {
        _ if field == id_field(list) => Sorted::Id,
        "UpdatedDateUTC" => Sorted::Updated,
        "InvoiceNumber" | "CreditNoteNumber" | "Name" => Sorted::Number,
        _ => return Err(format!("No property or field '{field}' exists in type '{}'", list.trim_end_matches('s'))),
    };
    Ok((by, words.next().is_some_and(|way| way.eq_ignore_ascii_case("desc"))))
}

fn conditions(list: &str, text: &str) -> Result<Vec<Vec<Condition>>, String> {
    let any = split(text, "OR").into_iter().map(|all| split(all, "AND").into_iter().map(|one| condition(list, one)).collect());
    any.collect()
}

/// Parts between a word in either case. Values hold no such word with spaces around it.
fn split<'a>(text: &'a str, word: &str) -> Vec<&'a str> {
    let between = format!(" {word} ");
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.to_ascii_uppercase().find(&between) {
        parts.push(&rest[..at]);
        rest = &rest[at + between.len()..];
    }
    parts.push(rest);
    parts
}

fn condition(list: &str, text: &str) -> Result<Condition, String> {
    let equal = text.split_once("==").map(|parts| (parts, true));
    let parts = equal.or_else(|| text.split_once("!=").map(|parts| (parts, false)));
    let ((field, value), equal) = parts.ok_or_else(|| format!("Syntax error in '{text}'"))?;
    let (field, value) = (field.trim(), value.trim());
    let quoted = |text: &str| Some(text.strip_prefix('"')?.strip_suffix('"')?.to_owned());
    let guid = |text: &str| quoted(text.strip_prefix("Guid(")?.strip_suffix(')')?);
    let value = if field == id_field(list) {
        guid(value)
    } else if ["Type", "PaymentType", "Status", "ContactStatus"].contains(&field) || (field == "Reference" && list == "Payments")
    {
        quoted(value)
    } else {
        return Err(format!("No property or field '{field}' exists in type '{}'", list.trim_end_matches('s')));
    };
    let value = value.ok_or_else(|| format!("Operator '==' incompatible with operand types in '{text}'"))?;
    Ok(Condition { field: field.to_owned(), equal, value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reads() {
        let read = |text| conditions("Invoices", text);
        let both = read(r#"Type=="ACCREC" AND Status=="AUTHORISED""#).expect("conditions");
        assert_eq!((both.len(), both[0].len(), both[0][1].value.as_str()), (1, 2, "AUTHORISED"));
        assert_eq!(read(r#"Status != "DELETED" or Type=="ACCPAY""#).map(|any| any.len()), Ok(2));
        assert!(conditions("CreditNotes", r#"CreditNoteID==Guid("a") OR CreditNoteID==Guid("b")"#).is_ok());
        assert_eq!(instant("2026-03-02T09:00:00"), instant("Mon, 02 Mar 2026 09:00:00 GMT"));
    }

    #[test]
    fn what_does_not() {
        for text in [r#"Type="ACCREC""#, "Type==ACCREC", r#"InvoiceID=="x""#, r#"Colour=="red""#, "AND"] {
            assert!(conditions("Invoices", text).is_err(), "{text}");
        }
        assert!(order("Invoices", "CreditNoteID").is_err());
        assert_eq!(instant("yesterday"), None);
    }
}
