//! Reports and entries as the API shows them.

use std::collections::BTreeMap;

use domain::{BalanceKey, Currency};
use figures::{
    Figure, GroupBy, LedgerEntry, LedgerFact, Undefined,
    entry::{DisputeEnd, InvoiceStands, PromiseEnd},
    report::{ReportCell, ReportUnit, ReportValue},
};
use jiff::{Timestamp, civil::Date};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use service::reports::{
    AnsweredReport, MadeOf, ReportCurrencies, ReportEntries, ReportKind, ReportLine, ReportQuery, StatedRates,
};
use utoipa::ToSchema;

/// The reports that there are.
#[derive(Serialize, ToSchema)]
pub struct ReportsOut {
    /// The reports.
    data: Vec<ReportKindOut>,
}

/// A report that there is.
#[derive(Serialize, ToSchema)]
pub struct ReportKindOut {
    /// Its name: `GET /v1/reports/{name}`.
    name: &'static str,
    /// What it says.
    says: &'static str,
    /// Whether it is over a period; else it is of the end of a day.
    has_period: bool,
    /// By what its rows can be told apart.
    by: Vec<&'static str>,
    /// Whether all currencies can be told together.
    together: bool,
}

/// A report.
#[derive(Serialize, ToSchema)]
pub struct ReportOut {
    /// Which.
    name: &'static str,
    /// By what its rows are told apart.
    by: &'static str,
    /// The end of which day it speaks of, in the tenant's zone.
    #[schema(value_type = String, format = Date)]
    as_of: Date,
    /// Whether that day is not over yet.
    is_today: bool,
    /// Of today: when its numbers were set; absent of a day that is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    reckoned_at: Option<Timestamp>,
    /// The first day of its period, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    from: Option<Date>,
    /// The last day of its period, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    to: Option<Date>,
    /// Since which day the books are known; absent while nothing was reckoned.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    data_from: Option<Date>,
    /// Whether the period begins before that: then what it says of it is too little.
    begins_before_data: bool,
    /// Whether nothing is known of the day.
    is_without_data: bool,
    /// At which rates currencies were put together, where they were.
    #[serde(skip_serializing_if = "Option::is_none")]
    rates: Option<StatedRatesOut>,
    /// Its columns.
    columns: Vec<ReportColumnOut>,
    /// Its rows, by group, currency and part.
    rows: Vec<ReportRowOut>,
    /// By `customer`: the cursor of the next page, which may be there though this one has no rows; null at the end.
    next: Option<String>,
}

/// At which rates currencies were put together.
#[derive(Serialize, ToSchema)]
pub struct StatedRatesOut {
    /// In which one.
    #[schema(value_type = String)]
    currency: Currency,
    /// The day on which the rates were those of the settings.
    #[schema(value_type = String, format = Date)]
    rated_on: Date,
    /// What one unit of each was worth, a decimal number.
    #[schema(value_type = Object)]
    rates: BTreeMap<String, String>,
    /// Currencies that are in no number: without a rate, or with amounts beyond 64 bits.
    left_out: Vec<String>,
}

/// A column of a report.
#[derive(Serialize, ToSchema)]
pub struct ReportColumnOut {
    /// What it is.
    name: &'static str,
    /// What it counts: `minor` units of the row's currency, `count`, `days`, `percent`, `per_unit` (major units for each one collected) or `each`.
    unit: &'static str,
}

/// A row of a report.
#[derive(Serialize, ToSchema)]
pub struct ReportRowOut {
    /// The group: a segment, an owner, a legal entity or a customer's id; empty for the tenant as a whole, and for the customers of none.
    group: String,
    /// What people call it.
    name: String,
    /// The currency of its amounts; absent where the row is of customers whatever the currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    currency: Option<Currency>,
    /// What else tells rows of one group apart: a dispute's reason, a part of touches such as `channel:email`; empty where nothing does.
    part: String,
    /// Its values, by column.
    #[schema(value_type = BTreeMap<String, ReportValueOut>)]
    values: BTreeMap<&'static str, ReportValueOut>,
    /// Where what they are made of is read: the same report by customer, or what happened to the customer.
    made_of: String,
}

/// A value of a report.
#[derive(Serialize, ToSchema)]
pub struct ReportValueOut {
    /// The number, as digits; null where it is not defined.
    value: Option<String>,
    /// Why it is not defined, as a word such as `no_sales`; absent where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_defined: Option<&'static str>,
    /// The same in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'static str>,
    /// Whether it would be larger if more of the past were known.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    is_cut_short: bool,
}

/// What happened to a customer within days.
#[derive(Serialize, ToSchema)]
pub struct LedgerOut {
    /// The customer, `cus_…`.
    customer: String,
    /// What it is called.
    name: String,
    /// The entries, oldest first.
    data: Vec<LedgerEntryOut>,
    /// Whether there were more than 2,000, of which the oldest are left out.
    is_cut_short: bool,
}

