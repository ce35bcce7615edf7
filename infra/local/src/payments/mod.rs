//! The payment providers beside the stack: stand-ins of Stripe, PayPal and GoCardless with an account for each tenant that has one,
//! and their webhooks. `/_local/baskets` shows what was begun to be paid, and lets payers and banks act.

mod accounts;
mod deliveries;
mod events_to_deliver;
mod payment_doubles;
mod routes;
mod stand_ins;

pub use accounts::{PaymentIn, open_accounts};
pub use events_to_deliver::Deliveries;
pub use payment_doubles::PaymentDoubles;
pub use routes::{act, show};
