//! Words that a later release left in the table, before it was taken back.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::*;
use store::{
    Claim, RecordStatus, Release,
    inspect::attributes::{
        every::{PK, SK},
        pending,
    },
};
use testbed::TABLE;

use crate::common::*;

fn later() -> LaterWord {
    LaterWord::parse("of_2031").unwrap()
}

#[tokio::test]
async fn facts_with_words_of_a_later_release_are_read_and_kept() {
    let table = table().await;
    let (mut owner, mut owed) = (customer(Some(1), "Acme"), invoice("INV-1", 1));
    (owner.kind, owner.debt_purpose) = (Some(CustomerKind::Later(later())), Some(DebtPurpose::Later(later())));
    owner.contacts[0].roles = vec![Role::Later(later())];
    owner.contacts[0].consents = vec![Consent { channel: Channel::Later(later()), given_at: None, wording: None }];
    owed.status = InvoiceStatus::Later(later());
    let document = Document::Invoice { customer: CustomerRef::Full(Box::new(owner.clone())), invoice: owed.clone() };
    table.say("e1", &[document], 0).await;
    let facts = table.facts().await;
    assert_eq!((&facts.customer, &facts.invoices[0].invoice), (&owner, &owed), "it is among what may be chased, and as it was");
    let mail = "ap@acme.example";
    for (minute, reason) in
        [(1, SuppressionReason::Later(later())), (2, SuppressionReason::OptOut), (3, SuppressionReason::Cease)]
    {
        table.store.suppress(&table.tenant, Channel::Email, mail, reason, at(minute), None).await.unwrap();
        let known = table.facts().await.addresses[&address_key(Channel::Email, mail)].suppressed.clone().unwrap();
        assert_eq!(known.reason, SuppressionReason::Later(later()), "no other reason takes its place");
    }
}

/// A message that a later release left in a status of its own.
async fn left(table: &Table) -> MessageId {
    table.say("e1", &[invoice_doc("INV-1", 1)], 0).await;
    let plan = decision(vec![planned(vec![row("INV-1")])], Next::Parked);
    let (head, facts) = (table.head().await, table.facts().await);
    let message = table.store.commit(&table.tenant, &head, &facts, &plan, at(1)).await.unwrap().messages.remove(0);
    let records = table.aws.records();
    let mut keys = records.iter().rev().map(|record| &record["dynamodb"]["Keys"]);
    let key = keys.find(|keys| keys[SK]["S"] == "HEAD").unwrap();
    let part = |name: &str| AttributeValue::S(key[name]["S"].as_str().unwrap().to_owned());
    let [of, id, status] = pending::of(&message, pending::STATUS);
    table
        .db
        .update_item()
        .table_name(TABLE)
        .key(PK, part(PK))
        .key(SK, part(SK))
        .update_expression("SET #of.#id.#status = :later")
        .expression_attribute_names("#of", of)
        .expression_attribute_names("#id", id)
        .expression_attribute_names("#status", status)
        .expression_attribute_values(":later", AttributeValue::S("of_2031".to_owned()))
        .send()
        .await
        .unwrap();
    message
}

#[tokio::test]
async fn a_message_of_which_only_a_later_release_knows_how_it_stands_is_never_sent_by_guess() {
    let table = table().await;
    let (store, tenant, customer) = (&table.store, &table.tenant, customer_id());
    let message = left(&table).await;
    let head = table.head().await;
    let claim = store.claim(tenant, &customer, head.version, &message, &attempt("a1", 25)).await.unwrap();
    assert!(matches!(claim, Claim::Gone), "{claim:?}");
    assert!(!store.touch(tenant, &head, &message, at(20)).await.unwrap());
    assert!(!store.withdraw(tenant, &customer, &message, "paid", at(21)).await.unwrap());
    let until = Release::Deferred { until: at(30) };
    assert!(!store.release(tenant, &customer, &message, None, until).await.unwrap());
    assert!(!store.mark_unknown(tenant, &head, &message, at(60), at(30)).await.unwrap());
    assert_eq!(table.head().await.pending[&message].message.status, PendingStatus::Later(later()), "and is kept as it was");
    assert!(store.give_up(tenant, &customer, &message, at(40)).await.unwrap());
    let record = store.records(tenant, &customer, 1).await.unwrap().remove(0);
    assert_eq!(record.status, RecordStatus::Message(MessageStatus::InDoubt));
    assert_eq!(record.coverage[0].outcome, Outcome::Unknown, "it counts as sent");
}

#[tokio::test]
async fn what_its_provider_says_settles_it() {
    let table = table().await;
    let message = left(&table).await;
    let (tenant, customer) = (&table.tenant, customer_id());
    assert!(table.store.receipt(tenant, &customer, 1, &message, DeliveryEvent::Delivered, at(3), None, at(4)).await.unwrap());
    let record = table.store.records(tenant, &customer, 1).await.unwrap().remove(0);
    assert_eq!(record.status, RecordStatus::Message(MessageStatus::Delivered));
    assert_eq!(record.coverage[0].outcome, Outcome::Sent);
}
