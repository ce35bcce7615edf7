//! One customer: its head, the facts that it is decided by, and what changes them.

pub(crate) mod addresses;
pub(crate) mod agreements;
pub(crate) mod apply;
pub(crate) mod archiving;
pub(crate) mod baskets;
pub(crate) mod brief;
pub(crate) mod by_hand;
mod ceasing;
pub(crate) mod contacts;
mod erased_addresses;
pub(crate) mod erasing;
pub(crate) mod explained;
pub(crate) mod facts;
pub(crate) mod head;
pub(crate) mod links;
pub(crate) mod named;
mod named_again;
pub(crate) mod notes;
pub(crate) mod orders;
pub(crate) mod owners;
pub(crate) mod past;
pub(crate) mod people_at;
mod reckoned;
mod retiring;
pub(crate) mod shown;
mod versions;
pub(crate) mod words_about;
