//! Steps by which sources say something.

use domain::{along::along, *};
use jiff::{ToSpan, civil::Date};
use store::Receipt;

use super::{
    Step,
    world::{WHO, World},
};
use crate::common::{customer, customer_of, invoice, invoice_id, payment, payment_id, reversal};

/// Mailboxes: the first is two customers'.
pub const MAILS: [&str; 4] = ["ap@acme.example", "AP@acme.example", "books@acme.example", "c@acme.example"];

impl World {
    /// The first two customers are described and owe something; the third is only named.
    pub async fn begin_customers(&mut self) {
        for who in 0..2 {
            let described = Customer { source_version: Some(SourceVersion::Number(1)), ..self.described(who, 0) };
            self.apply(Document::Customer(described)).await;
        }
        let called = CustomerRef::Called { id: self.id(2), external_id: "C".into() };
        self.apply(Document::Invoice { customer: called, invoice: invoice("I9", 1) }).await;
        for who in 0..WHO.len() {
            let facts = self.facts(who).await;
            self.models.push(facts);
        }
        self.heartbeat().await;
        for (who, number) in [(0, 0), (1, 1)] {
            let first = Invoice { due_on: "2026-01-03".parse().unwrap(), ..invoice(&format!("I{number}"), 1) };
            self.apply(Document::Invoice { customer: CustomerRef::Named(self.id(who)), invoice: first.clone() }).await;
            self.tell(who, &Event::InvoiceUpserted(first));
        }
    }

    pub async fn apply(&mut self, document: Document) {
        self.story.push(format!("    {document:?}").chars().take(900).collect());
        let receipt = Receipt { source: "stripe".into(), event_id: format!("e{}", self.fresh()) };
        self.table.store.apply(&self.table.tenant, &receipt, &[document], self.now).await.unwrap();
    }

    /// A version that is newer than all before, or any of those.
    fn version(&mut self, how: usize) -> SourceVersion {
        let newest = self.fresh() + 10;
        SourceVersion::Number(if how.is_multiple_of(6) { newest / 2 } else { newest })
    }

    fn described(&self, who: usize, how: usize) -> Customer {
        let base = customer(None, WHO[who]);
        let mut contacts = base.contacts.clone();
        contacts[0].email = Some(MAILS[if who == 2 { 3 } else { how % 3 }].to_owned());
        if how.is_multiple_of(2) {
            let consents = vec![Consent { channel: Channel::Sms, given_at: None, wording: None }];
            let mail = Some(MAILS[(how / 2) % 4].to_owned());
            contacts.push(Contact {
                external_id: "p2".into(),
                roles: vec![Role::Approver],
                email: mail,
                consents,
                ..contacts[0].clone()
            });
        }
        let country = Some("DE".to_owned());
        Customer { id: customer_of(WHO[who]), external_id: WHO[who].into(), contacts, country, ..base }
    }

    pub async fn customer(&mut self, step: Step) {
        let version = if step.which.is_multiple_of(5) { None } else { Some(self.version(step.which)) };
        let described = Customer { source_version: version, ..self.described(step.who, step.how) };
        self.apply(Document::Customer(described.clone())).await;
        self.tell(step.who, &Event::CustomerUpserted(described));
    }

    /// Whose an object is.
    fn owner(&self, has: impl Fn(&Facts) -> bool) -> Option<usize> {
        self.models.iter().position(has)
    }

    pub fn owner_of_invoice(&self, id: &InvoiceId) -> Option<usize> {
        self.owner(|facts| facts.invoices.iter().any(|fact| fact.invoice.id == *id))
    }

    fn payment_of(&self, id: &PaymentId) -> Option<(usize, Payment)> {
        let who = self.owner(|facts| facts.payments.iter().any(|fact| fact.payment.id == *id))?;
        let fact = self.models[who].payments.iter().find(|fact| fact.payment.id == *id)?;
        Some((who, fact.payment.clone()))
    }

