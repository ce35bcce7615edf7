//! What becomes of sessions, and the events that tell of it.

use serde_json::{Value, json};

use super::{
    errors::Refusal,
    held::{Session, Status, TakenBack},
    wire,
};
use crate::{Outcome, PaymentDesk, PaymentEvent};

/// What a change is made with.
pub struct Pen<'a> {
    pub desk: &'a PaymentDesk,
    pub events: Vec<PaymentEvent>,
}

impl<'a> Pen<'a> {
    pub fn new(desk: &'a PaymentDesk) -> Self {
        Self { desk, events: Vec::new() }
    }

    fn tell(&mut self, session: &Session, kind: &str, about: &Value) {
        let at = self.desk.now();
        let event = self.desk.id("evt_", 24);
        let body = wire::event(&event, kind, &session.version, at, about).to_string().into();
        let (account, basket, kind) = (session.account.clone(), session.basket(), kind.to_owned());
        self.events.push(PaymentEvent { account, basket, event, kind, at, body });
    }

    fn tell_of_session(&mut self, session: &Session, kind: &str) {
        let about = wire::session(session);
        self.tell(session, kind, &about);
    }

    fn tell_of_intent(&mut self, session: &Session, kind: &str) {
        let about = wire::payment_intent(session);
        self.tell(session, kind, &about);
    }

    /// Lets something happen to a session; says why it cannot.
    pub fn happen(&mut self, session: &mut Session, outcome: Outcome, amount: Option<i64>) -> Result<(), String> {
        if amount.is_some_and(|amount| amount <= 0) {
            return Err("amount_minor must be more than nothing".to_owned());
        }
        let is_debit = |method: &&String| method.as_str() != "card";
        let methods = &session.asked.methods;
        match (outcome, session.status, session.received > 0) {
            (Outcome::Paid, Status::Open, _) => {
                let method = methods.iter().find(|method| !is_debit(method)).or(methods.first()).cloned();
                self.pay(session, method, amount);
                Ok(())
            }
            (Outcome::Pending, Status::Open, _) => {
                let method = methods.iter().find(is_debit).or(methods.first()).cloned();
                session.other_amount = amount;
                self.submit(session, method);
                Ok(())
            }
            (Outcome::Paid | Outcome::Succeeded, Status::Complete, false) if session.failure.is_none() => {
                session.other_amount = amount.or(session.other_amount);
                session.received = session.amount_total();
                self.tell_of_intent(session, "payment_intent.succeeded");
                self.tell_of_session(session, "checkout.session.async_payment_succeeded");
                Ok(())
            }
            (Outcome::Failed, Status::Open, _) => {
                let method = methods.first().cloned();
                self.intend(session, method);
                session.failure = Some("card_declined".to_owned());
                self.tell_of_intent(session, "payment_intent.payment_failed");
                Ok(())
            }
            (Outcome::Failed, Status::Complete, false) if session.failure.is_none() => {
                session.failure = Some("insufficient_funds".to_owned());
                self.tell_of_intent(session, "payment_intent.payment_failed");
                self.tell_of_session(session, "checkout.session.async_payment_failed");
                Ok(())
            }
            (Outcome::Refunded, _, true) => {
                let amount = amount.unwrap_or_else(|| session.left());
                self.refund(session, amount, &json!({})).map(drop).map_err(|_| too_much(session.left()))
            }
            (Outcome::ChargedBack, _, true) => self.dispute(session, amount),
            (Outcome::Expired, Status::Open, _) => {
                self.expire(session);
                Ok(())
            }
            (outcome, status, paid) => {
                let paid = if paid { ", paid" } else { ", not paid" };
                Err(format!("the checkout session {} is {}{paid}: it cannot be {}", session.id, status.word(), outcome.word()))
            }
        }
    }

    fn intend(&mut self, session: &mut Session, method: Option<String>) {
        session.intent.get_or_insert_with(|| self.desk.id("pi_", 24));
        session.charge.get_or_insert_with(|| self.desk.id("ch_", 24));
        session.method = method;
        session.failure = None;
    }

    /// The payer pays at once.
    fn pay(&mut self, session: &mut Session, method: Option<String>, amount: Option<i64>) {
        self.intend(session, method);
        session.other_amount = amount;
        session.received = session.amount_total();
        session.status = Status::Complete;
        self.tell_of_intent(session, "payment_intent.succeeded");
        self.tell_of_session(session, "checkout.session.completed");
    }

    /// The payer does their part; the money is on its way.
    fn submit(&mut self, session: &mut Session, method: Option<String>) {
        self.intend(session, method);
        session.status = Status::Complete;
        self.tell_of_intent(session, "payment_intent.processing");
        self.tell_of_session(session, "checkout.session.completed");
    }

    /// A payer presses a button of the page.
    pub fn press(&mut self, session: &mut Session, method: &str) {
        let method = session.asked.methods.iter().find(|one| *one == method).cloned();
        match method.as_deref() {
            None => {}
            Some("card") => self.pay(session, method, None),
            Some(_) => self.submit(session, method),
        }
    }

    pub fn expire(&mut self, session: &mut Session) {
        session.status = Status::Expired;
        self.tell_of_session(session, "checkout.session.expired");
    }

    /// Gives money back.
    pub fn refund(&mut self, session: &mut Session, amount: i64, params: &Value) -> Result<TakenBack, Refusal> {
        let left = session.left();
        if left == 0 {
            let message = format!("Charge {} has already been refunded.", session.charge.as_deref().unwrap_or_default());
            return Err(Refusal::of("", Some("charge_already_refunded"), message));
        }
        if amount <= 0 || amount > left {
            let message = format!("Refund amount ({amount}) is greater than unrefunded amount on charge ({left})");
            return Err(Refusal::of("amount", None, message));
        }
        let id = self.desk.id("re_", 24);
        let refund = TakenBack { id, amount, at: self.desk.now(), is_dispute: false, params: params.clone() };
        session.taken_back.push(refund.clone());
        let about = wire::refund(session, &refund);
        self.tell(session, "refund.created", &about);
        let charge = wire::charge(session);
        self.tell(session, "charge.refunded", &charge);
        Ok(refund)
    }

    fn dispute(&mut self, session: &mut Session, amount: Option<i64>) -> Result<(), String> {
        let left = session.left();
        let amount = amount.unwrap_or(left);
        if left == 0 || amount > left {
            return Err(too_much(left));
        }
        let id = self.desk.id("du_", 24);
        let dispute = TakenBack { id, amount, at: self.desk.now(), is_dispute: true, params: Value::Null };
        session.taken_back.push(dispute.clone());
        let about = wire::dispute(session, &dispute);
        self.tell(session, "charge.dispute.created", &about);
        self.tell(session, "charge.dispute.funds_withdrawn", &about);
        Ok(())
    }
}

fn too_much(left: i64) -> String {
    format!("{left} minor units are neither refunded nor charged back: name 1 to as many")
}
