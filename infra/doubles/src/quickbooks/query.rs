//! The vendor's query language: `select * from Invoice where Balance > '0' orderby Id startposition 1 maxresults 1000`.

use std::cmp::Ordering;

use jiff::Timestamp;

use super::{
    ledger::{Ledger, Stamp},
    wire,
};
use crate::money;

const RESULTS_MAX: usize = 1_000;
const RESULTS_DEFAULT: usize = 100;

/// Kinds that are asked for by query and by id.
pub const KINDS: [&str; 4] = ["Customer", "Invoice", "Payment", "CreditMemo"];

/// What an object is found and sorted by.
pub struct Facts {
    pub id: u64,
    pub stamp: Stamp,
    /// Minor units and currency.
    balance: Option<(i64, String)>,
    active: bool,
    /// Of a payment: what it is known by.
    reference: String,
}

/// The objects of a kind, as far as queries see them, by id.
pub fn facts(ledger: &Ledger, kind: &str) -> Vec<Facts> {
    let plain = |id: u64, stamp: Stamp, balance: Option<(i64, &String)>| {
        let balance = balance.map(|(minor, currency)| (minor, currency.clone()));
        Facts { id, stamp, balance, active: true, reference: String::new() }
    };
    match kind {
        "Customer" => {
            let all = ledger.customers.iter();
            all.map(|(id, row)| Facts { active: row.active, ..plain(*id, row.stamp, None) }).collect()
        }
        "Invoice" => {
            let all = ledger.invoices.iter();
            all.map(|(id, row)| plain(*id, row.stamp, Some((row.balance(), &row.currency)))).collect()
        }
        "Payment" => {
            let all = ledger.payments.iter();
            all.map(|(id, row)| Facts { reference: wire::reference(*id, row), ..plain(*id, row.stamp, None) }).collect()
        }
        "CreditMemo" => {
            let all = ledger.credit_memos.iter();
            all.map(|(id, row)| plain(*id, row.stamp, Some((row.left(), &row.currency)))).collect()
        }
        _ => Vec::new(),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Id,
    Updated,
    Created,
    Balance,
    Active,
    Reference,
}

#[derive(Debug, PartialEq, Eq)]
struct Condition {
    field: Field,
    operator: String,
    values: Vec<String>,
}

/// A query that reads.
#[derive(Debug, PartialEq, Eq)]
pub struct Query {
    pub kind: String,
    pub counts: bool,
    pub ids_only: bool,
    pub start: usize,
    pub max: usize,
    conditions: Vec<Condition>,
    order: Option<(Field, bool)>,
}

impl Query {
    /// Reads a query.
    ///
    /// # Errors
    ///
    /// The vendor's reason.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut words = Words { words: split(text)?, next: 0 };
        words.expect("select")?;
        let counts = words.take("count");
        if counts {
            words.expect("(")?;
        }
        let ids_only = !counts && words.take("Id");
        if !ids_only {
            words.expect("*")?;
        }
        if counts {
            words.expect(")")?;
        }
        words.expect("from")?;
        let kind = words.word()?;
        let mut query = Self { kind, counts, ids_only, start: 1, max: RESULTS_DEFAULT, conditions: Vec::new(), order: None };
        if words.take("where") {
            query.conditions.push(query.condition(&mut words)?);
            while words.take("and") {
                query.conditions.push(query.condition(&mut words)?);
            }
        }
        let order = words.take("orderby") || (words.take("order") && words.expect("by").is_ok());
        if order {
            let field = query.field(&words.word()?)?;
            let descending = words.take("desc");
            let _ascending = !descending && words.take("asc");
            query.order = Some((field, descending));
        }
        if words.take("startposition") {
            query.start = words.number()?;
        }
        if words.take("maxresults") {
            query.max = words.number()?;
        }
        match words.word() {
            Ok(word) => Err(format!("Encountered \"{word}\"")),
            Err(_) if query.start == 0 => Err("value 0 is too small. Min allowed value is 1.".to_owned()),
            Err(_) if query.max > RESULTS_MAX => {
                Err(format!("value {} is too large. Max allowed value is {RESULTS_MAX}.", query.max))
            }
            Err(_) => Ok(query),
        }
    }

    fn field(&self, name: &str) -> Result<Field, String> {
        match (name.to_ascii_lowercase().as_str(), self.kind.to_ascii_lowercase().as_str()) {
            ("id", _) => Ok(Field::Id),
            ("metadata.lastupdatedtime", _) => Ok(Field::Updated),
            ("metadata.createtime", _) => Ok(Field::Created),
            ("balance", "invoice" | "creditmemo") => Ok(Field::Balance),
            ("active", "customer") => Ok(Field::Active),
            ("paymentrefnum", "payment") => Ok(Field::Reference),
            _ => Err(format!("Property {name} not found or not queryable for Entity {}", self.kind)),
        }
    }

    fn condition(&self, words: &mut Words) -> Result<Condition, String> {
        let field = self.field(&words.word()?)?;
        let operator = words.word()?.to_ascii_lowercase();
        let mut values = Vec::new();
        if operator == "in" {
            words.expect("(")?;
            values.push(words.word()?);
            while words.take(",") {
                values.push(words.word()?);
            }
            words.expect(")")?;
        } else if ["=", "<", ">", "<=", ">="].contains(&operator.as_str()) {
            values.push(words.word()?);
        } else {
            return Err(format!("Encountered \"{operator}\""));
        }
        let condition = Condition { field, operator, values };
        let readable = condition.values.iter().all(|value| match field {
            Field::Id => value.parse::<u64>().is_ok(),
            Field::Updated | Field::Created => instant(value).is_some(),
            Field::Balance => money::minor(value, "KWD").is_some(),
            Field::Active => ["true", "false"].contains(&value.as_str()),
            Field::Reference => true,
        });
        if readable { Ok(condition) } else { Err("a value does not have the form of its property".to_owned()) }
    }

    /// What it finds, in order, all pages of it. Inactive names are found only by a query that asks for them.
    pub fn find(&self, ledger: &Ledger) -> Vec<Facts> {
        let kind = KINDS.into_iter().find(|kind| kind.eq_ignore_ascii_case(&self.kind)).unwrap_or_default();
        let asks_active = self.conditions.iter().any(|condition| condition.field == Field::Active);
        let mut found = facts(ledger, kind);
        found.retain(|one| (asks_active || one.active) && self.conditions.iter().all(|condition| condition.holds(one)));
        if let Some((field, descending)) = self.order {
            found.sort_by(|a, b| {
                let order = match field {
                    Field::Id => a.id.cmp(&b.id),
                    Field::Updated => a.stamp.updated.cmp(&b.stamp.updated),
                    Field::Created => a.stamp.created.cmp(&b.stamp.created),
                    Field::Balance => a.balance.as_ref().map(|of| of.0).cmp(&b.balance.as_ref().map(|of| of.0)),
                    Field::Active => a.active.cmp(&b.active),
                    Field::Reference => a.reference.cmp(&b.reference),
                };
                if descending { order.reverse() } else { order }
            });
        }
        found
    }
}