    fn any_invoice(&mut self, step: Step) -> Invoice {
        let number = step.which % 5;
        let version = self.version(step.how / 2);
        let first: Date = "2026-01-02".parse().unwrap();
        let due_on = first.checked_add(i64::try_from(number * 3 + step.how % 4).unwrap().days()).unwrap();
        let status = match step.how % 17 {
            0 => InvoiceStatus::Draft,
            1 => InvoiceStatus::Void,
            2 => InvoiceStatus::WrittenOff,
            _ => InvoiceStatus::Open,
        };
        let part = |days: i64, amount_minor| Instalment {
            external_id: None,
            due_on: due_on.checked_add(days.days()).unwrap(),
            amount_minor,
        };
        let own = Contact {
            external_id: INVOICE_CONTACT.into(),
            email: Some(MAILS[step.how % 4].into()),
            ..customer(None, "x").contacts[0].clone()
        };
        Invoice {
            source_version: version,
            currency: if number == 4 { Currency::USD } else { Currency::EUR },
            issued_on: "2025-12-20".parse().unwrap(),
            due_on,
            status,
            paid_minor: [0, 0, 0, 0, 0, 60_000, 125_000][(step.how / 3) % 7],
            instalments: if number == 2 { vec![part(-2, 65_000), part(0, 60_000)] } else { vec![] },
            legal_entity: (number == 3).then(|| "berlin".to_owned()),
            tags: if step.how.is_multiple_of(3) { vec!["own".to_owned()] } else { vec![] },
            contact: (number == 1 && step.how.is_multiple_of(2)).then_some(own),
            ..invoice(&format!("I{number}"), 1)
        }
    }

    pub async fn invoice(&mut self, step: Step) {
        let (who, fresh) = (step.who, self.any_invoice(step));
        let id = fresh.id.clone();
        self.apply(Document::Invoice { customer: CustomerRef::Named(self.id(who)), invoice: fresh.clone() }).await;
        let before = self.owner_of_invoice(&id);
        match before {
            Some(before) if before != who => {
                let known = self.models[before].invoices.iter().find(|fact| fact.invoice.id == id).unwrap();
                if known.invoice.source_version < fresh.source_version {
                    self.moves(before, who, &fresh);
                }
            }
            Some(_) | None => self.tell(who, &Event::InvoiceUpserted(fresh)),
        }
        let touches = |fact: &&PaymentFact| fact.payment.allocations.iter().any(|part| part.invoice == id);
        let all = self.models.iter().flat_map(|facts| &facts.payments);
        let payments: Vec<PaymentId> = all.filter(touches).map(|fact| fact.payment.id.clone()).collect();
        for payment in payments {
            self.share(&payment);
        }
    }

    fn moves(&mut self, before: usize, who: usize, invoice: &Invoice) {
        let along = along(&self.models[before], &invoice.id);
        let alone = |fact: &&PaymentFact| {
            let parts = &fact.payment.allocations;
            !parts.is_empty() && parts.iter().all(|part| part.invoice == invoice.id)
        };
        let payments: Vec<Payment> = self.models[before].payments.iter().filter(alone).map(|fact| fact.payment.clone()).collect();
        for payment in payments {
            self.payment_moves(before, who, payment);
        }
        self.tell(who, &Event::InvoiceMovedHere { invoice: invoice.clone(), along });
        self.tell(before, &Event::InvoiceMovedAway(invoice.id.clone()));
    }

    fn payment_moves(&mut self, before: usize, who: usize, payment: Payment) {
        let id = payment.id.clone();
        let reversals: Vec<Reversal> =
            self.models[before].reversals.iter().filter(|reversal| reversal.payment == id).cloned().collect();
        // That it was received once comes along.
        let known = self.models[before].payments.iter().find(|fact| fact.payment.id == id).cloned();
        let received = known.and_then(|known| match known.payment.status {
            PaymentStatus::Received => Some(known.payment),
            _ => known.received_before,
        });
        self.tell(before, &Event::PaymentMovedAway(id));
        for payment in received.into_iter().chain([payment]) {
            self.tell(who, &Event::PaymentUpserted { payment, recorded_at: self.now });
        }
        for reversal in reversals {
            self.tell(who, &Event::ReversalUpserted(reversal));
        }
    }

