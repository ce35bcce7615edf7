//! The trait that every provider implements.

use bytes::Bytes;
use domain::PaymentId;
use http::{Request, Response};
use jiff::Timestamp;

use crate::{
    AskedPayment, CannotBegin, NextCall, NotBelieved, PaymentCapabilities, PaymentQuestion, ProviderHeard, ProviderSecret,
    ProviderTrouble, UnreadableEvent, WebhookDelivery, WebhookTrust,
};

/// The code for one provider: pure, so that the same request gives the same answer every time.
///
/// To begin: [`PaymentProvider::begin`], then [`PaymentProvider::begun`] with each answer until there is a
/// [`crate::BegunPayment`]. Every request carries the basket's id as the provider's idempotency key, so a begin whose answer was lost is
/// begun again.
pub trait PaymentProvider: Send + Sync {
    /// The name in baskets: `stripe`.
    fn name(&self) -> &'static str;

    /// The source that its connection and its webhooks have: the name with `pay-` before it.
    fn source(&self) -> &'static str;

    /// What is known of the provider, as data.
    fn capabilities(&self) -> PaymentCapabilities;

    /// The request that turns credentials into a token; `None` where the credentials themselves go with each request.
    fn sign_in(&self, site: &ProviderSite<'_>, credentials: &ProviderSecret) -> Option<Request<Bytes>> {
        let _ = (site, credentials);
        None
    }

    /// The token that [`PaymentProvider::sign_in`] was answered with.
    ///
    /// # Errors
    ///
    /// [`ProviderTrouble`] when there is none.
    fn signed_in(&self, answer: &Response<Bytes>) -> Result<ProviderToken, ProviderTrouble> {
        let _ = answer;
        Err(ProviderTrouble::Unreadable("this provider has no sign-in".to_owned()))
    }

    /// The first call of a payment.
    ///
    /// # Errors
    ///
    /// [`CannotBegin`] when the provider cannot take what is asked; nothing was asked of it.
    fn begin(&self, access: &ProviderAccess<'_>, asked: &AskedPayment<'_>) -> Result<NextCall, CannotBegin>;

    /// What comes after an answer.
    ///
    /// # Errors
    ///
    /// [`ProviderTrouble`] when the answer does not lead on.
    fn begun(
        &self,
        access: &ProviderAccess<'_>,
        asked: &AskedPayment<'_>,
        answer: &Response<Bytes>,
    ) -> Result<NextCall, ProviderTrouble>;

    /// The request that takes the money of an approved payment, as often as it is sent once; `None` where nothing is captured. Its
    /// answer reads as that to [`PaymentProvider::look_up`].
    fn capture(&self, access: &ProviderAccess<'_>, basket: &PaymentId, provider_id: &str) -> Option<Request<Bytes>> {
        let _ = (access, basket, provider_id);
        None
    }

    /// The request that ends a payment which the payer has not made; `None` where it ends by itself. Its answer reads as that to
    /// [`PaymentProvider::look_up`]. A payment that was made meanwhile is refused by the provider: look it up.
    fn expire(&self, access: &ProviderAccess<'_>, basket: &PaymentId, provider_id: &str) -> Option<Request<Bytes>> {
        let _ = (access, basket, provider_id);
        None
    }

    /// The question how a payment stands; `None` where nobody can be asked: no host is called.
    fn look_up(&self, basket: &PaymentId, provider_id: &str, now: Timestamp) -> Option<PaymentQuestion> {
        let is_called = !self.capabilities().hosts.is_empty();
        is_called.then(|| PaymentQuestion::read_back(basket, provider_id, now))
    }

    /// The request for a question; `None` for a question that is none of this provider's.
    fn ask(&self, access: &ProviderAccess<'_>, question: &PaymentQuestion) -> Option<Request<Bytes>> {
        let _ = (access, question);
        None
    }

    /// What the answer to a question says. It may raise further questions.
    ///
    /// # Errors
    ///
    /// [`ProviderTrouble`] when it says nothing that can be used; the question stays.
    fn answered(&self, question: &PaymentQuestion, answer: &Response<Bytes>) -> Result<ProviderHeard, ProviderTrouble> {
        let _ = (question, answer);
        Err(ProviderTrouble::Unreadable("this provider answers nothing".to_owned()))
    }

    /// Where the certificates are that a delivery was signed with, at one of the provider's own hosts; `None` where deliveries are signed
    /// with a secret. Fetch it without following redirects, keep it, and hand it to [`PaymentProvider::verify`].
    ///
    /// # Errors
    ///
    /// [`NotBelieved`] when the delivery names another host.
    fn chain_url(&self, site: &ProviderSite<'_>, delivery: &WebhookDelivery<'_>) -> Result<Option<String>, NotBelieved> {
        let _ = (site, delivery);
        Ok(None)
    }

    /// Checks that a delivery comes from the provider, in constant time where a secret is compared.
    ///
    /// # Errors
    ///
    /// [`NotBelieved`] with the status that the provider expects.
    fn verify(&self, delivery: &WebhookDelivery<'_>, trust: &WebhookTrust<'_>) -> Result<(), NotBelieved>;

    /// What a believed body says.
    ///
    /// # Errors
    ///
    /// [`UnreadableEvent`] when the body as a whole has another form than the provider's.
    fn read(&self, body: &[u8]) -> Result<ProviderHeard, UnreadableEvent>;
}

/// Which of the provider's systems is asked.
#[derive(Clone, Copy, Debug)]
pub struct ProviderSite<'a> {
    /// Whether it is the provider's system for tests.
    pub is_test: bool,
    /// What stands for the provider's hosts, if not they themselves: `http://127.0.0.1:9000`. The operator alone sets it.
    pub base: Option<&'a str>,
}

impl ProviderSite<'_> {
    /// The address of a path: at the base where there is one, else at the host, which is the first of `hosts` or, for tests, the last.
    pub(crate) fn url(&self, hosts: &[&'static str], path: &str) -> String {
        let host = if self.is_test { hosts.last() } else { hosts.first() };
        match (self.base, host) {
            (Some(base), _) => format!("{}{path}", base.trim_end_matches('/')),
            (None, Some(host)) => format!("https://{host}{path}"),
            (None, None) => path.to_owned(),
        }
    }
}

/// What a request is made with.
#[derive(Clone, Copy, Debug)]
pub struct ProviderAccess<'a> {
    /// Which system is asked.
    pub site: ProviderSite<'a>,
    /// What goes with each request: the token of [`PaymentProvider::sign_in`], else the credentials.
    pub bearer: &'a ProviderSecret,
}

impl ProviderAccess<'_> {
    /// A request with the bearer, a body of a type, and headers. A path or header with bytes that none may have makes none.
    pub(crate) fn request(
        &self,
        method: &str,
        url: String,
        headers: &[(&str, &str)],
        (content_type, body): (&str, Vec<u8>),
    ) -> Option<Request<Bytes>> {
        let mut request = Request::builder().method(method).uri(url);
        request = request.header("authorization", format!("Bearer {}", self.bearer.expose()));
        request = request.header("accept", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !body.is_empty() {
            request = request.header("content-type", content_type);
        }
        request.body(Bytes::from(body)).ok()
    }
}

/// A token that goes with each request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderToken {
    /// The token.
    pub token: ProviderSecret,
    /// How long it is good for, in seconds.
    pub lasts_s: u32,
}

/// A provider's id that can stand in a path as it is: what a feed makes up must not lead elsewhere.
pub(crate) fn plain_id(id: &str) -> Option<&str> {
    let is_plain = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    Some(id).filter(|id| is_plain && (1..=128).contains(&id.len()))
}
