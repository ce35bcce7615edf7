//! A customer to be moved through time: facts are kept as the table would keep them, every decided message is settled at
//! once. For tests of the rules; nothing else uses it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::{Timestamp, civil::Date};
use serde_json::json;

use crate::{
    Agreement, AgreementId, AgreementScope, Allocation, BankAccount, Channel, Charge, ChargeId, ChargeStatus, CompiledWorkflow,
    Consent, Contact, ContactAttempt, Currency, Customer, CustomerId, CustomerKind, Decision, Event, Facts, HoldClock,
    HoldReason, HoldScope, Instalment, Invoice, InvoiceFact, InvoiceId, LastContact, MessageId, Mode, Next, Outcome, Pause,
    PauseStatus, Payment, PaymentFact, PaymentId, PaymentKind, PaymentStatus, Policy, Promise, PromiseStatus, Role, Settings,
    SourceVersion, TenantId, Terms, WayOfPaying, Workflow, decide, evolve,
};

/// An instant.
pub fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

/// A date.
pub fn on(text: &str) -> Date {
    text.parse().expect("a date")
}

/// An account that money is transferred to.
pub fn account() -> BankAccount {
    BankAccount {
        holder: "Acme GmbH".to_owned(),
        iban: Some("DE89 3704 0044 0532 0130 00".to_owned()),
        bic: Some("COBADEFFXXX".to_owned()),
        bank: Some("Example Bank".to_owned()),
        ..BankAccount::default()
    }
}

/// A workflow in the API's form.
pub fn workflow(json: serde_json::Value) -> Workflow {
    let mut workflow: Workflow = serde_json::from_value(json).expect("a workflow");
    workflow.version = 1;
    workflow
}

/// Four sends by email and a task, anchored on the due date.
pub fn ladder() -> Workflow {
    let send = |id: &str, offset: &str| {
        json!({"id": id, "at": {"anchor": "due_date", "offset": offset},
               "action": {"send": {"channels": ["email"], "template": id, "to": ["billing"]}}})
    };
    workflow(json!({
        "id": "ladder", "name": "Ladder", "scope": "customer",
        "steps": [
            send("heads-up", "-P5D"), send("reminder", "P1D"), send("nudge", "P8D"), send("final", "P20D"),
            {"id": "person", "at": {"anchor": "due_date", "offset": "P30D"}, "action": {"task": {"title": "Call"}}},
        ],
    }))
}

/// One customer of one tenant.
#[derive(Clone)]
pub struct Stage {
    /// The facts.
    pub facts: Facts,
    /// The policy.
    pub policy: Policy,
}

impl Stage {
    /// A company in Berlin with one billing contact, chased live by `workflow`.
    pub fn new(workflow: Workflow) -> Self {
        let tenant = TenantId::parse("acme").expect("a tenant");
        let id = CustomerId::derive(&["acme", "canonical", "C-1"]);
        let customer = Customer {
            name: "Beispiel GmbH".to_owned(),
            kind: Some(CustomerKind::Company),
            language: Some("de".to_owned()),
            country: Some("DE".to_owned()),
            region: Some("BE".to_owned()),
            time_zone: Some("Europe/Berlin".to_owned()),
            contacts: vec![contact("p1", Role::Billing)],
            ..Customer::stub(&id, "canonical", "C-1")
        };
        let mut settings = Settings::named("Acme");
        settings.country = "DE".to_owned();
        settings.time_zone = Some("Europe/Berlin".to_owned());
        settings.mode = Mode::Live;
        let mut templates = BTreeMap::new();
        for step in &workflow.steps {
            if let crate::Action::Send(send) = &step.action {
                templates.insert((send.template.clone(), Channel::Email), 1);
                templates.insert((send.template.clone(), Channel::Sms), 1);
            }
        }
        Self {
            facts: Facts::of(tenant, customer),
            policy: Policy {
                settings,
                breaker_open: false,
                withdrawn: BTreeMap::new(),
                published: BTreeSet::from([(workflow.id.clone(), workflow.version)]),
                rollouts: BTreeMap::new(),
                workflows: vec![Arc::new(CompiledWorkflow::compile(workflow))],
                senders: BTreeSet::from([Channel::Email, Channel::Sms]),
                identities: None,
                templates,
            },
        }
    }

