//! Looks through the book before the first message: what it is missing, and the ramp that it calls for.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    Channel, Currency, Customer, CustomerId, CustomerKind, Facts, Invoice, InvoiceStatus, People, Settings, address_key,
    calendar::tenant_zone,
    receivables::{Receivables, ReceivablesRules},
};
use futures::{FutureExt, future::BoxFuture};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{Job, JobEnd};

use crate::{
    book,
    work::{KindOfJob, SliceEnd, Work},
};

/// The kind.
pub struct AuditBook;

/// Examples of each finding: with names they are some hundred bytes each, and all of them are in the job's item.
const EXAMPLES: usize = 25;
/// Longest name that an example says, in characters.
const NAME_MAX: usize = 100;
/// Customers whose names and addresses are compared: those beyond are not.
const COMPARED_MAX: usize = 100_000;
/// Open invoices whose numbers are compared: those beyond are not.
const NUMBERS_MAX: usize = 200_000;
/// Messages of the first day of a ramp, and by how much each week has more.
const RAMP_FIRST: u64 = 20;
const RAMP_FACTOR: u64 = 2;

impl KindOfJob for AuditBook {
    fn name(&self) -> &'static str {
        "audit_book"
    }

    fn slice<'a>(&'a self, work: &'a Work<'a>, job: &'a mut Job) -> BoxFuture<'a, anyhow::Result<SliceEnd>> {
        slice(work, job).boxed()
    }
}

/// A customer as an example names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct ExampleCustomer {
    id: String,
    source: String,
    external_id: String,
    /// Left out where the customer is a person: the job is kept longer than an erasure may wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

impl ExampleCustomer {
    fn of(customer: &Customer) -> Self {
        let is_person = matches!(customer.kind, Some(CustomerKind::Person | CustomerKind::SoleTrader));
        Self {
            id: customer.id.to_string(),
            source: customer.source.clone(),
            external_id: customer.external_id.clone(),
            name: (!is_person).then(|| customer.name.chars().take(NAME_MAX).collect()),
        }
    }

    /// One of whom the id alone is known.
    fn without_names(id: &CustomerId) -> Self {
        Self { id: id.to_string(), source: String::new(), external_id: String::new(), name: None }
    }
}

/// An invoice as an example names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct ExampleInvoice {
    id: String,
    number: String,
    external_id: String,
}

/// One of what was counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Example {
    customer: ExampleCustomer,
    /// The customer's invoice, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    invoice: Option<ExampleInvoice>,
    /// The other customer, where it is about two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    other: Option<ExampleCustomer>,
}

impl Example {
    fn of(customer: &ExampleCustomer) -> Self {
        Self { customer: customer.clone(), invoice: None, other: None }
    }

    fn of_invoice(customer: &ExampleCustomer, invoice: &Invoice) -> Self {
        let (id, number, external_id) = (invoice.id.to_string(), invoice.number.clone(), invoice.external_id.clone());
        Self { invoice: Some(ExampleInvoice { id, number, external_id }), ..Self::of(customer) }
    }

    fn of_two(customer: &ExampleCustomer, other: &ExampleCustomer) -> Self {
        Self { other: Some(other.clone()), ..Self::of(customer) }
    }
}

/// A count, and the first few of what was counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Counted {
    count: u64,
    examples: Vec<Example>,
}

impl Counted {
    fn add(&mut self, example: impl FnOnce() -> Example) {
        self.count += 1;
        if self.examples.len() < EXAMPLES {
            self.examples.push(example());
        }
    }
}

/// What is found of the invoices of a source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct OfSource {
    customers: u64,
    open_invoices: u64,
    /// Open amounts by currency and by how long they are past due.
    aging: BTreeMap<Currency, BTreeMap<String, i64>>,
    /// Invoices that fall due on the day on which they are issued: their terms may be missing.
    due_when_issued: Counted,
    /// Invoices of which the source says that the customer was never sent them.
    never_sent: Counted,
}

/// What is found, as it grows; kept between slices.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Findings {
    listed: bool,
    read: usize,
    unreadable: u64,
    by_source: BTreeMap<String, OfSource>,
    /// Credit that names no invoice, by currency.
    unapplied: BTreeMap<Currency, i64>,
    customers_with_unapplied: Counted,
    in_flight: Counted,
    other_currency: Counted,
    unclear: Counted,
    /// Customers with nobody who can be written to, by channel, and by every channel.
    without_address: BTreeMap<Channel, Counted>,
    unreachable: Counted,
    /// Customers who are past due today.
    overdue: u64,
    /// Names and addresses, each with whose it is first.
    names: BTreeMap<String, ExampleCustomer>,
    addresses: BTreeMap<String, ExampleCustomer>,
    /// Digests of numbers with amounts and currencies of open invoices, each with whose the first is.
    #[serde(default)]
    numbers: BTreeMap<String, CustomerId>,
    same_name: Counted,
    same_address: Counted,
    same_number: Counted,
}

