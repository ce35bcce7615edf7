//! Sends one email for each message in its queue, and for each service mail.

use std::{sync::Arc, time::Duration};

use files::{Bucket, DocumentMaker};
use kit::Clock;

/// How long a mail waits for a document that it carries: it leaves without one rather than late.
const FOR_A_DOCUMENT: Duration = Duration::from_secs(6);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    sending::main(
        |_| Ok(&channels::SES),
        |env| env.require("PORTAL_URL"),
        |sender, env, clients| {
            let bucket = Bucket::new(clients, env.require("BUCKET_NAME")?)?;
            let maker = DocumentMaker::new(clients, env.require("MAKE_DOCUMENTS")?, FOR_A_DOCUMENT)?;
            let receipts = maker.clone().receipts(bucket.clone(), Clock::system());
            let documents = maker.carried(bucket.clone(), Clock::system());
            let sender = sender.with_files(bucket.fetcher()).with_receipts(receipts).with_documents(documents);
            Ok(sender.with_transfer_codes(Arc::new(payments::transfer::mail_code)))
        },
    )
    .await
}
