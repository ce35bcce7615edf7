#![recursion_limit = "256"]

//! The console as a Lambda function.

use lambda_runtime::service_fn;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let env = kit::Env::from_process();
    kit::init_logging(&env);
    let clients = kit::Clients::load(&env).await;
    let console = console::Handler::new(&env, &clients, kit::Clock::system())?;
    lambda_runtime::run(service_fn(|event| console.handle(event))).await
}
