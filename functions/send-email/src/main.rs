//! Sends one email for each message in its queue.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    sending::main(
        &channels::SES,
        |env| env.require("PORTAL_URL"),
        |env, clients| Ok(Some(files::Bucket::new(clients, env.require("BUCKET_NAME")?)?.fetcher())),
    )
    .await
}
