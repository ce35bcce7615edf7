//! What conditions may ask for: the plain facts, and the one table that names them.

use std::{collections::BTreeSet, sync::Arc};

use crate::{Customer, Invoice, balance::legal_entity};

/// What [`HistoryFacts::days_since_contact`] says when the customer was never contacted.
pub const NEVER: i64 = 999_999;

/// The facts that a condition is held against, as of one decision. Unknown text is empty; amounts are minor units of the
/// case's currency.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConditionFacts {
    /// The customer.
    pub customer: Arc<CustomerFacts>,
    /// The driving due item and its invoice.
    pub invoice: InvoiceFacts,
    /// The case.
    pub exposure: Arc<ExposureFacts>,
    /// What was done so far.
    pub history: HistoryFacts,
    /// What is expected.
    pub risk: RiskFacts,
}

/// The customer, for conditions; each field is documented in [`FACTS`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the table below says it once")]
pub struct CustomerFacts {
    pub external_id: String,
    pub name: String,
    pub kind: String,
    pub segment: String,
    pub language: String,
    pub country: String,
    pub region: String,
    pub debt_purpose: String,
    pub legal_entity: String,
    pub parent_external_id: String,
}

/// The driving due item and its invoice, for conditions; each field is documented in [`FACTS`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the table below says it once")]
pub struct InvoiceFacts {
    pub number: String,
    pub currency: String,
    pub purchase_order: String,
    pub total_minor: i64,
    pub open_minor: i64,
    pub due_now_minor: i64,
    pub days_past_due: i64,
    pub instalments: i64,
    pub legal_entity: String,
    pub tags: Vec<String>,
    pub for_external_id: String,
    pub for_name: String,
    pub sent_to_customer: bool,
}

impl Default for InvoiceFacts {
    fn default() -> Self {
        Self {
            number: String::new(),
            currency: String::new(),
            purchase_order: String::new(),
            total_minor: 0,
            open_minor: 0,
            due_now_minor: 0,
            days_past_due: 0,
            instalments: 0,
            legal_entity: String::new(),
            tags: Vec::new(),
            for_external_id: String::new(),
            for_name: String::new(),
            sent_to_customer: true,
        }
    }
}

impl InvoiceFacts {
    /// The same with what the source says of the invoice besides amounts and dates.
    #[must_use]
    pub fn described(self, invoice: &Invoice, customer: &Customer) -> Self {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        Self {
            legal_entity: legal_entity(invoice, customer).to_owned(),
            tags: invoice.tags.clone(),
            for_external_id: text(&invoice.for_external_id),
            for_name: text(&invoice.for_name),
            sent_to_customer: invoice.sent_to_customer.unwrap_or(true),
            ..self
        }
    }
}

/// The case, for conditions; each field is documented in [`FACTS`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the table below says it once")]
pub struct ExposureFacts {
    pub currency: String,
    pub open_minor: i64,
    pub due_now_minor: i64,
    pub overdue_minor: i64,
    pub due_items: i64,
    pub oldest_days_past_due: i64,
}

/// What was done so far, for conditions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryFacts {
    /// Messages that this workflow sent to the customer.
    pub contacts: i64,
    /// Civil days since the customer's last contact, [`NEVER`] when there was none.
    pub days_since_contact: i64,
    /// Ids of the steps after whose message the customer replied.
    pub replied_since: BTreeSet<String>,
    /// Ids of the steps that the driving due item has satisfied.
    pub satisfied: BTreeSet<String>,
    /// How many promises of the customer were broken, in whole or in part.
    pub broken_promises: i64,
}

impl Default for HistoryFacts {
    fn default() -> Self {
        let (replied_since, satisfied) = (BTreeSet::new(), BTreeSet::new());
        Self { contacts: 0, days_since_contact: NEVER, replied_since, satisfied, broken_promises: 0 }
    }
}

/// What is expected of the customer, for conditions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RiskFacts {
    /// 0 to 100, -1 when unknown.
    pub score: i64,
}

