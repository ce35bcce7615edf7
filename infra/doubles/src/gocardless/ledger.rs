//! What becomes of billing requests and payments, and the events that tell of it.

use serde_json::{Value, json};

use super::{
    errors::GoCardlessRefusal,
    held::{BillingRequest, Payment, PaymentStatus, Refund, RequestStatus, charge_date, debit_scheme},
    wire::{self, Cause},
};
use crate::{Outcome, PaymentDesk, PaymentEvent};

/// What a change is made with.
pub struct Pen<'a> {
    pub desk: &'a PaymentDesk,
    pub events: Vec<PaymentEvent>,
}

/// How a payer's bank pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bank {
    /// At once.
    Instantly,
    /// By debit, in some days.
    ByDebit,
}

impl<'a> Pen<'a> {
    pub fn new(desk: &'a PaymentDesk) -> Self {
        Self { desk, events: Vec::new() }
    }

    fn tell(&mut self, account: &str, basket: &str, kind: (&str, &str), event: impl FnOnce(&str) -> Value) {
        let id = self.desk.capital_id("EV", 13);
        let webhook = self.desk.capital_id("WB", 13);
        let body = json!({"events": [event(&id)], "meta": {"webhook_id": webhook}}).to_string().into();
        let (account, basket, kind) = (account.to_owned(), basket.to_owned(), format!("{}.{}", kind.0, kind.1));
        self.events.push(PaymentEvent { account, basket, event: id, kind, at: self.desk.now(), body });
    }

    pub fn tell_of_request(&mut self, request: &BillingRequest, action: &str) {
        let at = self.desk.now();
        let (cause, description) = (format!("billing_request_{action}"), format!("This billing request is {action}."));
        let why = Cause { origin: "api", cause: &cause, description: &description, scheme: None, reason_code: None };
        let of = [
            ("billing_request", Some(request.id.as_str())),
            ("billing_request_flow", request.flows.last().map(|flow| flow.id.as_str())),
            ("customer", Some(request.customer.as_str())),
            ("mandate_request_mandate", request.mandate.as_deref()),
            ("payment_request_payment", request.payment.as_deref()),
        ];
        let kind = ("billing_requests", action);
        self.tell(&request.account, &request.basket(), kind, |id| wire::event(id, at, kind, of, &why, &request.body["metadata"]));
    }

    fn tell_of_payment(&mut self, payment: &Payment, action: &str, origin: &str, cause: &str, reason_code: Option<&str>) {
        let at = self.desk.now();
        let description = format!("This payment is {}.", action.replace('_', " "));
        let scheme = Some(payment.scheme.as_str());
        let why = Cause { origin, cause, description: &description, scheme, reason_code };
        let of = [("payment", Some(payment.id.as_str())), ("mandate", payment.mandate.as_deref())];
        let kind = ("payments", action);
        self.tell(&payment.account, &payment.basket, kind, |id| wire::event(id, at, kind, of, &why, &payment.metadata));
    }

    /// The payer does their part: what was asked is made.
    pub fn fulfil(&mut self, request: &mut BillingRequest, bank: Bank, amount: Option<i64>) -> Option<Payment> {
        let now = self.desk.now();
        let by_debit = bank == Bank::ByDebit;
        request.status = RequestStatus::Fulfilled;
        request.fell_back = by_debit && request.has_payment();
        if request.has_mandate() || request.fell_back {
            request.mandate = Some(self.desk.capital_id("MD", 13));
        }
        let asked = request.body["payment_request"].clone();
        let currency = request.currency();
        let payment = request.has_payment().then(|| Payment {
            account: request.account.clone(),
            id: self.desk.capital_id("PM", 13),
            amount: amount.unwrap_or_else(|| request.amount()),
            description: asked["description"].clone(),
            reference: asked["reference"].clone(),
            metadata: asked["metadata"].clone(),
            mandate: request.mandate.clone().filter(|_| by_debit),
            scheme: match (by_debit, currency.as_str()) {
                (true, currency) => debit_scheme(currency).to_owned(),
                (false, "GBP") => "faster_payments".to_owned(),
                (false, _) => "sepa_instant_credit_transfer".to_owned(),
            },
            currency,
            created: now,
            charge_date: charge_date(now, by_debit),
            status: if by_debit { PaymentStatus::Submitted } else { PaymentStatus::Confirmed },
            basket: request.basket(),
            refunds: Vec::new(),
        });
        request.payment = payment.as_ref().map(|payment| payment.id.clone());
        self.tell_of_request(request, "fulfilled");
        let payment = payment?;
        self.tell_of_payment(&payment, "created", "api", "payment_created", None);
        let (action, cause) = if by_debit { ("submitted", "payment_submitted") } else { ("confirmed", "payment_confirmed") };
        self.tell_of_payment(&payment, action, "gocardless", cause, None);
        Some(payment)
    }

    /// Tells that a payment was made on a mandate.
    pub fn made(&mut self, payment: &Payment) {
        self.tell_of_payment(payment, "created", "api", "payment_created", None);
    }

    pub fn cancel_request(&mut self, request: &mut BillingRequest) {
        request.status = RequestStatus::Cancelled;
        self.tell_of_request(request, "cancelled");
    }

