//! What people do with agreements.

use jiff::Timestamp;

use super::{
    Agreement, Dispute, DisputeStatus, MoneyOnItsWay, MoneyStatus, Pause, PauseStatus, PaymentPlan, PlanStatus, Promise,
    PromiseStatus, Stood, Terms,
};

/// What a person does with an agreement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AgreementAct {
    /// What was promised or on its way came.
    Keep,
    /// It does not hold any more, or never will.
    Cancel,
    /// The customer is right: about all of it, or about so much.
    Uphold {
        /// Minor units; all of it when `None`.
        amount_minor: Option<i64>,
    },
    /// The customer is wrong.
    Reject,
    /// The customer took it back.
    Withdraw,
    /// It keeps nothing back any more.
    Release,
}

/// Why a person cannot do that with an agreement.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ActError {
    /// It is for other kinds.
    #[error("{0} is not for a {1}")]
    OtherKind(&'static str, String),
    /// It is over already.
    #[error("it is {0} already")]
    Over(String),
    /// More is upheld than is contested, or nothing.
    #[error("what is upheld is above zero and no more than what is contested")]
    Amount,
}

impl AgreementAct {
    /// The text form.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Cancel => "cancel",
            Self::Uphold { .. } => "uphold",
            Self::Reject => "reject",
            Self::Withdraw => "withdraw",
            Self::Release => "release",
        }
    }
}

impl Agreement {
    /// The agreement after a person did something with it; `of` is how its invoices stand now. Doing again what was done changes
    /// nothing.
    ///
    /// # Errors
    ///
    /// [`ActError`] when that is for other kinds, or comes too late.
    pub fn act(self, act: &AgreementAct, of: Vec<Stood>, now: Timestamp) -> Result<Self, ActError> {
        let (over, status) = (self.is_over(), self.status().to_owned());
        let once = |same: bool, agreement: Self, terms: Terms, ends: bool| {
            if same {
                Ok(agreement)
            } else if over {
                Err(ActError::Over(status.clone()))
            } else {
                Ok(agreement.with(terms, ends, now))
            }
        };
        match (act, self.terms.clone()) {
            (AgreementAct::Keep, Terms::Promise(promise)) => {
                let same = promise.status == PromiseStatus::Kept;
                once(same, self, Terms::Promise(Promise { status: PromiseStatus::Kept, ..promise }), true)
            }
            (AgreementAct::Keep, Terms::Money(money)) => {
                let same = money.status == MoneyStatus::Arrived;
                once(same, self, Terms::Money(MoneyOnItsWay { status: MoneyStatus::Arrived, ..money }), true)
            }
            (AgreementAct::Cancel, Terms::Promise(promise)) => {
                let same = promise.status == PromiseStatus::Cancelled;
                once(same, self, Terms::Promise(Promise { status: PromiseStatus::Cancelled, ..promise }), true)
            }
            (AgreementAct::Cancel, Terms::Plan(plan)) => {
                let same = plan.status == PlanStatus::Cancelled;
                once(same, self, Terms::Plan(PaymentPlan { status: PlanStatus::Cancelled, ..plan }), true)
            }
            (AgreementAct::Cancel, Terms::Money(money)) => {
                let same = money.status == MoneyStatus::Failed;
                once(same, self, Terms::Money(MoneyOnItsWay { status: MoneyStatus::Failed, ..money }), true)
            }
            (AgreementAct::Uphold { amount_minor }, Terms::Dispute(dispute)) => {
                let contested = self.amount_minor.unwrap_or_else(|| dispute.of.iter().map(|stood| stood.open_minor).sum());
                if amount_minor.is_some_and(|minor| minor <= 0 || minor > contested) {
                    return Err(ActError::Amount);
                }
                let upheld_minor = amount_minor.filter(|minor| *minor < contested);
                let status = if upheld_minor.is_some() { DisputeStatus::PartlyUpheld } else { DisputeStatus::Upheld };
                let same = dispute.status == status && dispute.upheld_minor == upheld_minor;
                // Kept back from here on until the books say so, whatever last day somebody named while it was open.
                let agreement = if same { self } else { Self { until_on: None, ended_at: None, ..self } };
                once(same, agreement, Terms::Dispute(Dispute { status, upheld_minor, of, ..dispute }), false)
            }
            (AgreementAct::Reject, Terms::Dispute(dispute)) => {
                let same = dispute.status == DisputeStatus::Rejected;
                once(same, self, Terms::Dispute(Dispute { status: DisputeStatus::Rejected, ..dispute }), true)
            }
            (AgreementAct::Withdraw, Terms::Dispute(dispute)) => {
                let same = dispute.status == DisputeStatus::Withdrawn;
                once(same, self, Terms::Dispute(Dispute { status: DisputeStatus::Withdrawn, ..dispute }), true)
            }
            (AgreementAct::Release, Terms::Pause(pause)) => {
                let same = pause.status == PauseStatus::Ended;
                once(same, self, Terms::Pause(Pause { status: PauseStatus::Ended, ..pause }), true)
            }
            // What was decided stays decided; it only keeps nothing back any more.
            (AgreementAct::Release, terms @ (Terms::Dispute(_) | Terms::Later(_)))
                if over || matches!(terms, Terms::Later(_)) =>
            {
                Ok(Self { ended_at: self.ended_at.or(Some(now)), ..self })
            }
            (act, _) => Err(ActError::OtherKind(act.as_str(), self.kind().to_owned())),
        }
    }

    /// The agreement that keeps nothing back any more, by the word that its kind has for that: what lifting its hold does.
    pub fn lifted(self, now: Timestamp) -> Self {
        if self.ended_at.is_some() {
            return self;
        }
        let over = self.is_over();
        let lifted = match self.terms.clone() {
            _ if over => self.clone(),
            Terms::Promise(promise) => {
                self.clone().with(Terms::Promise(Promise { status: PromiseStatus::Cancelled, ..promise }), true, now)
            }
            Terms::Dispute(dispute) => {
                self.clone().with(Terms::Dispute(Dispute { status: DisputeStatus::Withdrawn, ..dispute }), true, now)
            }
            Terms::Plan(plan) => self.clone().with(Terms::Plan(PaymentPlan { status: PlanStatus::Cancelled, ..plan }), true, now),
            Terms::Pause(pause) => self.clone().with(Terms::Pause(Pause { status: PauseStatus::Ended, ..pause }), true, now),
            Terms::Money(money) => {
                self.clone().with(Terms::Money(MoneyOnItsWay { status: MoneyStatus::Failed, ..money }), true, now)
            }
            Terms::Later(_) => self.clone(),
        };
        Self { ended_at: Some(now), ..lifted }
    }
}