impl Default for RiskFacts {
    fn default() -> Self {
        Self { score: -1 }
    }
}

/// One name that conditions may use.
pub struct Fact {
    /// The whole path: `customer.segment`.
    pub name: &'static str,
    /// What it means, for people.
    pub doc: &'static str,
    pub(super) read: Read,
}

/// How a fact is taken, and with it its type.
#[derive(Clone, Copy)]
pub(super) enum Read {
    Text(fn(&ConditionFacts) -> &str),
    Int(fn(&ConditionFacts) -> i64),
    Bool(fn(&ConditionFacts) -> bool),
    /// Words, which stand behind `in`.
    Words(fn(&ConditionFacts) -> &[String]),
    /// A function of a step's id.
    OfStep(fn(&ConditionFacts, &str) -> bool),
}

#[cfg(test)]
impl Fact {
    /// The type as documents show it: `string`, `int`, or `(step) -> bool`.
    pub(crate) fn type_text(&self) -> &'static str {
        match self.read {
            Read::Text(_) => "string",
            Read::Int(_) => "int",
            Read::Bool(_) => "bool",
            Read::Words(_) => "list of strings",
            Read::OfStep(_) => "(step) -> bool",
        }
    }
}

const fn text(name: &'static str, read: fn(&ConditionFacts) -> &str, doc: &'static str) -> Fact {
    Fact { name, doc, read: Read::Text(read) }
}

const fn int(name: &'static str, read: fn(&ConditionFacts) -> i64, doc: &'static str) -> Fact {
    Fact { name, doc, read: Read::Int(read) }
}

const fn truth(name: &'static str, read: fn(&ConditionFacts) -> bool, doc: &'static str) -> Fact {
    Fact { name, doc, read: Read::Bool(read) }
}

const fn words(name: &'static str, read: fn(&ConditionFacts) -> &[String], doc: &'static str) -> Fact {
    Fact { name, doc, read: Read::Words(read) }
}

const fn of_step(name: &'static str, read: fn(&ConditionFacts, &str) -> bool, doc: &'static str) -> Fact {
    Fact { name, doc, read: Read::OfStep(read) }
}

