//! What is known of a provider, as data.

use jiff::SignedDuration;

use domain::{Currency, WayOfPaying};

/// What a provider can do.
#[derive(Clone, Copy, Debug)]
pub struct PaymentCapabilities {
    /// How can be paid, and in which currencies.
    pub ways: &'static [WayOffered],
    /// Whether the payer is sent on to a page of the provider's.
    pub redirects: bool,
    /// Whether an approved payment must be captured before money moves.
    pub captures: bool,
    /// Whether what was begun can be ended before its time: see [`crate::PaymentProvider::expire`].
    pub expires: bool,
    /// Most lines that the payer is shown; a basket of more is shown as one line.
    pub lines_max: usize,
    /// The hosts that it calls: live, then for tests. Empty where nothing is called.
    pub hosts: &'static [&'static str],
    /// Rules of its webhooks; `None` where it sends none.
    pub webhooks: Option<WebhookRules>,
}

impl PaymentCapabilities {
    /// What is offered for a way of paying in a currency.
    pub fn offer(&self, way: &WayOfPaying, currency: Currency) -> Option<&'static WayOffered> {
        self.ways.iter().find(|offered| offered.way == *way && offered.takes(currency))
    }
}

/// One way of paying.
#[derive(Clone, Debug)]
pub struct WayOffered {
    /// How is paid.
    pub way: WayOfPaying,
    /// The currencies, as ISO 4217 codes; `None` where the provider takes any.
    pub currencies: Option<&'static [&'static str]>,
    /// How long the payer has to act, once sent on.
    pub open_for: SignedDuration,
    /// How long it takes at most until money that is on its way can no longer fail quietly; zero where it cannot.
    pub pending_for: SignedDuration,
    /// Whether the provider must know the customer: see [`crate::AskedPayment::provider_customer`].
    pub needs_customer: bool,
}

impl WayOffered {
    /// Whether it can be paid in a currency.
    pub fn takes(&self, currency: Currency) -> bool {
        self.currencies.is_none_or(|codes| codes.contains(&currency.code()))
    }
}

/// Rules of a provider's webhooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WebhookRules {
    /// The status that tells the provider that a signature did not match.
    pub bad_signature_status: u16,
    /// How long the provider waits for an answer.
    pub answer_within: SignedDuration,
}
