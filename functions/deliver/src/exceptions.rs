//! What people are told: that nothing can be delivered to a subscription, and that it ended.

use domain::{NewTask, SubscriptionEnd, SubscriptionId, TaskKind, TenantId};
use jiff::Timestamp;
use store::{Store, task_id};

fn exception(key: String, title: &str, detail: String) -> NewTask {
    NewTask {
        kind: TaskKind::Connection,
        key,
        title: title.to_owned(),
        detail,
        to: None,
        due_on: None,
        step: None,
        currency: None,
        case: None,
    }
}

/// One exception a spell of failures: its key is when the spell began.
fn failing(id: &SubscriptionId, since: Timestamp, why: &str) -> NewTask {
    let detail = format!(
        "Since {since:.0} nothing could be delivered to {id}; the last try: {why}. After three days it is put out of use. GET \
         /v1/subscriptions/{id}/deliveries lists what waits; this ends by itself once something is delivered."
    );
    exception(format!("{id}:failing:{since:.0}"), "Events cannot be delivered to a subscription", detail)
}

/// Says that nothing was delivered for a day; once a spell.
///
/// # Errors
///
/// Those of writing.
pub async fn raise_failing(
    store: &Store,
    (tenant, id): (&TenantId, &SubscriptionId),
    since: Timestamp,
    why: &str,
    now: Timestamp,
) -> anyhow::Result<()> {
    store.raise(tenant, None, &failing(id, since, why), now).await?;
    Ok(())
}

/// All is well again: what people were asked for is done.
///
/// # Errors
///
/// Those of writing.
pub async fn end_failing(
    store: &Store,
    (tenant, id): (&TenantId, &SubscriptionId),
    since: Timestamp,
    now: Timestamp,
) -> anyhow::Result<()> {
    store.finish_task(tenant, &task_id(tenant, None, &failing(id, since, "")), now).await?;
    Ok(())
}

/// Says that a subscription ended without a person.
///
/// # Errors
///
/// Those of writing.
pub async fn raise_ended(
    store: &Store,
    (tenant, id): (&TenantId, &SubscriptionId),
    end: SubscriptionEnd,
    now: Timestamp,
) -> anyhow::Result<()> {
    let why = match end {
        SubscriptionEnd::Gone => "its subscriber answered 410, which says that it wants no more events".to_owned(),
        SubscriptionEnd::Failing => {
            "nothing could be delivered to it for three days. Events are still kept for 30 days, so that they can be replayed"
                .to_owned()
        }
        SubscriptionEnd::Later(word) => word.to_string(),
    };
    let detail = format!(
        "{id} is out of use: {why}. PATCH /v1/subscriptions/{id} with {{\"enabled\": true}} puts it into use again, and POST \
         /v1/subscriptions/{id}/replay delivers what it missed; DELETE ends it for good."
    );
    let task = exception(format!("{id}:ended:{now:.0}"), "A subscription to events ended", detail);
    store.raise(tenant, None, &task, now).await?;
    Ok(())
}