impl Condition {
    fn holds(&self, facts: &Facts) -> bool {
        self.values.iter().any(|value| {
            let order = match self.field {
                Field::Id => value.parse().ok().map(|id| facts.id.cmp(&id)),
                Field::Updated => instant(value).map(|at| facts.stamp.updated.cmp(&at)),
                Field::Created => instant(value).map(|at| facts.stamp.created.cmp(&at)),
                Field::Balance => {
                    let (balance, currency) = facts.balance.as_ref().map_or((0, "USD"), |(minor, of)| (*minor, of));
                    money::minor(value, currency).map(|wanted| balance.cmp(&wanted))
                }
                Field::Active => value.parse::<bool>().ok().map(|active| facts.active.cmp(&active)),
                Field::Reference => Some(facts.reference.as_str().cmp(value.as_str())),
            };
            match (self.operator.as_str(), order) {
                ("=" | "in", Some(Ordering::Equal)) => true,
                ("<", Some(Ordering::Less)) | (">", Some(Ordering::Greater)) => true,
                ("<=", Some(order)) => order != Ordering::Greater,
                (">=", Some(order)) => order != Ordering::Less,
                _ => false,
            }
        })
    }
}

/// An instant with its offset, or a date.
pub fn instant(text: &str) -> Option<Timestamp> {
    let date = || text.parse::<jiff::civil::Date>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok();
    text.parse().ok().or_else(|| date().map(|zoned| zoned.timestamp()))
}

struct Words {
    words: Vec<String>,
    next: usize,
}

impl Words {
    fn word(&mut self) -> Result<String, String> {
        let word = self.words.get(self.next).cloned().ok_or("Encountered \"<EOF>\"")?;
        self.next += 1;
        Ok(word)
    }

    fn take(&mut self, wanted: &str) -> bool {
        let is = self.words.get(self.next).is_some_and(|word| word.eq_ignore_ascii_case(wanted));
        self.next += usize::from(is);
        is
    }

    fn expect(&mut self, wanted: &str) -> Result<(), String> {
        if self.take(wanted) { Ok(()) } else { Err(format!("was expecting \"{wanted}\"")) }
    }

    fn number(&mut self) -> Result<usize, String> {
        let word = self.word()?;
        word.parse().map_err(|_| format!("{word} is no number"))
    }
}

/// Words, quoted values without their quotes, and signs.
fn split(text: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (word, after) = match first {
            '\'' => rest[1..].split_once('\'').ok_or("a quote is not closed")?,
            '(' | ')' | ',' | '*' => rest.split_at(1),
            '<' | '>' | '=' => rest.split_at(if rest[1..].starts_with('=') { 2 } else { 1 }),
            _ => {
                let ends = |letter: char| letter.is_whitespace() || "'(),*<>=".contains(letter);
                rest.split_at(rest.find(ends).unwrap_or(rest.len()))
            }
        };
        words.push(word.to_owned());
        rest = after.trim_start();
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reads() {
        let text = "SELECT * FROM Invoice WHERE Balance > '0' AND Id IN ('1', '2') ORDERBY Id DESC STARTPOSITION 5 MAXRESULTS 7";
        let query = Query::parse(text).expect("a query");
        assert_eq!((query.kind.as_str(), query.start, query.max), ("Invoice", 5, 7));
        assert_eq!(query.order, Some((Field::Id, true)));
        assert_eq!(query.conditions[1].values, ["1", "2"]);
        assert_eq!(Query::parse("select Id from Invoice maxresults 1").map(|query| (query.ids_only, query.max)), Ok((true, 1)));
        assert_eq!(Query::parse("select count(*) from Customer").map(|query| (query.counts, query.max)), Ok((true, 100)));
    }

    #[test]
    fn what_does_not() {
        for text in [
            "",
            "select Balance from Invoice",
            "select * from Payment where UnappliedAmt > '0'",
            "select * from Payment where Balance > '0'",
            "select * from Invoice where Balance > 'x'",
            "select * from Invoice where Id like '1'",
            "select * from Invoice where Id = '1",
            "select * from Invoice maxresults 1001",
            "select * from Invoice startposition 0",
            "select * from Invoice maxresults 10 startposition 1",
        ] {
            assert!(Query::parse(text).is_err(), "{text}");
        }
    }
}
