//! What becomes of orders, and the events that tell of it.

use jiff::Timestamp;
use serde_json::Value;

use super::{
    errors::PayPalRefusal,
    held::{Capture, CaptureStatus, Instrument, Order, TakenBack},
    wire,
};
use crate::{Outcome, PaymentDesk, PaymentEvent};

/// What a change is made with.
pub struct Pen<'a> {
    pub desk: &'a PaymentDesk,
    /// The double's own address, for links.
    pub base: &'a str,
    pub events: Vec<PaymentEvent>,
}

impl<'a> Pen<'a> {
    pub fn new(desk: &'a PaymentDesk, base: &'a str) -> Self {
        Self { desk, base, events: Vec::new() }
    }

    fn now(&self) -> Timestamp {
        self.desk.now()
    }

    fn tell(&mut self, order: &Order, kind: &str, resource_type: &str, resource: &Value) {
        let at = self.now();
        let event = format!("WH-{}-{}", self.desk.capital_id("", 17), self.desk.capital_id("", 17));
        let body = wire::event(&event, kind, at, (resource_type, resource), self.base).to_string().into();
        let (account, basket, kind) = (order.account.clone(), order.basket(), kind.to_owned());
        self.events.push(PaymentEvent { account, basket, event, kind, at, body });
    }

    fn tell_of_capture(&mut self, order: &Order, capture: &Capture, kind: &str) {
        let resource = wire::capture(order, capture, self.base);
        self.tell(order, kind, "capture", &resource);
    }

    /// Lets something happen to an order; says why it cannot.
    pub fn happen(&mut self, order: &mut Order, outcome: Outcome, amount: Option<i64>) -> Result<(), String> {
        if amount.is_some_and(|amount| amount <= 0) {
            return Err("amount_minor must be more than nothing".to_owned());
        }
        let is_open = order.capture.is_none() && !order.is_gone(self.now());
        let status = order.capture.as_ref().map(|capture| capture.status);
        let instrument = match outcome {
            Outcome::Paid => Some(Instrument::Pays),
            Outcome::Pending => Some(Instrument::Pends),
            Outcome::Failed => Some(Instrument::Declines),
            Outcome::Succeeded | Outcome::Refunded | Outcome::ChargedBack | Outcome::Expired => None,
        };
        match (outcome, status, instrument) {
            (_, None, Some(instrument)) if is_open => {
                order.other_amount = amount;
                self.approve(order, instrument);
                Ok(())
            }
            (Outcome::Expired, None, _) if is_open => {
                order.ended = true;
                Ok(())
            }
            (Outcome::Paid | Outcome::Succeeded, Some(CaptureStatus::Pending), _) => {
                self.settle(order, CaptureStatus::Completed, amount, "PAYMENT.CAPTURE.COMPLETED");
                Ok(())
            }
            (Outcome::Failed, Some(CaptureStatus::Pending), _) => {
                self.settle(order, CaptureStatus::Declined, None, "PAYMENT.CAPTURE.DENIED");
                Ok(())
            }
            (Outcome::Refunded | Outcome::ChargedBack, Some(CaptureStatus::Completed), _) => {
                let amount = amount.unwrap_or_else(|| order.left());
                let taken = self.take_back(order, amount, outcome == Outcome::ChargedBack, &Value::Null);
                let too_much = |_| format!("{} minor units are neither refunded nor reversed: name 1 to as many", order.left());
                taken.map(drop).map_err(too_much)
            }
            (outcome, _, _) => {
                let gone = if order.is_gone(self.now()) { ", and its time is up" } else { "" };
                let status = status.map_or_else(|| order.status().to_owned(), |status| format!("captured: {status:?}"));
                Err(format!("the order {} is {status}{gone}: it cannot be {}", order.id, outcome.word()))
            }
        }
    }

    /// The payer approves to pay with something, or with something else than before.
    pub fn approve(&mut self, order: &mut Order, instrument: Instrument) {
        let now = self.now();
        let before = order.approved.replace((instrument, now));
        order.updated = now;
        if before.is_none() {
            let resource = wire::order(order, self.base, true);
            self.tell(order, "CHECKOUT.ORDER.APPROVED", "checkout-order", &resource);
        }
    }

    fn settle(&mut self, order: &mut Order, status: CaptureStatus, amount: Option<i64>, kind: &str) {
        let now = self.now();
        let Some(capture) = order.capture.as_mut() else { return };
        capture.status = status;
        capture.amount = amount.unwrap_or(capture.amount);
        capture.updated = now;
        let capture = capture.clone();
        self.tell_of_capture(order, &capture, kind);
    }

    /// Takes the money of an approved order.
    pub fn capture(&mut self, order: &mut Order) -> Result<(), PayPalRefusal> {
        if order.capture.is_some() {
            return Err(PayPalRefusal::impossible("ORDER_ALREADY_CAPTURED", ""));
        }
        let (status, kind) = match order.approved {
            None => return Err(PayPalRefusal::impossible("ORDER_NOT_APPROVED", "")),
            Some((Instrument::Declines, _)) => {
                // The payer may approve another.
                order.approved = None;
                return Err(PayPalRefusal::impossible("INSTRUMENT_DECLINED", ""));
            }
            Some((Instrument::Pays, _)) => (CaptureStatus::Completed, "PAYMENT.CAPTURE.COMPLETED"),
            Some((Instrument::Pends, _)) => (CaptureStatus::Pending, "PAYMENT.CAPTURE.PENDING"),
        };
        let now = self.now();
        let amount = order.other_amount.unwrap_or(order.amount);
        let capture = Capture { id: self.desk.capital_id("", 17), status, amount, at: now, updated: now };
        order.capture = Some(capture.clone());
        order.updated = now;
        self.tell_of_capture(order, &capture, kind);
        Ok(())
    }

    /// Gives money back, or has it taken back.
    pub fn take_back(
        &mut self,
        order: &mut Order,
        amount: i64,
        is_reversal: bool,
        params: &Value,
    ) -> Result<TakenBack, PayPalRefusal> {
        let left = order.left();
        if left == 0 {
            return Err(PayPalRefusal::impossible("CAPTURE_FULLY_REFUNDED", ""));
        }
        if amount <= 0 || amount > left {
            return Err(PayPalRefusal::impossible("REFUND_AMOUNT_EXCEEDED", "/amount/value"));
        }
        let id = self.desk.capital_id("", 17);
        let taken = TakenBack { id, amount, at: self.now(), is_reversal, params: params.clone() };
        order.taken_back.push(taken.clone());
        let resource = wire::refund(order, &taken, self.base);
        let kind = if is_reversal { "PAYMENT.CAPTURE.REVERSED" } else { "PAYMENT.CAPTURE.REFUNDED" };
        self.tell(order, kind, "refund", &resource);
        Ok(taken)
    }
}
