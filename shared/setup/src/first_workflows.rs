//! The workflows and templates that a tenant starts with.

use domain::TenantId;
use jiff::Timestamp;
use service::Done;
use store::{Store, StoredTemplate};

/// Publishes the workflows and templates that a tenant starts with; those that it has stay as they are. The workflows come last and all at once:
/// whoever finds one of them knows that nothing is missing, and a set-up that was broken off begins again.
///
/// # Errors
///
/// Those of the table.
pub async fn publish_builtin(store: &Store, tenant: &TenantId, now: Timestamp) -> Done<()> {
    let has = store.templates(tenant).await?;
    for template in channels::builtin::templates() {
        let there =
            has.iter().any(|has| has.id == template.id && has.channel == template.channel && has.language == template.language);
        if !there {
            store.put_template(tenant, &stored_template(template)).await?;
        }
    }
    store.publish_first(tenant, &channels::builtin::workflows(), now).await?;
    Ok(())
}

/// A template as the table keeps it.
pub fn stored_template(template: channels::Template) -> StoredTemplate {
    StoredTemplate {
        id: template.id,
        channel: template.channel,
        language: template.language,
        version: 0,
        subject: template.subject,
        body: template.body,
    }
}
