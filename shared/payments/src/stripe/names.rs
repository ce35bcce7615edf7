//! Names that Stripe and Dunlin have for the same things.

use domain::WayOfPaying;

/// The name of the provider.
pub const NAME: &str = "stripe";

/// Stripe's word for each way of paying.
pub(super) const WORDS: [(WayOfPaying, &str); 5] = [
    (WayOfPaying::Card, "card"),
    (WayOfPaying::Ach, "us_bank_account"),
    (WayOfPaying::SepaDebit, "sepa_debit"),
    (WayOfPaying::Bacs, "bacs_debit"),
    (WayOfPaying::Transfer, "customer_balance"),
];
