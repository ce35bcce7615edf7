//! The Lambda runtime alone.

use hello::{Error, LambdaEvent, Value, run, service_fn, tokio};

#[tokio::main(flavor = "current_thread", crate = "hello::tokio")]
async fn main() -> Result<(), Error> {
    run(service_fn(|event: LambdaEvent<Value>| async move { Ok::<_, Error>(event.payload) })).await
}
