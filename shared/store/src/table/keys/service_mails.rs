//! Keys of service mails.

use domain::{CustomerId, ServiceMailId, TenantId};

use super::{Key, customer, parse_customer};

/// What the sort keys of a customer's service mails begin with: the stream's filter passes them.
pub(crate) const SERVICE_MAILS: &str = "SVM#";
pub(crate) fn service_mail(t: &TenantId, c: &CustomerId, id: &ServiceMailId) -> Key {
    Key::new(customer(t, c), format!("{SERVICE_MAILS}{id}"))
}
/// Reads tenant, customer and id back from the key of a service mail.
pub(crate) fn parse_service_mail(pk: &str, sk: &str) -> Option<(TenantId, CustomerId, ServiceMailId)> {
    let id = ServiceMailId::parse(sk.strip_prefix(SERVICE_MAILS)?)?;
    let (tenant, customer) = parse_customer(pk)?;
    Some((tenant, customer, id))
}
