//! One tenant: what it decides by, how much it sends, and its secrets.

pub(crate) mod answer_marks;
pub(crate) mod api_keys;
pub(crate) mod cache;
pub(crate) mod calls;
pub(crate) mod connections;
pub(crate) mod counters;
pub(crate) mod daily;
pub(crate) mod drafts;
pub(crate) mod identities;
pub(crate) mod link_codes;
pub(crate) mod members;
pub(crate) mod notice_channels;
pub(crate) mod notices;
pub(crate) mod portal_codes;
pub(crate) mod statement_keys;
pub(crate) mod stops;
pub(crate) mod subscriptions;
pub(crate) mod template;
pub(crate) mod tenants;
pub(crate) mod test_messages;
pub(crate) mod vault;
pub(crate) mod versions;
pub(crate) mod workflows;
