//! How a basket ends at its provider, whoever gives it up: requests go out as data, answers come in as data.
//!
//! | the provider | then |
//! |---|---|
//! | ended it, or does not know it | nobody pays it any more |
//! | has no call that ends it | it is asked how the payment stands |
//! | refuses | it is asked as well, and must say something of the payment: otherwise it may still be paid |

use bytes::Bytes;
use domain::{PaymentId, ProviderSaid};
use http::{Request, Response};
use jiff::Timestamp;

use crate::{PaymentProvider, PaymentQuestion, ProviderAccess, ProviderObject, ProviderTrouble};

/// Questions that one ending may lead to.
const QUESTIONS_MAX: usize = 10;

/// A basket that is being ended at its provider: send what [`BasketEnding::request`] gives and hand its answer to [`BasketEnding::hear`],
/// until there is no request. Then nobody pays the basket any more, or what was said tells how far its payer came.
pub struct BasketEnding {
    provider: &'static dyn PaymentProvider,
    /// How the payment stands: what the answer to `end` is read as.
    standing: PaymentQuestion,
    /// The request that ends it, until it is sent.
    end: Option<Request<Bytes>>,
    /// What is to be asked, the next one last.
    open: Vec<PaymentQuestion>,
    waits_for: Option<WaitsFor>,
    asked: usize,
    was_refused: bool,
    has_said: bool,
}

/// Which answer is waited for.
enum WaitsFor {
    End,
    Question(PaymentQuestion),
}

/// Why it is not known that a basket ended: it may still be paid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotEnded {
    /// The provider's answer does not lead on.
    #[error(transparent)]
    Trouble(#[from] ProviderTrouble),
    /// No request can be made with an id that the provider gave.
    #[error("the provider cannot be asked by the id that it gave")]
    NotAsked,
    /// Each answer raises further questions.
    #[error("the provider's answers lead to more questions than are asked at once")]
    TooMany,
    /// The provider refused to end it, and says neither that it was paid nor that it ended.
    #[error("the provider did not end it and does not say yet what became of it; try again later")]
    Unsaid,
}

impl BasketEnding {
    /// Begins to end what the provider calls `provider_id`; `None` where nobody can be asked.
    pub fn begin(
        provider: &'static dyn PaymentProvider,
        access: &ProviderAccess<'_>,
        basket: &PaymentId,
        provider_id: &str,
        now: Timestamp,
    ) -> Option<Self> {
        let standing = provider.look_up(basket, provider_id, now)?;
        let end = provider.expire(access, basket, provider_id);
        let open = if end.is_some() { Vec::new() } else { vec![standing.clone()] };
        Some(Self { provider, standing, end, open, waits_for: None, asked: 0, was_refused: false, has_said: false })
    }

    /// The next request; `None` once nothing is left to ask.
    ///
    /// # Errors
    ///
    /// [`NotEnded`], but for [`NotEnded::Trouble`].
    pub fn request(&mut self, access: &ProviderAccess<'_>) -> Result<Option<Request<Bytes>>, NotEnded> {
        if let Some(end) = self.end.take() {
            self.waits_for = Some(WaitsFor::End);
            return Ok(Some(end));
        }
        let Some(question) = self.open.pop() else {
            return if self.was_refused && !self.has_said { Err(NotEnded::Unsaid) } else { Ok(None) };
        };
        if self.asked == QUESTIONS_MAX {
            return Err(NotEnded::TooMany);
        }
        self.asked += 1;
        let request = self.provider.ask(access, &question).ok_or(NotEnded::NotAsked)?;
        self.waits_for = Some(WaitsFor::Question(question));
        Ok(Some(request))
    }

