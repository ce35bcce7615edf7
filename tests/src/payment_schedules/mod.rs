//! Random schedules of payers, providers, books and sweep: several people pay, give up, pay late, twice and in part, by every provider; its events
//! come doubled, reordered, late and lost; the books enter, credit, void and move; and functions die around their calls.
//!
//! Everything real runs: portal, `begin-payment`, `ingest`, `sweep`, `dispatch`, `send-email` and `feedback` on a local stack in this process,
//! with the doubles of Stripe, PayPal and GoCardless and one virtual clock. Some schedules share a stack: each is a customer of its own. Only
//! `read-model` rests, for rows of lists decide nothing.
//!
//! | module | what |
//! |---|---|
//! | `schedule` | what happens, drawn from a seed |
//! | `books` | what the accounting system says |
//! | `page` | what a payer reads and sends |
//! | `family` | who owes, and what was begun to be paid |
//! | `stage` | the tenant, and what is known past all protocol |
//! | `story` | plays it |
//! | `evidence` | what was seen from outside |
//! | `judge` | what is wrong with it |

mod books;
pub mod evidence;
mod family;
pub mod judge;
mod page;
pub mod schedule;
mod stage;
mod story;

pub use story::{Spoiled, play};
