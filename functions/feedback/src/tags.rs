//! The tags that a sender puts on a message and SES brings back.

/// The tenant.
pub const TENANT: &str = "dunlin_tenant";
/// The customer.
pub const CUSTOMER: &str = "dunlin_customer";
/// The message.
pub const MESSAGE: &str = "dunlin_message";
/// The number of the decision that the message comes from. Without it the message is looked for among the last records.
pub const NUMBER: &str = "dunlin_number";