    pub async fn payment(&mut self, step: Step) {
        let (who, n) = (step.who, step.which % 3);
        let parts = match step.how % 5 {
            0 => vec![],
            1 => vec![(step.which + 1) % 5],
            2 => vec![(step.which + 2) % 5, (step.which + 3) % 5],
            _ => vec![n],
        };
        let amount = [125_000, 50_000, 5_000][(step.how / 5) % 3];
        let allocation = |number: usize| Allocation { invoice: invoice_id(&format!("I{number}")), amount_minor: amount };
        let allocations: Vec<Allocation> = parts.into_iter().map(allocation).collect();
        let status = match step.how % 11 {
            0 => PaymentStatus::Pending,
            1 => PaymentStatus::Reversed,
            _ => PaymentStatus::Received,
        };
        let whole = allocations.iter().map(|part| part.amount_minor).sum::<i64>().max(amount);
        let fresh = Payment {
            source_version: self.version(step.which),
            status,
            amount_minor: whole + if step.how.is_multiple_of(7) { 3_000 } else { 0 },
            allocations,
            ..payment(&format!("P{n}"), 1, "I0")
        };
        self.apply(Document::Payment { customer: CustomerRef::Named(self.id(who)), payment: fresh.clone() }).await;
        match self.payment_of(&fresh.id) {
            Some((before, known)) if before != who => {
                if known.source_version < fresh.source_version {
                    self.payment_moves(before, who, fresh.clone());
                }
            }
            Some(_) | None => self.tell(who, &Event::PaymentUpserted { payment: fresh.clone(), recorded_at: self.now }),
        }
        self.share(&fresh.id);
    }

    /// Tells those whose invoices another customer's payment is for, and those whose it was for.
    fn share(&mut self, id: &PaymentId) {
        let Some((of, _)) = self.payment_of(id) else { return };
        let Some(fact) = self.models[of].payments.iter().find(|fact| fact.payment.id == *id).cloned() else { return };
        let mut reversals: Vec<Reversal> =
            self.models[of].reversals.iter().filter(|reversal| reversal.payment == *id).cloned().collect();
        reversals.sort_by(|a, b| a.external_id.cmp(&b.external_id));
        for who in 0..WHO.len() {
            let named = |invoice: &InvoiceId| self.owner_of_invoice(invoice) == Some(who);
            let wanted = who != of && fact.invoices().any(named);
            let key = (who, id.clone());
            let is_it = |fact: &&PaymentFact| fact.payment.id == *id;
            let known = self.models[who].shared.iter().find(is_it).cloned();
            let said = |fact: &PaymentFact| (fact.payment.clone(), fact.received_before.clone());
            let mut of_it: Vec<Reversal> =
                self.models[who].shared_reversals.iter().filter(|reversal| reversal.payment == *id).cloned().collect();
            of_it.sort_by(|a, b| a.external_id.cmp(&b.external_id));
            let same =
                known.as_ref().map(said) == Some(said(&fact)) && of_it == reversals && self.shared_of.get(&key) == Some(&of);
            if wanted && !same {
                let payment = PaymentFact { recorded_at: self.now, ..fact.clone() };
                self.tell(who, &Event::SharedUpserted { payment, reversals: reversals.clone() });
                self.shared_of.insert(key, of);
            } else if !wanted && known.is_some() {
                self.tell(who, &Event::SharedGone(id.clone()));
                self.shared_of.remove(&key);
            }
        }
    }

    pub async fn reversal(&mut self, step: Step) {
        let id = payment_id(&format!("P{}", step.which % 3));
        let Some((who, known)) = self.payment_of(&id) else { return };
        let fresh = Reversal {
            source_version: self.version(step.which),
            amount_minor: if step.how.is_multiple_of(2) { known.amount_minor } else { 2_000 },
            in_force: !step.how.is_multiple_of(5),
            kind: if step.how.is_multiple_of(3) { ReversalKind::Chargeback } else { ReversalKind::Refund },
            ..reversal(&format!("R{}", step.how % 2), &format!("P{}", step.which % 3))
        };
        self.apply(Document::Reversal(fresh.clone())).await;
        self.tell(who, &Event::ReversalUpserted(fresh));
        self.share(&id);
    }

    pub async fn heartbeat(&mut self) {
        self.apply(Document::Heartbeat(self.now)).await;
        self.tell_all(&Event::SourceHeard { source: "stripe".into(), at: self.now });
    }
}