    /// Adds or replaces an invoice; returns its id.
    pub fn invoice(&mut self, external_id: &str, currency: Currency, total_minor: i64, due_on: &str) -> InvoiceId {
        let id = InvoiceId::derive(&["acme", "canonical", external_id]);
        let due_on = on(due_on);
        let issued_on = crate::dates::add_days(due_on, -30);
        let invoice = Invoice::open(id.clone(), external_id, (currency, total_minor), (issued_on, due_on));
        self.facts.invoices.retain(|fact| fact.invoice.id != id);
        self.facts.invoices.push(InvoiceFact { invoice, folded: Vec::new(), archived: false });
        id
    }

    /// Gives an invoice instalments.
    pub fn instalments(&mut self, id: &InvoiceId, parts: &[(&str, i64)]) {
        let invoice = self.invoice_mut(id);
        invoice.instalments = parts
            .iter()
            .map(|(due_on, amount_minor)| Instalment { external_id: None, due_on: on(due_on), amount_minor: *amount_minor })
            .collect();
    }

    /// The invoice.
    pub fn invoice_mut(&mut self, id: &InvoiceId) -> &mut Invoice {
        &mut self.facts.invoices.iter_mut().find(|fact| fact.invoice.id == *id).expect("an invoice of this book").invoice
    }

    /// Adds or replaces a payment of one allocation.
    pub fn pay(&mut self, external_id: &str, invoice: &InvoiceId, amount_minor: i64, status: PaymentStatus, recorded_at: &str) {
        let currency = self.invoice_mut(invoice).currency;
        let id = PaymentId::derive(&["acme", "canonical", "payment", external_id]);
        let known = self.facts.payments.iter().position(|fact| fact.payment.id == id);
        let known = known.map(|at| self.facts.payments.remove(at));
        let version = known.as_ref().map_or(1, |known| match known.payment.source_version {
            SourceVersion::Number(number) => number + 1,
            SourceVersion::Instant(_) => 1,
        });
        let payment = Payment {
            legal_entity: None,
            id,
            kind: PaymentKind::Payment,
            external_id: external_id.to_owned(),
            source_version: SourceVersion::Number(version),
            status,
            amount_minor,
            currency,
            received_on: at(recorded_at).to_zoned(jiff::tz::TimeZone::UTC).date(),
            allocations: vec![Allocation { invoice: invoice.clone(), amount_minor }],
            reference: None,
            taken_here: None,
        };
        self.facts.payments.push(PaymentFact::merge(known.as_ref(), &payment, at(recorded_at)).expect("a newer version"));
    }

    /// Says that a person was contacted at these instants, each by a message about `customer`.
    pub fn contacted(&mut self, person: &str, customer: &CustomerId, instants: &[Timestamp]) {
        for at in instants {
            let attempt = ContactAttempt {
                at: *at,
                channel: Channel::Email,
                message: MessageId::derive(&[customer.as_str(), &at.to_string()]),
                case: None,
                customer: customer.clone(),
                mode: Mode::Live,
            };
            let event = Event::Contacted { person: person.to_owned(), attempt };
            self.facts = evolve(&self.facts, &event);
        }
    }

    /// A message proves not to have been delivered: the last contacts are those by others that the receivables remembers.
    pub fn not_delivered(&mut self, message: &MessageId) {
        let sent = |mode: Mode| {
            let all = self.facts.invoices.iter().flat_map(|fact| &fact.folded).chain(&self.facts.coverage);
            let others = all.filter(|mark| mark.message.as_ref().is_some_and(|id| id != message));
            others.filter(|mark| mark.outcome.is_contact() && mark.mode == mode).map(|mark| mark.at).max()
        };
        let last_contact = LastContact { live: sent(Mode::Live), shadow: sent(Mode::Shadow) };
        let (message, outcome) = (message.clone(), Outcome::Undelivered);
        self.facts = evolve(&self.facts, &Event::NotDelivered { message, outcome, last_contact });
    }

