//! Which page of paying somebody wants.

use domain::PaymentId;

/// A page of paying.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PayWanted {
    /// The form, and what it is sent to.
    Form,
    /// How a payment stands that was begun.
    Begun(PaymentId),
    /// Gives a payment up.
    Cancel(PaymentId),
}

impl PayWanted {
    /// What the path after the link names: `pay`, `paid/{basket}`, `paid/{basket}/cancel`.
    pub(crate) fn of(rest: &str) -> Option<Self> {
        if rest == "pay" {
            return Some(Self::Form);
        }
        let named = rest.strip_prefix("paid/")?;
        match named.strip_suffix("/cancel") {
            Some(id) => PaymentId::parse(id).map(Self::Cancel),
            None => PaymentId::parse(named).map(Self::Begun),
        }
    }

    /// Whether a method is one of the page's.
    pub(crate) fn takes(&self, method: &str) -> bool {
        match self {
            Self::Form => matches!(method, "GET" | "HEAD" | "POST"),
            Self::Begun(_) => matches!(method, "GET" | "HEAD"),
            Self::Cancel(_) => method == "POST",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_name_pages() {
        let basket = PaymentId::of_basket(&["b"]);
        for (rest, expected) in [
            ("pay".to_owned(), Some(PayWanted::Form)),
            (format!("paid/{basket}"), Some(PayWanted::Begun(basket.clone()))),
            (format!("paid/{basket}/cancel"), Some(PayWanted::Cancel(basket.clone()))),
            ("pay/".to_owned(), None),
            ("paid".to_owned(), None),
            ("paid/".to_owned(), None),
            (format!("paid/{basket}/refund"), None),
            ("paid/inv_1".to_owned(), None),
        ] {
            assert_eq!(PayWanted::of(&rest), expected, "{rest}");
        }
        let (form, begun, cancel) = (PayWanted::Form, PayWanted::Begun(basket.clone()), PayWanted::Cancel(basket));
        assert!(form.takes("GET") && form.takes("POST") && !form.takes("PUT"));
        assert!(begun.takes("HEAD") && !begun.takes("POST"));
        assert!(cancel.takes("POST") && !cancel.takes("GET"));
    }
}
