#![recursion_limit = "256"]

use lambda_runtime::{Error, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let env = kit::Env::from_process();
    kit::init_logging(&env);
    let clients = kit::Clients::load(&env).await;
    let report = report::Handler::new(&env, &clients, kit::Clock::system())?;
    run(service_fn(|event| report.handle(event))).await
}
