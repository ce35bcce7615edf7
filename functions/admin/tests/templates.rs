//! Templates that are put away, and their versions.
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

mod common;

use common::Api;
use serde_json::{Value, json};

#[tokio::test]
async fn a_template_is_put_away_and_goes_on_behind_its_last_version() {
    let api = Api::new().await;
    api.world.customer("acme", "C-1", |_| {}).await;
    let (de, en) = ("/v1/templates/extra/de/email", "/v1/templates/extra/en/email");
    let text = |body: &str| json!({"subject": "S", "body": body});
    for (path, body, version) in [(de, "eins", 1), (en, "one", 2), (de, "zwei", 3)] {
        let (status, stored) = api.call("manager", "PUT", path, text(body)).await;
        assert_eq!((status, stored["version"].as_u64()), (200, Some(version)), "{stored}");
    }
    assert_eq!(api.call("collector", "DELETE", de, Value::Null).await.0, 403);
    let (status, gone) = api.call("manager", "DELETE", de, Value::Null).await;
    assert_eq!((status, gone["body"].as_str()), (200, Some("zwei")), "{gone}");
    assert_eq!(api.call("manager", "DELETE", de, Value::Null).await.0, 404);
    assert_eq!(api.call("viewer", "GET", de, Value::Null).await.0, 404);
    // What is left has a higher version, by which whoever keeps texts in memory reads them anew.
    assert_eq!(api.call("viewer", "GET", en, Value::Null).await.1["version"], 4);
    let (_, known) = api.call("viewer", "GET", &format!("{de}/versions"), Value::Null).await;
    let versions: Vec<_> = known["templates"].as_array().unwrap().iter().map(|one| one["version"].as_u64().unwrap()).collect();
    assert_eq!(versions, [3, 1]);
    let (_, again) = api.call("manager", "PUT", de, text("drei")).await;
    assert_eq!(again["version"], 5);
    assert_eq!(api.call("viewer", "GET", "/v1/templates/none/de/email/versions", Value::Null).await.0, 404);
}
