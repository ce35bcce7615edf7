use lambda_runtime::{Error, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let env = kit::Env::from_process();
    kit::init_logging(&env);
    let clients = kit::Clients::load(&env).await;
    let deliver = deliver::Handler::new(&env, &clients, kit::Clock::system())?;
    run(service_fn(|event| deliver.handle(event))).await
}