/// Every name that conditions know. Checker, evaluator and `docs/workflows.md` follow this table.
pub const FACTS: &[Fact] = &[
    text("customer.external_id", |f| &f.customer.external_id, "The source's id of the customer."),
    text("customer.name", |f| &f.customer.name, "The customer's name."),
    text("customer.kind", |f| &f.customer.kind, "`company`, `sole_trader`, `person`, or empty."),
    text("customer.segment", |f| &f.customer.segment, "Your own grouping, as the source sends it."),
    text("customer.language", |f| &f.customer.language, "BCP 47 in lower case: `de`, `pt-br`."),
    text("customer.country", |f| &f.customer.country, "ISO 3166-1 alpha-2: `DE`."),
    text("customer.region", |f| &f.customer.region, "ISO 3166-2 without the country: `BE`, `CA`."),
    text("customer.debt_purpose", |f| &f.customer.debt_purpose, "`business`, `personal`, or empty."),
    text("customer.legal_entity", |f| &f.customer.legal_entity, "Which of your legal entities invoices this customer."),
    text(
        "customer.parent_external_id",
        |f| &f.customer.parent_external_id,
        "The source's id of the customer that this one belongs to, or empty.",
    ),
    text("invoice.number", |f| &f.invoice.number, "The number of the driving due item's invoice."),
    text("invoice.currency", |f| &f.invoice.currency, "ISO 4217: `EUR`."),
    text("invoice.purchase_order", |f| &f.invoice.purchase_order, "The purchase order that the invoice names."),
    int("invoice.total_minor", |f| f.invoice.total_minor, "The invoice's total."),
    int("invoice.open_minor", |f| f.invoice.open_minor, "What is open of the driving due item."),
    int("invoice.due_now_minor", |f| f.invoice.due_now_minor, "What of that may be chased now."),
    int("invoice.days_past_due", |f| f.invoice.days_past_due, "Calendar days since it fell due, negative before."),
    int("invoice.instalments", |f| f.invoice.instalments, "Into how many instalments the invoice is cut."),
    text(
        "invoice.legal_entity",
        |f| &f.invoice.legal_entity,
        "Which of your legal entities issued it: the invoice's own, else the customer's.",
    ),
    words("invoice.tags", |f| &f.invoice.tags, "Your own words for it, as the source sends them: `'vip' in invoice.tags`."),
    text(
        "invoice.for_external_id",
        |f| &f.invoice.for_external_id,
        "The source's id of the customer that it is for, where another one owes it.",
    ),
    text("invoice.for_name", |f| &f.invoice.for_name, "The name of the customer that it is for."),
    truth(
        "invoice.sent_to_customer",
        |f| f.invoice.sent_to_customer,
        "False where the source says that it never sent the invoice; true where it sent it or does not say.",
    ),
    text("exposure.currency", |f| &f.exposure.currency, "The case's currency."),
    int(
        "exposure.open_minor",
        |f| f.exposure.open_minor,
        "What the customer owes in the case's currency to its legal entity, whatever the workflow.",
    ),
    int("exposure.due_now_minor", |f| f.exposure.due_now_minor, "What of that may be chased now: the net exposure."),
    int("exposure.overdue_minor", |f| f.exposure.overdue_minor, "The part of the net exposure that is past due."),
    int("exposure.due_items", |f| f.exposure.due_items, "How many due items of it are open."),
    int("exposure.oldest_days_past_due", |f| f.exposure.oldest_days_past_due, "Days past due of the oldest of them."),
    int("history.contacts", |f| f.history.contacts, "Messages that this workflow sent to the customer."),
    int(
        "history.days_since_contact",
        |f| f.history.days_since_contact,
        "Days since the customer's last contact, 999999 when never.",
    ),
    of_step(
        "history.replied_since",
        |f, step| f.history.replied_since.contains(step),
        "Whether the customer replied after the message of that step.",
    ),
    of_step(
        "history.satisfied",
        |f, step| f.history.satisfied.contains(step),
        "Whether the driving due item has that step behind it.",
    ),
    int(
        "history.broken_promises",
        |f| f.history.broken_promises,
        "How many promises of the customer were broken, in whole or in part.",
    ),
    int("risk.score", |f| f.risk.score, "0 (safe) to 100, -1 when unknown."),
];

/// Facts that a new day of the tenant's zone changes, though nothing happened.
pub const OF_TENANTS_DAY: [&str; 3] = ["invoice.days_past_due", "exposure.overdue_minor", "exposure.oldest_days_past_due"];

/// Facts that a new day where the customer's people are changes, though nothing happened.
pub const OF_PERSONS_DAY: [&str; 1] = ["history.days_since_contact"];

/// Up to three known names near `name`, nearest first; the whole group where `name` is only a group.
pub(super) fn near(name: &str) -> Vec<&'static str> {
    let group: Vec<&str> = FACTS.iter().map(|fact| fact.name).filter(|known| known.split('.').next() == Some(name)).collect();
    if !group.is_empty() {
        return group;
    }
    let last = |path: &'static str| path.rsplit('.').next().unwrap_or(path);
    let mut ranked: Vec<(usize, &'static str)> = FACTS
        .iter()
        .map(|fact| {
            // A bare field name is as near as the whole path would be.
            let bare = if name.contains('.') { usize::MAX } else { distance(name, last(fact.name)) };
            (distance(name, fact.name).min(bare), fact.name)
        })
        .collect();
    ranked.sort();
    let within = (name.chars().count() / 3).max(2);
    ranked.into_iter().filter(|(far, _)| *far <= within).map(|(_, known)| known).take(3).collect()
}

/// Levenshtein distance in characters; `right` is one of ours and short.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}