async fn slice(work: &Work<'_>, job: &mut Job) -> anyhow::Result<SliceEnd> {
    let Some(row) = work.store.tenant(work.tenant).await? else {
        return Ok(SliceEnd::Refused("the tenant has no settings yet".to_owned()));
    };
    let Some(settings) = work.store.settings(work.tenant).await?.map(|settings| settings.value) else {
        return Ok(SliceEnd::Refused("the tenant has no settings yet".to_owned()));
    };
    let is_listed = job.checkpoint.get("listed").and_then(Value::as_bool).unwrap_or(false);
    let mut found: Findings = if is_listed { work.part(&job.id, "findings", 0).await? } else { Findings::default() };
    let customers = if is_listed { book::listed(work, &job.id).await? } else { book::list(work, &job.id, &row).await? };
    found.listed = true;
    job.total = Some(u64::try_from(customers.len())?);
    while found.read < customers.len() {
        let some: Vec<_> = customers.iter().skip(found.read).take(book::TOGETHER).cloned().collect();
        let (read, unreadable) = book::read(work, &some).await?;
        let now = work.now();
        for (_, facts) in &read {
            found.add(facts, &settings, now);
        }
        found.read += some.len();
        found.unreadable += unreadable;
        job.done = u64::try_from(found.read)?;
        if work.is_over() && found.read < customers.len() {
            work.put_part(&job.id, "findings", 0, &found).await?;
            job.checkpoint = json!({ "listed": true });
            return Ok(SliceEnd::More);
        }
    }
    found.say_whose_numbers(work).await?;
    let result = found.said(&settings, work.now());
    Ok(SliceEnd::Done(JobEnd { result, done: job.done, ..JobEnd::default() }))
}

impl Findings {
    /// What a customer adds.
    fn add(&mut self, facts: &Facts, settings: &Settings, now: Timestamp) {
        let (customer, zone) = (&facts.customer, tenant_zone(settings));
        let named = ExampleCustomer::of(customer);
        let receivables = Receivables::at(facts, ReceivablesRules::of(settings, &zone), now);
        let of_source = self.by_source.entry(customer.source.clone()).or_default();
        of_source.customers += 1;
        let mut is_overdue = false;
        for item in &receivables.items {
            let days = item.days_past_due(receivables.today);
            is_overdue |= days > 0 && item.due_now_minor > 0;
            let bucket = bucket(days).to_owned();
            let sum = of_source.aging.entry(item.currency).or_default().entry(bucket).or_default();
            *sum = sum.saturating_add(item.owed_minor());
        }
        self.overdue += u64::from(is_overdue);
        let mut open_invoices = Vec::new();
        let open = facts.invoices.iter().filter(|fact| !fact.archived && fact.invoice.status == InvoiceStatus::Open);
        for invoice in open.map(|fact| &fact.invoice).filter(|invoice| !receivables.closed.contains(&invoice.id)) {
            of_source.open_invoices += 1;
            let said = || Example::of_invoice(&named, invoice);
            if invoice.due_on <= invoice.issued_on {
                of_source.due_when_issued.add(said);
            }
            if invoice.sent_to_customer == Some(false) {
                of_source.never_sent.add(said);
            }
            open_invoices.push(invoice);
        }
        for invoice in open_invoices {
            self.add_number(invoice, &customer.id, &named);
        }
        self.add_cash(facts, &receivables, &named);
        self.add_people(facts, &named);
    }

    /// An invoice of a number and amount that was seen before: of the same customer, or of one that came by another way.
    fn add_number(&mut self, invoice: &Invoice, id: &CustomerId, customer: &ExampleCustomer) {
        let (amount, currency) = (invoice.total_minor.to_string(), invoice.currency.to_string());
        let number = domain::id::digest(&[&invoice.number, &amount, &currency]);
        if let Some(first) = self.numbers.get(&number) {
            let other = (first != id).then(|| ExampleCustomer::without_names(first));
            self.same_number.add(|| Example { other, ..Example::of_invoice(customer, invoice) });
        } else if self.numbers.len() < NUMBERS_MAX {
            self.numbers.insert(number, id.clone());
        }
    }

    /// Says of the examples' other customers where they come from: of a number nothing but whose it is was kept.
    async fn say_whose_numbers(&mut self, work: &Work<'_>) -> anyhow::Result<()> {
        let examples = self.same_number.examples.iter();
        let ids: BTreeSet<CustomerId> = examples.filter_map(|example| CustomerId::parse(&example.other.as_ref()?.id)).collect();
        let names = work.store.names(work.tenant, &ids).await?;
        for other in self.same_number.examples.iter_mut().filter_map(|example| example.other.as_mut()) {
            let Some(found) = CustomerId::parse(&other.id).and_then(|id| names.get(&id)) else { continue };
            other.source.clone_from(&found.source);
            other.external_id.clone_from(&found.external_id);
        }
        Ok(())
    }