    /// The email address of whom a message's contact names.
    pub fn people_address(&self, contact: &str) -> String {
        let email = crate::People::of(&self.facts).contact(contact).and_then(|contact| contact.email.clone());
        email.unwrap_or_default().to_lowercase()
    }

    /// Decides at `now` and settles what was decided, as the table would keep it.
    pub fn step(&mut self, now: Timestamp) -> Decision {
        let decision = decide(&self.facts, &self.policy, now);
        self.facts = evolve(&self.facts, &Event::Decided { decision: decision.clone(), at: now });
        for pending in self.facts.pending.clone() {
            let (message, rows, outcome) = (pending.id, pending.rows, Some(Outcome::Sent));
            let settled = Event::Settled { message, rows, outcome, at: now, contacted_at: now };
            self.facts = evolve(&self.facts, &settled);
        }
        decision
    }

    /// Sweeps from `from` to `to` whenever something is due, and says what left or was done: one line each, as
    /// `2026-02-05 reminder: A, B`, tasks as `2026-03-06 task: Call`.
    pub fn run(&mut self, from: &str, to: &str) -> Vec<String> {
        let (mut now, end) = (at(from), at(to));
        let mut lines = Vec::new();
        for _ in 0..10_000 {
            let decision = self.step(now);
            lines.extend(self.lines(&decision, now));
            let again = if decision.messages.is_empty() && decision.tasks.is_empty() { decision.next } else { Next::At(now) };
            let next = match (again, decision.messages.is_empty()) {
                (Next::At(next), true) if decision.tasks.is_empty() => next,
                (Next::At(_), _) => decide(&self.facts, &self.policy, now).next_or_now(now),
                (Next::Parked | Next::Nothing, _) => break,
            };
            if next > end {
                break;
            }
            now = next.max(now);
        }
        lines
    }

    fn lines(&self, decision: &Decision, now: Timestamp) -> Vec<String> {
        let day = now.to_zoned(jiff::tz::TimeZone::get("Europe/Berlin").expect("a zone")).date();
        let number = |key: &crate::DueItemKey| {
            let of =
                self.facts.invoices.iter().find(|fact| key.invoice() == Some(&fact.invoice.id)).map(|fact| &*fact.invoice.number);
            let charge = || {
                let of_charge = |charge: &&Charge| *key == crate::DueItemKey::charge(charge.id.clone());
                self.facts.charges.iter().find(of_charge).map(|charge| &*charge.name)
            };
            let of = of.or_else(charge).unwrap_or("plan");
            if key.part.is_empty() { of.to_owned() } else { format!("{of}/{}", key.part) }
        };
        let mut lines: Vec<String> = decision
            .messages
            .iter()
            .map(|message| {
                let rows: Vec<String> = message
                    .rows
                    .iter()
                    .map(|row| {
                        let other = if row.step == message.template { String::new() } else { format!(" ({})", row.step) };
                        format!("{}{other}", number(&row.item))
                    })
                    .collect();
                format!("{day} {}: {}", message.template, sorted(rows).join(", "))
            })
            .collect();
        lines.extend(decision.tasks.iter().map(|task| format!("{day} {}: {}", kind(task), task.title)));
        lines
    }
}

fn kind(task: &crate::NewTask) -> String {
    serde_json::to_value(task.kind).ok().and_then(|kind| kind.as_str().map(str::to_owned)).unwrap_or_default()
}

fn sorted(mut rows: Vec<String>) -> Vec<String> {
    rows.sort();
    rows
}

impl Decision {
    /// When to look again after this decision was applied.
    fn next_or_now(&self, now: Timestamp) -> Timestamp {
        if !self.messages.is_empty() || !self.tasks.is_empty() {
            return now;
        }
        match self.next {
            Next::At(at) => at,
            Next::Parked | Next::Nothing => Timestamp::MAX,
        }
    }
}

