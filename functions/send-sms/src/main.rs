//! Sends one text message for each message in its queue.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    sending::main(&channels::SNS, |env| env.require("PORTAL_URL"), |sender, _, _| Ok(sender)).await
}
