//! The payment providers beside the stack: stand-ins of Stripe, PayPal and GoCardless with an account for each tenant that has one,
//! and their webhooks. `/_local/baskets` shows what was begun to be paid, and lets payers and banks act.

mod accounts;
mod deliveries;
mod routes;
mod stand_ins;

pub use accounts::{PaymentIn, open_accounts};
pub use deliveries::Deliveries;
pub use routes::{act, show};
pub use stand_ins::PaymentDoubles;
