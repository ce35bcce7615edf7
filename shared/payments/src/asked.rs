//! What a provider is asked to take, and what it made of it.

use bytes::Bytes;
use domain::{BasketLine, Currency, Money, PaymentId, WayOfPaying};
use http::Request;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{CannotBegin, PaymentCapabilities, WayOffered, transfer::PayeeAccount};

/// A payment as the payer is sent on with it. The same basket always asks the same, so that a provider that was asked twice answers alike.
#[derive(Clone, Copy, Debug)]
pub struct AskedPayment<'a> {
    /// The basket: the provider's idempotency key.
    pub basket: &'a PaymentId,
    /// What is paid.
    pub lines: &'a [BasketLine],
    /// The currency of every line.
    pub currency: Currency,
    /// How it is paid.
    pub way: &'a WayOfPaying,
    /// When the basket was begun.
    pub begun_at: Timestamp,
    /// Where the payer comes back to. It proves nothing.
    pub return_url: &'a str,
    /// Where the payer comes back to without having paid.
    pub cancel_url: &'a str,
    /// The payer's language, BCP 47.
    pub language: Option<&'a str>,
    /// The provider's own id of the customer, where it has one.
    pub provider_customer: Option<&'a str>,
    /// The payee's account, for transfers.
    pub account: Option<&'a PayeeAccount>,
    /// Words that the payer reads at the provider's.
    pub words: &'a PaymentWords,
}

/// Words that the payer reads at the provider's, in the payer's language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentWords {
    /// Before an invoice's number: `Invoice`.
    pub invoice: String,
    /// In place of lines where there are too many: `Account balance`.
    pub balance: String,
}

/// What comes next on the way to a payer's page.
#[derive(Clone, Debug)]
pub enum NextCall {
    /// Send this request and hand its answer to [`crate::PaymentProvider::begun`].
    Ask(Box<Request<Bytes>>),
    /// Everything is there.
    Begun(BegunPayment),
}

/// A payment that a provider waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BegunPayment {
    /// The provider's id of it: `cs_…`, an order's, `BRQ…`; of a transfer, its reference.
    pub provider_id: String,
    /// Where the payer pays; `None` where the payer's own bank is the place.
    pub pay_url: Option<String>,
    /// Until when the payer can act.
    pub expires_at: Timestamp,
}

impl NextCall {
    /// The first call of a payment. There is none where the stored key or token cannot be sent.
    pub(crate) fn first(request: Option<Request<Bytes>>) -> Result<Self, CannotBegin> {
        request.map(|request| Self::Ask(Box::new(request))).ok_or(CannotBegin::Credentials)
    }
}

impl AskedPayment<'_> {
    /// What is asked for in total, and what the provider offers for it.
    pub(crate) fn check(
        &self,
        provider: &'static str,
        can: &PaymentCapabilities,
    ) -> Result<(Money, &'static WayOffered), CannotBegin> {
        let mut total = Money::from_minor(0, self.currency);
        for (at, line) in self.lines.iter().enumerate() {
            if line.amount_minor <= 0 {
                return Err(CannotBegin::NotPositive { line: at + 1, amount_minor: line.amount_minor });
            }
            total = total.checked_add(Money::from_minor(line.amount_minor, self.currency)).map_err(|_| CannotBegin::TooLarge)?;
        }
        if self.lines.is_empty() {
            return Err(CannotBegin::Empty);
        }
        let not_offered = || CannotBegin::NotOffered { provider, currency: self.currency, way: self.way.clone() };
        let offered = can.offer(self.way, self.currency).ok_or_else(not_offered)?;
        if offered.needs_customer && self.provider_customer.is_none() {
            return Err(CannotBegin::NeedsCustomer { provider, way: self.way.clone() });
        }
        Ok((total, offered))
    }

    /// Lines as the payer reads them: one an invoice, or one in all where there are more than `max`.
    pub(crate) fn shown(&self, max: usize, total: Money) -> Vec<(String, i64)> {
        if self.lines.len() > max {
            return vec![(self.words.balance.clone(), total.minor())];
        }
        self.lines.iter().map(|line| (self.name_of(line), line.amount_minor)).collect()
    }

    /// What is paid, in one text of at most `chars` characters.
    pub(crate) fn description(&self, chars: usize) -> String {
        let numbers: Vec<&str> = self.lines.iter().map(|line| line.number.as_str()).collect();
        let text = one_line(&format!("{} {}", self.words.invoice, numbers.join(", ")));
        if text.chars().count() <= chars { text } else { one_line(&self.words.balance).chars().take(chars).collect() }
    }

    fn name_of(&self, line: &BasketLine) -> String {
        /// Longest name of a line that every provider takes, in characters.
        const NAME_CHARS_MAX: usize = 127;
        one_line(&format!("{} {}", self.words.invoice, line.number)).chars().take(NAME_CHARS_MAX).collect()
    }
}

/// The address of a page that a payer can be sent on to: over TLS, or of a stand-in on this machine.
pub(crate) fn page(url: Option<String>) -> Option<String> {
    url.filter(|url| url.starts_with("https://") || url.starts_with("http://127.0.0.1:"))
}

/// `text` on one line, without control characters.
pub(crate) fn one_line(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    line.trim().to_owned()
}