    pub fn cancel_payment(&mut self, payment: &mut Payment) {
        payment.status = PaymentStatus::Cancelled;
        self.tell_of_payment(payment, "cancelled", "api", "payment_cancelled", None);
    }

    /// Lets something happen to a billing request that nobody fulfilled; says why it cannot.
    pub fn happen_to_request(
        &mut self,
        request: &mut BillingRequest,
        outcome: Outcome,
        amount: Option<i64>,
    ) -> Result<Option<Payment>, String> {
        let is_pending = request.status == RequestStatus::Pending;
        match outcome {
            Outcome::Paid if is_pending && request.has_payment() => Ok(self.fulfil(request, Bank::Instantly, amount)),
            Outcome::Pending if is_pending && (request.can_fall_back() || !request.has_payment()) => {
                Ok(self.fulfil(request, Bank::ByDebit, amount))
            }
            Outcome::Failed if is_pending => {
                self.tell_of_request(request, "failed");
                Ok(None)
            }
            Outcome::Expired if is_pending => {
                self.cancel_request(request);
                Ok(None)
            }
            Outcome::Paid
            | Outcome::Pending
            | Outcome::Succeeded
            | Outcome::Failed
            | Outcome::Refunded
            | Outcome::ChargedBack
            | Outcome::Expired => {
                Err(format!("the billing request {} is {}: it cannot be {}", request.id, request.status.word(), outcome.word()))
            }
        }
    }

    /// Lets something happen to a payment; says why it cannot.
    pub fn happen_to_payment(&mut self, payment: &mut Payment, outcome: Outcome, amount: Option<i64>) -> Result<(), String> {
        let is_on_its_way = [PaymentStatus::PendingSubmission, PaymentStatus::Submitted].contains(&payment.status);
        let is_confirmed = payment.status == PaymentStatus::Confirmed;
        match outcome {
            Outcome::Paid | Outcome::Succeeded if is_on_its_way => {
                payment.amount = amount.unwrap_or(payment.amount);
                payment.status = PaymentStatus::Confirmed;
                self.tell_of_payment(payment, "confirmed", "gocardless", "payment_confirmed", None);
                Ok(())
            }
            Outcome::Pending if payment.status == PaymentStatus::PendingSubmission => {
                payment.status = PaymentStatus::Submitted;
                self.tell_of_payment(payment, "submitted", "gocardless", "payment_submitted", None);
                Ok(())
            }
            Outcome::Failed if is_on_its_way || (is_confirmed && payment.refunds.is_empty()) => {
                payment.status = PaymentStatus::Failed;
                self.tell_of_payment(payment, "failed", "bank", "refer_to_payer", Some("ARUDD-0"));
                if is_confirmed {
                    self.tell_of_payment(payment, "late_failure_settled", "gocardless", "late_failure_settled", None);
                }
                Ok(())
            }
            Outcome::Refunded if is_confirmed => {
                let left = payment.amount - payment.refunded();
                let amount = amount.unwrap_or(left);
                let refund = self.refund(payment, amount, &json!({}));
                refund.map(drop).map_err(|_| format!("{left} minor units are not refunded: name 1 to as many"))
            }
            Outcome::ChargedBack if is_confirmed && payment.refunds.is_empty() => {
                if amount.is_some_and(|amount| amount != payment.amount) {
                    return Err(format!("a debit is charged back as a whole: {} minor units", payment.amount));
                }
                payment.status = PaymentStatus::ChargedBack;
                self.tell_of_payment(payment, "charged_back", "bank", "authorisation_disputed", Some("DDICA-5"));
                Ok(())
            }
            Outcome::Paid
            | Outcome::Pending
            | Outcome::Succeeded
            | Outcome::Failed
            | Outcome::Refunded
            | Outcome::ChargedBack
            | Outcome::Expired => {
                Err(format!("the payment {} is {}: it cannot be {}", payment.id, payment.status.word(), outcome.word()))
            }
        }
    }

    /// Gives money back.
    pub fn refund(&mut self, payment: &mut Payment, amount: i64, body: &Value) -> Result<Refund, GoCardlessRefusal> {
        if payment.status != PaymentStatus::Confirmed {
            let message = "The payment has not been confirmed, or its money was taken back";
            return Err(GoCardlessRefusal::impossible("refund_payment_invalid_state", message));
        }
        if amount <= 0 || amount > payment.amount - payment.refunded() {
            let message = "must not be more than what is left of the payment";
            return Err(GoCardlessRefusal::invalid("refunds", "amount", message));
        }
        let at = self.desk.now();
        let refund = Refund { id: self.desk.capital_id("RF", 13), amount, created: at, body: body.clone() };
        payment.refunds.push(refund.clone());
        let description = "The refund has been created.";
        let why = Cause { origin: "api", cause: "refund_created", description, scheme: None, reason_code: None };
        let of = [("refund", Some(refund.id.as_str()))];
        let kind = ("refunds", "created");
        self.tell(&payment.account, &payment.basket, kind, |id| wire::event(id, at, kind, of, &why, &body["metadata"]));
        Ok(refund)
    }
}
