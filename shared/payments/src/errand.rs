//! What the portal has `begin-payment` do, and what it is answered. The portal itself opens no connection and writes no basket.

use domain::{BasketLine, Currency, CustomerId, LinkId, PaymentId, TenantId, WayOfPaying};
use serde::{Deserialize, Serialize};

use crate::PaymentWords;

/// What is to be done for whoever came by a portal link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentErrand {
    /// Whose customer.
    pub tenant: TenantId,
    /// Who pays.
    pub customer: CustomerId,
    /// What.
    pub what: ErrandKind,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ErrandKind {
    /// A basket is begun, and its provider is asked for the page on which it is paid.
    Begin(Box<BasketWish>),
    /// A basket that was not paid is given up, here and at its provider.
    Cancel {
        /// The basket.
        basket: PaymentId,
    },
}

/// A basket as its payer wants it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BasketWish {
    /// Its id: the same form has the same.
    pub id: PaymentId,
    /// By which link.
    pub link: LinkId,
    /// The currency of every amount.
    pub currency: Currency,
    /// The legal entity that is paid; empty for the default one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub legal_entity: String,
    /// What is to be paid.
    pub lines: Vec<BasketLine>,
    /// By which provider.
    pub provider: String,
    /// How.
    pub way: WayOfPaying,
    /// Where the payer comes back to.
    pub return_url: String,
    /// Where the payer comes back to without having paid.
    pub cancel_url: String,
    /// The payer's language, BCP 47.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Words that the payer reads at the provider's.
    pub words: PaymentWords,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum ErrandAnswer {
    /// The basket is there, by this errand or by an earlier one of the same id.
    Begun {
        /// The page on which it is paid; `None` where it is not paid on one, or not any more.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pay_url: Option<String>,
    },
    /// What is due is not what the payer saw: nothing was begun.
    NotPayable,
    /// The provider does not take it: nothing is kept back.
    NotTaken {
        /// Why, for whoever operates this.
        why: String,
    },
    /// The provider does not answer. The same errand may be sent again.
    Later,
    /// A basket was given up, or had ended before.
    Ended,
    /// There is no such customer or basket.
    Unknown,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_errand_reads_as_it_is_written() {
        let wish = BasketWish {
            id: PaymentId::of_basket(&["a"]),
            link: LinkId::derive(&["l"]),
            currency: Currency::EUR,
            legal_entity: String::new(),
            lines: vec![BasketLine {
                invoice: domain::InvoiceId::derive(&["i"]),
                number: "F-1".to_owned(),
                amount_minor: 12_345,
            }],
            provider: "stripe".to_owned(),
            way: WayOfPaying::Card,
            return_url: "https://pay.example/p/x/paid/y".to_owned(),
            cancel_url: "https://pay.example/p/x/pay".to_owned(),
            language: Some("de".to_owned()),
            words: PaymentWords { invoice: "Rechnung".to_owned(), balance: "Saldo".to_owned() },
        };
        for what in [ErrandKind::Begin(Box::new(wish)), ErrandKind::Cancel { basket: PaymentId::of_basket(&["b"]) }] {
            let errand =
                PaymentErrand { tenant: TenantId::parse("acme").expect("a tenant"), customer: CustomerId::derive(&["c"]), what };
            let text = serde_json::to_string(&errand).expect("JSON");
            assert_eq!(serde_json::from_str::<PaymentErrand>(&text).expect("an errand"), errand, "{text}");
        }
        for (answer, text) in [
            (ErrandAnswer::Begun { pay_url: None }, r#"{"status":"begun"}"#),
            (ErrandAnswer::NotPayable, r#"{"status":"not_payable"}"#),
            (ErrandAnswer::NotTaken { why: "w".to_owned() }, r#"{"status":"not_taken","why":"w"}"#),
        ] {
            assert_eq!(serde_json::to_string(&answer).expect("JSON"), text);
            assert_eq!(serde_json::from_str::<ErrandAnswer>(text).expect("an answer"), answer);
        }
    }
}
