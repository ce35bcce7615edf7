//! The table as the template describes it.

use aws_sdk_dynamodb::{
    Client,
    types::{
        AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, LocalSecondaryIndex, Projection,
        ProjectionType, ScalarAttributeType, StreamSpecification, StreamViewType,
    },
};
use dynoxide::Database;
use tokio::net::TcpListener;

use crate::TABLE;

fn attribute(name: &str) -> AttributeDefinition {
    AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S).build().unwrap()
}

fn key(name: &str, kind: KeyType) -> KeySchemaElement {
    KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap()
}

fn projection(kind: ProjectionType) -> Projection {
    Projection::builder().projection_type(kind).build()
}

/// An empty engine and its address on loopback.
pub(crate) async fn engine() -> (Database, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let database = Database::memory().unwrap();
    tokio::spawn(dynoxide::server::serve_with_shutdown(listener, database.clone(), std::future::pending()));
    (database, address)
}

/// Creates the table and waits until it is there.
pub(crate) async fn create(db: &Client) {
    let chase = LocalSecondaryIndex::builder()
        .index_name("chase")
        .key_schema(key("pk", KeyType::Hash))
        .key_schema(key("chase", KeyType::Range))
        .projection(projection(ProjectionType::All))
        .build()
        .unwrap();
    let due = GlobalSecondaryIndex::builder()
        .index_name("due")
        .key_schema(key("due_pk", KeyType::Hash))
        .key_schema(key("due_sk", KeyType::Range))
        .projection(projection(ProjectionType::KeysOnly))
        .build()
        .unwrap();
    let stream =
        StreamSpecification::builder().stream_enabled(true).stream_view_type(StreamViewType::NewAndOldImages).build().unwrap();
    db.create_table()
        .table_name(TABLE)
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(["pk", "sk", "chase", "due_pk", "due_sk"].map(attribute).to_vec()))
        .key_schema(key("pk", KeyType::Hash))
        .key_schema(key("sk", KeyType::Range))
        .local_secondary_indexes(chase)
        .global_secondary_indexes(due)
        .stream_specification(stream)
        .send()
        .await
        .unwrap();
    loop {
        let state = db.describe_table().table_name(TABLE).send().await.unwrap();
        if state.table.and_then(|table| table.table_status).is_some_and(|status| status.as_str() == "ACTIVE") {
            return;
        }
        tokio::task::yield_now().await;
    }
}