    fn add_cash(&mut self, facts: &Facts, receivables: &Receivables<'_>, customer: &ExampleCustomer) {
        let mut unapplied: BTreeMap<Currency, i64> = BTreeMap::new();
        for fact in facts.payments.iter().filter(|fact| fact.payment.counts()) {
            let payment = &fact.payment;
            let placed: i64 = payment.allocations.iter().map(|part| part.amount_minor).fold(0, i64::saturating_add);
            let rest = payment.amount_minor.saturating_sub(placed);
            if rest > 0 {
                let sum = unapplied.entry(payment.currency).or_default();
                *sum = sum.saturating_add(rest);
            }
        }
        if !unapplied.is_empty() {
            self.customers_with_unapplied.add(|| Example::of(customer));
        }
        for (currency, rest) in unapplied {
            let sum = self.unapplied.entry(currency).or_default();
            *sum = sum.saturating_add(rest);
        }
        for (is_so, counted) in [
            (!receivables.in_flight.is_empty(), &mut self.in_flight),
            (!receivables.mismatched.is_empty(), &mut self.other_currency),
            (!receivables.unclear.is_empty() || !receivables.unplaced.is_empty(), &mut self.unclear),
        ] {
            if is_so {
                counted.add(|| Example::of(customer));
            }
        }
    }

    fn add_people(&mut self, facts: &Facts, customer: &ExampleCustomer) {
        let people = People::of(facts);
        let usable = |channel: Channel| {
            people.all().any(|(_, contact)| {
                contact.address(channel).is_some_and(|address| {
                    let known = facts.addresses.get(&address_key(channel, address));
                    known.is_none_or(|known| known.suppressed.is_none()) && facts.ceased(contact).is_none()
                }) && (!channel.facts().needs_consent || facts.agreed(contact, channel))
            })
        };
        let mut is_reachable = false;
        for channel in Channel::with_sender() {
            if usable(channel) {
                is_reachable = true;
            } else {
                self.without_address.entry(channel).or_default().add(|| Example::of(customer));
            }
        }
        if !is_reachable {
            self.unreachable.add(|| Example::of(customer));
        }
        if self.names.len() >= COMPARED_MAX {
            return;
        }
        let plain: String = facts.customer.name.to_lowercase().chars().filter(|letter| letter.is_alphanumeric()).collect();
        if let Some(first) = self.names.get(&plain).filter(|first| first.id != customer.id) {
            self.same_name.add(|| Example::of_two(first, customer));
        } else {
            self.names.insert(plain, customer.clone());
        }
        let persons: BTreeSet<String> = people.all().filter_map(|(_, contact)| contact.person()).collect();
        for person in persons {
            // What people are reached by is not kept as it is.
            let person = domain::id::digest(&[&person]);
            if let Some(first) = self.addresses.get(&person).filter(|first| first.id != customer.id) {
                self.same_address.add(|| Example::of_two(first, customer));
            } else {
                self.addresses.insert(person, customer.clone());
            }
        }
    }

    /// What was found, for people.
    fn said(&self, settings: &Settings, now: Timestamp) -> Value {
        json!({
            "as_of": now, "customers": self.read, "unreadable_customers": self.unreadable,
            "looked_at": "customers who owe something; those who owe nothing are not written to",
            "age_basis": {
                "counted_from": "the due date, in the tenant's zone; by instalment where an invoice has them",
                "by_source": self.by_source,
            },
            "unreconciled_cash": {
                "unapplied_minor": self.unapplied, "customers_with_unapplied": self.customers_with_unapplied,
                "payments_ahead_of_invoices": self.in_flight, "payments_in_another_currency": self.other_currency,
                "not_placed": self.unclear,
            },
            "without_usable_address": { "by_channel": self.without_address, "by_any": self.unreachable },
            "duplicates": {
                "same_name": self.same_name, "same_person": self.same_address, "same_number_and_amount": self.same_number,
            },
            "missing_terms": {
                "meaning": "due_when_issued of each source above: those invoices are overdue from their first day",
            },
            "who_else_reminds": who_else(self.by_source.keys().map(String::as_str)),
            "ramp": ramp(self.overdue, settings),
        })
    }
}

fn bucket(days: i64) -> &'static str {
    match days {
        ..=0 => "current",
        1..=30 => "1-30",
        31..=60 => "31-60",
        61..=90 => "61-90",
        91.. => "over 90",
    }
}