/// Something that happened.
#[derive(Serialize, ToSchema)]
pub struct LedgerEntryOut {
    /// What names the fact: an id of an invoice, payment, agreement or message, with what else tells entries of it apart.
    id: String,
    /// The day, in the tenant's zone: that of its document.
    #[schema(value_type = String, format = Date)]
    on: Date,
    /// The time of that day, `HH:MM`, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<String>,
    /// What: `issued`, `paid`, `taken_back`, `credited`, `stands`, `promised`, `promise_ended`, `disputed`, `dispute_ended`, `touched`, `lost`,
    /// `answered`, `rated` or `belongs`.
    kind: &'static str,
    /// The currency of its amount.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    currency: Option<Currency>,
    /// The legal entity that it is owed to, where entities are told apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    legal_entity: Option<String>,
    /// How much, minor units; a credit note that was taken back is negative.
    #[serde(skip_serializing_if = "Option::is_none")]
    amount_minor: Option<i64>,
    /// The invoices that it is about.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    invoices: Vec<String>,
    /// What else it says, in a word: how something stands or ended, a reason, a channel, a score, an owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    says: Option<String>,
}

pub(super) fn kinds(all: Vec<ReportKind>) -> ReportsOut {
    let kind = |kind: ReportKind| ReportKindOut {
        name: kind.name.as_str(),
        says: kind.says,
        has_period: kind.has_period,
        by: kind.by.into_iter().map(GroupBy::as_str).collect(),
        together: kind.together,
    };
    ReportsOut { data: all.into_iter().map(kind).collect() }
}

/// A quotient as digits; `None` where it is not defined.
pub(super) fn value(unit: ReportUnit, figure: Figure) -> Option<String> {
    match figure {
        Figure::Exact(_) => Some(figure.shown(unit.digits())),
        Figure::Undefined(_) => None,
    }
}

fn value_out(cell: &ReportCell) -> ReportValueOut {
    let why = match cell.value {
        ReportValue::Figure(Figure::Undefined(why)) => Some(why),
        ReportValue::Figure(Figure::Exact(_)) | ReportValue::Whole(_) => None,
    };
    let value = match cell.value {
        ReportValue::Whole(sum) => Some(sum.to_string()),
        ReportValue::Figure(figure) => value(cell.unit, figure),
    };
    let is_cut_short = cell.is_cut_short;
    ReportValueOut { value, not_defined: why.map(Undefined::as_str), why: why.map(Undefined::in_words), is_cut_short }
}

pub(super) fn report(report: AnsweredReport) -> ReportOut {
    let name = report.name.as_str();
    let (from, to) = report.period.unzip();
    ReportOut {
        name,
        by: report.by.as_str(),
        as_of: report.as_of,
        is_today: report.is_today,
        reckoned_at: report.reckoned_at,
        from,
        to,
        data_from: report.data_from,
        begins_before_data: report.begins_before_data,
        is_without_data: report.is_without_data,
        rates: report.rates.map(rates),
        columns: report
            .columns
            .into_iter()
            .map(|column| ReportColumnOut { name: column.name, unit: column.unit.as_str() })
            .collect(),
        rows: report.rows.into_iter().map(|line| row(name, line)).collect(),
        next: report.next,
    }
}

fn rates(stated: StatedRates) -> StatedRatesOut {
    let rate = |(currency, rate): (Currency, domain::ExchangeRate)| (currency.code().to_owned(), rate.to_string());
    StatedRatesOut {
        currency: stated.currency,
        rated_on: stated.rated_on,
        rates: stated.rates.into_iter().map(rate).collect(),
        left_out: stated.left_out.into_iter().map(|currency| currency.code().to_owned()).collect(),
    }
}

fn row(name: &str, line: ReportLine) -> ReportRowOut {
    ReportRowOut {
        group: line.group,
        name: line.called,
        currency: line.currency,
        part: line.part,
        values: line.cells.iter().map(|cell| (cell.name, value_out(cell))).collect(),
        made_of: address(name, &line.made_of),
    }
}

/// Where something is read that numbers are made of.
fn address(name: &str, made_of: &MadeOf) -> String {
    match made_of {
        MadeOf::Customers(query) => format!("/v1/reports/{name}?{}", parameters(query)),
        MadeOf::Entries { customer, from, to } => {
            let from = from.map(|from| format!("from={from}&")).unwrap_or_default();
            format!("/v1/customers/{customer}/ledger?{from}to={to}")
        }
    }
}

