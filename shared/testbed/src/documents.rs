//! Facts and decisions as tests begin with them. Who needs another field changes that one: `Customer { language, ..customer(…) }`.

use domain::{
    Archiving, BalanceKey, Case, CaseId, CaseKey, CaseState, Channel, Contact, Covered, Currency, Customer, CustomerId,
    CustomerRef, Decision, Document, DueItemKey, Invoice, InvoiceId, Mode, NewTask, Next, Occurrence, Planned, Role,
    SourceVersion, TaskKind,
};
use jiff::Timestamp;

/// Who gets a customer's invoices, by email.
pub fn contact(external_id: &str, email: &str) -> Contact {
    Contact { name: "Anna Weber".to_owned(), ..Contact::by_email(external_id, Role::Billing, email) }
}

/// A customer of a tenant with the contact `p1`, of whom its source says no more than it must.
pub fn customer(tenant: &str, source: &str, external_id: &str) -> Customer {
    let id = CustomerId::derive(&[tenant, source, external_id]);
    Customer {
        source_version: Some(SourceVersion::Number(1)),
        name: "Acme GmbH".to_owned(),
        contacts: vec![contact("p1", "ap@acme.example")],
        ..Customer::stub(&id, source, external_id)
    }
}

/// An open invoice of 1250.00 EUR that falls due on 4 February 2026.
pub fn invoice(tenant: &str, source: &str, external_id: &str) -> Invoice {
    let id = InvoiceId::derive(&[tenant, source, external_id]);
    let on = |day: &str| day.parse().unwrap();
    Invoice::open(id, external_id, (Currency::EUR, 125_000), (on("2026-01-05"), on("2026-02-04")))
}

/// An invoice with its customer, as a source sends them.
pub fn invoiced(customer: Customer, invoice: Invoice) -> Document {
    Document::Invoice { customer: CustomerRef::Full(Box::new(customer)), invoice }
}

/// The case that decisions here are about: of EUR, by the workflow `standard`.
pub fn case_key() -> CaseKey {
    CaseKey::new(BalanceKey::of(Currency::EUR), "standard")
}

/// The step `reminder` of an invoice.
pub fn covered(invoice: &InvoiceId) -> Covered {
    Covered {
        item: DueItemKey::whole(invoice.clone()),
        step: "reminder".to_owned(),
        occurrence: Occurrence::default(),
        due_now_minor: 125_000,
    }
}

/// A live email to the contact `p1`.
pub fn planned(rows: Vec<Covered>) -> Planned {
    Planned {
        position: 0,
        mode: Mode::Live,
        case: case_key(),
        channel: Channel::Email,
        contact: "p1".to_owned(),
        person: contact("p1", "ap@acme.example").person_digest(),
        template: "reminder".to_owned(),
        template_version: 1,
        pay_by: None,
        rows,
        copy_of: None,
        receipt_within: None,
    }
}

/// A decision that has a case open, and these messages sent.
pub fn decision(opened_at: Timestamp, messages: Vec<Planned>, next: Next) -> Decision {
    let case = Case {
        id: CaseId::derive(&["acme", "case"]),
        workflow: "standard".to_owned(),
        version: 1,
        opened_at,
        state: CaseState::Open,
        by_hand: false,
        stated: domain::StatedPeriods::default(),
    };
    Decision {
        cases: [(case_key(), case)].into(),
        messages,
        tasks: vec![],
        agreements: vec![],
        charges: vec![],
        marks: vec![],
        next,
        trace: vec![],
        owed: Default::default(),
        archiving: Archiving::default(),
        inputs: None,
        work: vec![],
        withdrawn: vec![],
        used_orders: vec![],
    }
}

/// A task that says its key and nothing else.
pub fn task(kind: TaskKind, key: &str) -> NewTask {
    NewTask {
        kind,
        key: key.to_owned(),
        title: key.to_owned(),
        detail: String::new(),
        to: None,
        due_on: None,
        step: None,
        currency: None,
        case: None,
    }
}
