//! What a closed day leaves in the bucket.
#![allow(clippy::unwrap_used, reason = "a test says by panicking that it failed")]

use jiff::SignedDuration;
use kit::Env;
use serde_json::json;
use testbed::{
    TABLE,
    aws::{Aws, event},
};

#[tokio::test]
async fn a_closed_day_leaves_a_file_of_each_table_that_has_rows_and_the_next_day_another() {
    let aws = Aws::start().await;
    let pairs = [("TABLE_NAME", TABLE), ("BUCKET_NAME", "bodies"), ("CONFIGURATION_SET", "mail"), ("CONSOLE_URL", "")];
    let env = Env::from_pairs(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let report = report::Handler::new(&env, &aws.clients, aws.clock.clone()).unwrap();
    let tick = || async { report.handle(event(json!({ "source": "aws.events" }))).await.unwrap() };
    aws.owes("C-1").await;
    aws.follow().await;
    assert_eq!(tick().await["closed"], 1);
    let left = || -> Vec<(String, Vec<u8>)> {
        let objects = aws.world.objects.lock().unwrap();
        objects
            .iter()
            .filter(|(path, _)| path.contains("/reports/acme/"))
            // As the client of S3 writes the key in an address.
            .map(|(path, body)| (path.replace("%3D", "="), body.clone()))
            .collect()
    };
    let of_first = left();
    assert_eq!(of_first.len(), 1, "{:?}", of_first.iter().map(|(path, _)| path).collect::<Vec<_>>());
    let (path, body) = &of_first[0];
    assert!(path.contains("/reports/acme/balances/day=2026-01-04/part-") && path.ends_with(".parquet"), "{path}");
    assert!(body.starts_with(b"PAR1") && body.ends_with(b"PAR1"), "it is Parquet");
    tick().await;
    assert_eq!(left(), of_first, "a day that is closed leaves nothing more");
    aws.advance(SignedDuration::from_hours(24));
    assert_eq!(tick().await["closed"], 1);
    let paths: Vec<String> = left().into_iter().map(|(path, _)| path).collect();
    assert!(paths.len() == 2 && paths[1].contains("/day=2026-01-05/"), "{paths:?}");
}