/// Whether the sources remind too. No connector can read that yet, so that each is named with where a person looks.
fn who_else<'a>(sources: impl Iterator<Item = &'a str>) -> Vec<Value> {
    let of = |source: &'a str| {
        let look = match source {
            "stripe" => "Stripe: Settings, Billing, Invoices, 'Send reminders'",
            "quickbooks" => "QuickBooks: Account and settings, Sales, Reminders, 'Automatic invoice reminders'",
            "xero" => "Xero: Business, Invoices, 'Invoice reminders'",
            _ => "the system that the documents come from: look whether it reminds by itself",
        };
        json!({ "source": source, "can_be_read": false, "look_at": look })
    };
    sources.map(of).collect()
}

/// The ramp that a backlog calls for: the messages of a day, week by week, until everybody who is past due would be written to in a day.
fn ramp(overdue: u64, settings: &Settings) -> Value {
    let mut weeks = Vec::new();
    let mut a_day = RAMP_FIRST;
    while a_day < overdue && weeks.len() < 26 {
        weeks.push(a_day);
        a_day = a_day.saturating_mul(RAMP_FACTOR);
    }
    json!({
        "overdue_customers": overdue, "caps_per_day_by_week": weeks,
        "then": "no cap is needed for the backlog after that", "per_day_now": settings.caps.per_day,
        "how": "PATCH /v1/settings with {\"caps\": {\"per_day\": …}} at the beginning of each week",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ramp_doubles_until_it_holds_the_backlog() {
        let settings = Settings::named("Acme");
        assert_eq!(ramp(15, &settings)["caps_per_day_by_week"], json!([]));
        assert_eq!(ramp(100, &settings)["caps_per_day_by_week"], json!([20, 40, 80]));
    }

    #[test]
    fn an_example_names_a_company_and_not_a_person() {
        let id = domain::CustomerId::derive(&["C-1"]);
        let customer = Customer { name: "Ä".repeat(200), ..Customer::stub(&id, "import", "C-1") };
        for (kind, expected) in [
            (None, Some(NAME_MAX)),
            (Some(CustomerKind::Company), Some(NAME_MAX)),
            (Some(CustomerKind::SoleTrader), None),
            (Some(CustomerKind::Person), None),
        ] {
            let said = ExampleCustomer::of(&Customer { kind, ..customer.clone() });
            assert_eq!((said.external_id.as_str(), said.name.map(|name| name.chars().count())), ("C-1", expected), "{kind:?}");
        }
    }

    #[test]
    fn an_invoice_that_came_by_two_ways_is_a_duplicate() {
        let settings = Settings::named("Acme");
        let now: Timestamp = "2026-03-01T09:00:00Z".parse().unwrap();
        let mut found = Findings::default();
        for (source, external_id, invoices) in [
            ("import", "C-1", vec![("a", "1001", 1_000), ("b", "1002", 1_000)]),
            // The same company by its source: a second customer with the same invoice, and one that has a number alone in common.
            ("stripe", "cus_9", vec![("c", "1001", 1_000), ("d", "1002", 2_000)]),
            // Of one customer it is one too.
            ("stripe", "cus_8", vec![("e", "1003", 5), ("f", "1003", 5)]),
        ] {
            let id = CustomerId::derive(&["acme", source, external_id]);
            let tenant = domain::TenantId::parse("acme").unwrap();
            let mut facts = Facts::of(tenant, Customer::stub(&id, source, external_id));
            for (external_id, number, total_minor) in invoices {
                let id = domain::InvoiceId::derive(&["acme", source, external_id]);
                let days = ("2026-01-05".parse().unwrap(), "2026-02-04".parse().unwrap());
                let invoice = Invoice::open(id, external_id, (Currency::EUR, total_minor), days);
                let invoice = Invoice { number: number.to_owned(), ..invoice };
                facts.invoices.push(domain::InvoiceFact { invoice, folded: vec![], archived: false });
            }
            found.add(&facts, &settings, now);
        }
        let said = found.same_number.examples.iter().map(|example| {
            let invoice = example.invoice.as_ref().unwrap();
            (invoice.external_id.as_str(), example.other.as_ref().map(|other| other.id.clone()))
        });
        let first = CustomerId::derive(&["acme", "import", "C-1"]).to_string();
        assert_eq!(said.collect::<Vec<_>>(), [("c", Some(first)), ("f", None)]);
        assert_eq!(found.same_number.count, 2);
    }

    #[test]
    fn days_lie_in_buckets() {
        let found = [-5, 0, 1, 30, 31, 60, 61, 90, 91].map(bucket);
        assert_eq!(found, ["current", "current", "1-30", "1-30", "31-60", "31-60", "61-90", "61-90", "over 90"]);
    }
}