fn parameters(query: &ReportQuery) -> String {
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let mut all = vec![format!("by={}", query.by.as_str())];
    all.extend(query.as_of.map(|day| format!("as_of={day}")));
    all.extend(query.from.map(|day| format!("from={day}")));
    all.extend(query.within.as_ref().map(|(of, group)| format!("within={}&group={}", of.as_str(), encoded(group))));
    all.extend(query.customer.as_ref().map(|customer| format!("customer={customer}")));
    all.extend(match query.currencies {
        ReportCurrencies::Each => None,
        ReportCurrencies::Only(currency) => Some(format!("currency={}", currency.code())),
        ReportCurrencies::Together => Some("currency=together".to_owned()),
    });
    all.join("&")
}

pub(super) fn ledger(found: ReportEntries) -> LedgerOut {
    let ReportEntries { customer, called, entries, is_cut_short } = found;
    LedgerOut { customer: customer.to_string(), name: called, data: entries.into_iter().map(entry).collect(), is_cut_short }
}

fn entry(entry: LedgerEntry) -> LedgerEntryOut {
    let time = entry.minute.map(|minute| format!("{:02}:{:02}", minute / 60, minute % 60));
    let bare = |kind: &'static str, says: Option<String>| LedgerEntryOut {
        id: entry.id.to_string(),
        on: entry.on,
        time: time.clone(),
        kind,
        currency: None,
        legal_entity: None,
        amount_minor: None,
        invoices: Vec::new(),
        says,
    };
    let money = |kind: &'static str, balance: &BalanceKey, amount_minor: i64, invoices: Vec<String>, says: Option<String>| {
        let legal_entity = Some(balance.legal_entity.to_string()).filter(|entity| !entity.is_empty());
        let (currency, amount_minor) = (Some(balance.currency), Some(amount_minor));
        LedgerEntryOut { currency, legal_entity, amount_minor, invoices, ..bare(kind, says) }
    };
    match &entry.what {
        LedgerFact::Issued(of) => money("issued", &of.balance, of.total_minor, vec![of.invoice.to_string()], None),
        LedgerFact::Paid(of) => money("paid", &of.balance, of.amount_minor, ids(of.invoice.as_slice()), None),
        LedgerFact::TakenBack(of) => money("taken_back", &of.balance, of.amount_minor, ids(of.invoice.as_slice()), None),
        LedgerFact::Credited(of) => money("credited", &of.balance, of.amount_minor, ids(of.invoice.as_slice()), None),
        LedgerFact::Stands { invoice, standing } => {
            let says = match standing {
                InvoiceStands::Open => "open",
                InvoiceStands::Void => "void",
                InvoiceStands::WrittenOff => "written_off",
            };
            LedgerEntryOut { invoices: vec![invoice.to_string()], ..bare("stands", Some(says.to_owned())) }
        }
        LedgerFact::Promised { promise: _, balance, amount_minor, pays_on } => {
            money("promised", balance, *amount_minor, Vec::new(), Some(pays_on.to_string()))
        }
        LedgerFact::PromiseEnded { promise: _, end, paid_minor } => {
            let says = match end {
                PromiseEnd::Kept => "kept",
                PromiseEnd::PartlyKept => "partly_kept",
                PromiseEnd::Broken => "broken",
                PromiseEnd::Cancelled => "cancelled",
            };
            LedgerEntryOut { amount_minor: Some(*paid_minor), ..bare("promise_ended", Some(says.to_owned())) }
        }
        LedgerFact::Disputed { dispute: _, balance, invoices, amount_minor, reason } => {
            money("disputed", balance, *amount_minor, ids(invoices), Some(reason.to_string()))
        }
        LedgerFact::DisputeEnded { dispute: _, end } => {
            let says = match end {
                DisputeEnd::Upheld => "upheld",
                DisputeEnd::PartlyUpheld => "partly_upheld",
                DisputeEnd::Rejected => "rejected",
                DisputeEnd::Withdrawn => "withdrawn",
            };
            bare("dispute_ended", Some(says.to_owned()))
        }
        LedgerFact::Touched(touch) => bare("touched", Some(touch.channel.as_str().to_owned())),
        LedgerFact::Lost { touch } => bare("lost", Some(touch.to_string())),
        LedgerFact::Answered => bare("answered", None),
        LedgerFact::Rated { score } => bare("rated", Some(score.to_string())),
        LedgerFact::Belongs(of) => bare("belongs", of.owner.as_ref().map(ToString::to_string)),
    }
}

fn ids(invoices: &[domain::InvoiceId]) -> Vec<String> {
    invoices.iter().map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_numbers_are_made_of_is_an_address() {
        let query = ReportQuery {
            by: GroupBy::Customer,
            within: Some((GroupBy::Owner, "ann & bob".to_owned())),
            as_of: "2026-03-31".parse().ok(),
            currencies: ReportCurrencies::Only(Currency::EUR),
            ..ReportQuery::default()
        };
        assert_eq!(
            address("aging", &MadeOf::Customers(Box::new(query))),
            "/v1/reports/aging?by=customer&as_of=2026-03-31&within=owner&group=ann%20%26%20bob&currency=EUR"
        );
    }
}