    /// What the answer to the last request says of the basket.
    ///
    /// # Errors
    ///
    /// [`NotEnded::Trouble`].
    pub fn hear(&mut self, answer: &Response<Bytes>) -> Result<Vec<ProviderSaid>, NotEnded> {
        let (question, is_end) = match self.waits_for.take() {
            None => return Ok(Vec::new()),
            Some(WaitsFor::End) => (self.standing.clone(), true),
            Some(WaitsFor::Question(question)) => (question, false),
        };
        match self.provider.answered(&question, answer) {
            Ok(heard) => {
                self.has_said |= !heard.said.is_empty();
                self.open.extend(heard.questions);
                Ok(heard.said)
            }
            // It is being paid, was, or had ended before: it says which.
            Err(ProviderTrouble::Refused { .. }) if is_end => {
                self.was_refused = true;
                self.open.push(question);
                Ok(Vec::new())
            }
            // Nobody pays what its provider does not know.
            Err(ProviderTrouble::Unknown) if question.object == ProviderObject::Begun => {
                self.was_refused = false;
                Ok(Vec::new())
            }
            Err(
                trouble @ (ProviderTrouble::SignIn { .. }
                | ProviderTrouble::Throttled { .. }
                | ProviderTrouble::Unavailable { .. }
                | ProviderTrouble::Refused { .. }
                | ProviderTrouble::Unknown
                | ProviderTrouble::Unreadable(_)),
            ) => Err(NotEnded::Trouble(trouble)),
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::ProviderOutcome;
    use http::StatusCode;
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        ProviderSecret, ProviderSite, gocardless::GoCardless, paypal::PayPal, stripe::StripeCheckout, transfer::BankTransfer,
    };

    fn basket() -> PaymentId {
        PaymentId::of_basket(&["b"])
    }

    fn begin(provider: &'static dyn PaymentProvider, access: &ProviderAccess<'_>) -> Option<BasketEnding> {
        BasketEnding::begin(provider, access, &basket(), "id1", Timestamp::UNIX_EPOCH)
    }

    /// What a provider is asked that gives these answers, and what comes of it.
    fn run(
        provider: &'static dyn PaymentProvider,
        answers: &[(StatusCode, Value)],
    ) -> (Vec<String>, Result<Vec<ProviderOutcome>, NotEnded>) {
        let bearer = ProviderSecret::new("key");
        let access = ProviderAccess { site: ProviderSite { is_test: true, base: None }, bearer: &bearer };
        let mut ending = begin(provider, &access).expect("somebody can be asked");
        let (mut asked, mut said, mut answers) = (Vec::new(), Vec::new(), answers.iter());
        let came = loop {
            let request = match ending.request(&access) {
                Ok(Some(request)) => request,
                Ok(None) => break Ok(said),
                Err(why) => break Err(why),
            };
            asked.push(format!("{} {}", request.method(), request.uri().path()));
            let (status, body) = answers.next().expect("an answer to each request");
            let mut answer = Response::new(Bytes::from(body.to_string()));
            *answer.status_mut() = *status;
            match ending.hear(&answer) {
                Ok(more) => said.extend(more.into_iter().map(|one| one.what)),
                Err(why) => break Err(why),
            }
        };
        assert!(answers.next().is_none(), "{asked:?}");
        (asked, came)
    }

    const END: &str = "POST /v1/checkout/sessions/id1/expire";
    const LOOK_UP: &str = "GET /v1/checkout/sessions/id1";

    fn session(status: &str, payment_status: &str) -> Value {
        json!({
            "id": "id1", "client_reference_id": basket().as_str(), "status": status, "payment_status": payment_status, "expires_at": 1,
            "amount_total": 1250, "currency": "eur", "payment_intent": "pi_1", "payment_method_types": ["card"],
        })
    }

    #[test]
    fn a_basket_ends_or_its_provider_says_what_became_of_it() {
        let (asked, came) = run(&StripeCheckout, &[(StatusCode::OK, session("expired", "unpaid"))]);
        assert_eq!((asked, came), (vec![END.to_owned()], Ok(vec![ProviderOutcome::Expired])));
        let (asked, came) = run(&StripeCheckout, &[(StatusCode::NOT_FOUND, json!({}))]);
        assert_eq!((asked, came), (vec![END.to_owned()], Ok(vec![])));
        let refused = (StatusCode::BAD_REQUEST, json!({}));
        let (asked, came) = run(&StripeCheckout, &[refused.clone(), (StatusCode::OK, session("complete", "paid"))]);
        assert_eq!(asked, [END, LOOK_UP]);
        assert!(matches!(came.as_deref(), Ok([ProviderOutcome::Received { .. }])), "{came:?}");
        let (_, came) = run(&StripeCheckout, &[refused.clone(), (StatusCode::OK, session("open", "unpaid"))]);
        assert_eq!(came, Err(NotEnded::Unsaid), "it may still be paid");
        let being_paid =
            json!({"billing_requests": {"id": "id1", "status": "fulfilling", "metadata": {"basket": basket().as_str()}}});
        let (_, came) = run(&GoCardless, &[refused.clone(), (StatusCode::OK, being_paid)]);
        assert_eq!(came, Err(NotEnded::Unsaid), "its payment is being made");
        let (_, came) = run(&StripeCheckout, &[refused.clone(), refused]);
        assert!(matches!(came, Err(NotEnded::Trouble(ProviderTrouble::Refused { .. }))), "{came:?}");
        let (_, came) = run(&StripeCheckout, &[(StatusCode::SERVICE_UNAVAILABLE, json!({}))]);
        assert_eq!(came, Err(NotEnded::Trouble(ProviderTrouble::Unavailable { status: 503 })));
    }

    #[test]
    fn what_no_call_ends_is_looked_up() {
        let order = |status: &str| json!({"id": "id1", "status": status, "purchase_units": [{"custom_id": basket().as_str()}]});
        for (answer, expected) in [
            ((StatusCode::OK, order("CREATED")), Ok(vec![])),
            ((StatusCode::OK, order("APPROVED")), Ok(vec![ProviderOutcome::Approved])),
            ((StatusCode::NOT_FOUND, json!({})), Ok(vec![])),
            ((StatusCode::UNAUTHORIZED, json!({})), Err(NotEnded::Trouble(ProviderTrouble::SignIn { status: 401 }))),
        ] {
            let (asked, came) = run(&PayPal, &[answer]);
            assert_eq!((asked, came), (vec!["GET /v2/checkout/orders/id1".to_owned()], expected));
        }
        let bearer = ProviderSecret::new("");
        let access = ProviderAccess { site: ProviderSite { is_test: true, base: None }, bearer: &bearer };
        assert!(begin(&BankTransfer, &access).is_none(), "the payer's own bank is not asked");
    }

    #[test]
    fn gocardless_takes_a_document_with_data_alone() {
        let bearer = ProviderSecret::new("key");
        let access = ProviderAccess { site: ProviderSite { is_test: true, base: None }, bearer: &bearer };
        let request = GoCardless.expire(&access, &basket(), "BRQ1").expect("a request");
        assert_eq!(request.body().as_ref(), br#"{"data":{}}"#.as_slice());
    }
}