/// A person with an email address and a phone number, who agreed to text messages.
pub fn contact(id: &str, role: Role) -> Contact {
    Contact {
        name: "Anna Weber".to_owned(),
        phone: Some("+493012345678".to_owned()),
        consents: vec![Consent { channel: Channel::Sms, given_at: None, wording: None }],
        ..Contact::by_email(id, role, &format!("{id}@beispiel.example"))
    }
}

/// A pause by a person, from an instant to the end of a day.
pub fn hold(scope: HoldScope, amount_minor: Option<i64>, clock: HoldClock, from: &str, until: &str) -> Agreement {
    let pause = Pause { reason: HoldReason::Manual, ends_with: None, of: Vec::new(), status: PauseStatus::Running };
    agreement(Terms::Pause(pause), scope, amount_minor, clock, from, Some(until))
}

/// A promise to pay on a day, as a hold says it: what is promised is kept back to the end of that day, and its clock stopped.
pub fn promise(scope: HoldScope, from: &str, day: &str) -> Agreement {
    let expected_on = crate::dates::add_days(on(day), 2);
    let promise = Promise { pays_on: on(day), way: WayOfPaying::Other, expected_on, of: Vec::new(), status: PromiseStatus::Open };
    agreement(Terms::Promise(promise), scope, None, HoldClock::StopClock, from, Some(day))
}

/// An agreement whose id is of its scope and days.
pub fn agreement(
    terms: Terms,
    scope: HoldScope,
    amount_minor: Option<i64>,
    clock: HoldClock,
    from: &str,
    until: Option<&str>,
) -> Agreement {
    Agreement {
        id: AgreementId::derive(&[from, until.unwrap_or_default()]),
        terms,
        scope: match scope {
            HoldScope::Customer => AgreementScope::Customer,
            HoldScope::Case(currency) => AgreementScope::Case(currency),
            HoldScope::Balance(balance) => AgreementScope::Balance(balance),
            HoldScope::Invoice(invoice) => AgreementScope::Invoices(vec![invoice]),
        },
        amount_minor,
        clock,
        made_at: at(from),
        from_at: at(from),
        until_on: until.map(on),
        ended_at: None,
        status_at: at(from),
        by: String::new(),
        folded: Vec::new(),
    }
}

/// A confirmed charge in euros.
pub fn charge(name: &str, amount_minor: i64, due_on: &str) -> Charge {
    Charge {
        legal_entity: compact_str::CompactString::default(),
        workflow: None,
        id: ChargeId::derive(&[name]),
        name: name.to_owned(),
        currency: Currency::EUR,
        amount_minor: Some(amount_minor),
        step: "fee".to_owned(),
        proposed_at: at(&format!("{due_on}T00:00:00Z")),
        due_on: Some(on(due_on)),
        status: ChargeStatus::Confirmed,
        status_at: at(&format!("{due_on}T00:00:00Z")),
        by: String::new(),
        folded: Vec::new(),
    }
}

/// The case of a customer with one of a currency.
pub(crate) fn case_in(cases: &std::collections::BTreeMap<crate::CaseKey, crate::Case>, currency: Currency) -> &crate::Case {
    let mut of_currency = cases.iter().filter(|(key, _)| key.currency() == currency);
    let (Some((_, case)), None) = (of_currency.next(), of_currency.next()) else { panic!("one case of {currency}: {cases:?}") };
    case
}

/// Open work about one due item.
pub(crate) fn work_of(facts: &Facts, kind: crate::TaskKind, item: crate::DueItemKey) -> crate::OpenWork {
    crate::OpenWork {
        task: crate::TaskId::derive(&[facts.tenant.as_str(), &item.to_string()]),
        kind,
        reason: item.to_string(),
        step: None,
        currency: Some(Currency::EUR),
        case: None,
        rows: vec![crate::WorkRow { item, occurrence: crate::Occurrence::default() }],
        more: false,
        asked_at: at("2026-02-05T15:45:00Z"),
        done: false,
        confirm_by: None,
        via: Vec::new(),
        urgent: false,
    }
}
