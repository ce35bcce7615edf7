//! A message's way: decided, claimed, settled, spoken of; and the chain of records that it leaves.

pub(crate) mod chain;
pub(crate) mod claim;
pub(crate) mod commit;
mod commit_plan;
mod folded;
pub(crate) mod note;
pub(crate) mod outside;
pub(crate) mod own_message;
mod pending_of;
pub(crate) mod receipts;
pub(crate) mod record;
pub(crate) mod result;
pub(crate) mod sent_mails;
pub(crate) mod settle;
pub(crate) mod why;
