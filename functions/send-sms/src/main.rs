//! Sends one text message for each message in its queue: by Amazon SNS, or by the provider that `SMS_PROVIDER` names.

use anyhow::Context;
use channels::provider_named;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    sending::main(
        |env| {
            let among = [&channels::SNS, &channels::END_USER_MESSAGING];
            provider_named(&among, env.get("SMS_PROVIDER")).context("SMS_PROVIDER names no provider: sns or end-user-messaging")
        },
        |env| env.require("PORTAL_URL"),
        |sender, _, _| Ok(sender),
    )
    .await
}
