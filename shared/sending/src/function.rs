use channels::Provider;
use futures::{FutureExt, future::LocalBoxFuture};
use kit::{Clients, Clock, Env};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;

use crate::Sender;

/// What a function `send-<channel>` does all its life: sends by one provider what its queue brings, until Lambda ends it. The function says
/// which provider its variables name, which of them is the portal's address, and what its sender has besides, such as files that go along: `admin` uses this crate too, and
/// reads no such variable.
///
/// # Errors
///
/// When a variable is missing, or Lambda no longer answers.
pub fn main(
    provider: fn(&Env) -> anyhow::Result<&'static Provider>,
    portal_url: fn(&Env) -> anyhow::Result<&str>,
    besides: fn(Sender, &Env, &Clients) -> anyhow::Result<Sender>,
) -> LocalBoxFuture<'static, Result<(), Error>> {
    // Boxed: what it awaits is deeper than a compiler that lays out the caller follows.
    async move {
        let env = Env::from_process();
        kit::init_logging(&env);
        let clients = Clients::load(&env).await;
        let sender = Sender::new(&env, &clients, Clock::system(), provider(&env)?, portal_url(&env)?)?;
        let sender = besides(sender, &env, &clients)?;
        run(service_fn(|event: LambdaEvent<Value>| async { Ok::<_, Error>(sender.batch(event.payload).await?) })).await
    }
    .boxed_local()
}
