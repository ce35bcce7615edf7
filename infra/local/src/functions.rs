//! The functions that there are: crate names and how to build their handlers. A function joins with one line in [`registry`]; one that
//! sends joins by its channel, which has a provider in `channels::registry`.

use std::{collections::BTreeMap, future::Future, sync::Arc, time::Duration};

use anyhow::Context;
use domain::Channel;
use futures::future::BoxFuture;
use kit::{Clients, Clock, Env};
use lambda_runtime::LambdaEvent;
use sending::Sender;
use serde_json::Value;

/// How long a notice of a payment waits for its receipt: longer than on Lambda, because a debug build takes its time.
const FOR_A_DOCUMENT: Duration = Duration::from_secs(20);

/// A handler, whatever its crate.
pub trait Function: Send + Sync {
    /// Handles one event. An error is a failed invocation, in words.
    fn call(&self, event: LambdaEvent<Value>) -> BoxFuture<'static, Result<Value, String>>;
}

/// Builds a handler as a new Lambda environment would.
pub type Constructor = Arc<dyn Fn(&Env, &Clients, Clock) -> anyhow::Result<Arc<dyn Function>> + Send + Sync>;

/// Handlers by crate name.
#[derive(Clone, Default)]
pub struct Registry(BTreeMap<String, Constructor>);

impl Registry {
    /// Adds a function.
    #[must_use]
    pub fn with(
        mut self,
        name: &str,
        build: impl Fn(&Env, &Clients, Clock) -> anyhow::Result<Arc<dyn Function>> + Send + Sync + 'static,
    ) -> Self {
        self.0.insert(name.to_owned(), Arc::new(build));
        self
    }

    /// The same functions, each put into what `wrap` makes of it.
    #[must_use]
    pub fn wrapped<W>(self, wrap: W) -> Self
    where
        W: Fn(&str, Arc<dyn Function>) -> Arc<dyn Function> + Send + Sync + 'static,
    {
        let wrap = Arc::new(wrap);
        let wrapped = |(name, build): (String, Constructor)| {
            let (inside, wrap) = (name.clone(), Arc::clone(&wrap));
            let build: Constructor =
                Arc::new(move |env: &Env, clients: &Clients, clock: Clock| Ok(wrap(&inside, build(env, clients, clock)?)));
            (name, build)
        };
        Self(self.0.into_iter().map(wrapped).collect())
    }

    /// The names of the functions.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// How to build a function.
    pub fn constructor(&self, name: &str) -> Option<&Constructor> {
        self.0.get(name)
    }
}

struct FromFn<F>(F);

impl<F, A> Function for FromFn<F>
where
    F: Fn(LambdaEvent<Value>) -> A + Send + Sync,
    A: Future<Output = Result<Value, String>> + Send + 'static,
{
    fn call(&self, event: LambdaEvent<Value>) -> BoxFuture<'static, Result<Value, String>> {
        Box::pin((self.0)(event))
    }
}

/// A closure as a function.
pub fn from_fn<F, A>(handle: F) -> Arc<dyn Function>
where
    F: Fn(LambdaEvent<Value>) -> A + Send + Sync + 'static,
    A: Future<Output = Result<Value, String>> + Send + 'static,
{
    Arc::new(FromFn(handle))
}

/// One line a function: its name and its crate.
macro_rules! functions {
    ($($name:literal => $krate:ident),* $(,)?) => {
        Registry::default()$(.with($name, |env, clients, clock| {
            let handler = Arc::new($krate::Handler::new(env, clients, clock)?);
            Ok(from_fn(move |event| {
                let handler = Arc::clone(&handler);
                async move { handler.handle(event).await.map_err(|error| error.to_string()) }
            }))
        }))*
    };
}

/// The functions that send: one for each channel that has a provider, which `sending` makes of it as each function's `main` does. Text messages have two;
/// `SMS_PROVIDER` names one.
fn senders(registry: Registry) -> Registry {
    Channel::with_sender().fold(registry, |registry, channel| {
        registry.with(&format!("send-{channel}"), move |env, clients, clock| {
            let among: Vec<_> = channels::registry().iter().copied().filter(|provider| provider.channel == channel).collect();
            let named = env.get("SMS_PROVIDER").filter(|_| channel == Channel::Sms);
            let provider = channels::provider_named(&among, named).context("no provider of this channel has that name")?;
            let sender = Sender::new(env, clients, clock.clone(), provider, env.require("PORTAL_URL")?)?;
            let sender = Arc::new(match env.get("BUCKET_NAME").zip(env.get("MAKE_DOCUMENTS")) {
                Some((bucket, make)) => {
                    let bucket = files::Bucket::new(clients, bucket)?;
                    let maker = files::DocumentMaker::new(clients, make, FOR_A_DOCUMENT)?;
                    let receipts = maker.clone().receipts(bucket.clone(), clock.clone());
                    let documents = maker.carried(bucket.clone(), clock);
                    let sender = sender.with_files(bucket.fetcher()).with_receipts(receipts).with_documents(documents);
                    sender.with_transfer_codes(Arc::new(::payments::transfer::mail_code))
                }
                None => sender,
            });
            Ok(from_fn(move |event| {
                let sender = Arc::clone(&sender);
                async move { sender.batch(event.payload).await.map_err(|error| error.to_string()) }
            }))
        })
    })
}

/// Every function of the workspace.
pub fn registry() -> Registry {
    senders(functions! {
        "admin" => admin,
        "begin-payment" => begin_payment,
        "deliver" => deliver,
        "dispatch" => dispatch,
        "escalate" => escalate,
        "feedback" => feedback,
        "ingest" => ingest,
        "jobs" => jobs,
        "make-documents" => make_documents,
        "portal" => portal,
        "read-model" => read_model,
        "sweep" => sweep,
        "sync" => sync,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_functions_are_those_of_the_template() {
        let template = include_str!("../../../template.yaml");
        let named = template.lines().filter_map(|line| line.strip_prefix("  ")?.strip_suffix("Function:"));
        let folder = |name: &str| {
            let dashed =
                name.chars().flat_map(|c| c.is_ascii_uppercase().then_some('-').into_iter().chain([c.to_ascii_lowercase()]));
            dashed.collect::<String>().trim_start_matches('-').to_owned()
        };
        let listed: BTreeSet<String> = named.filter(|name| name.starts_with(char::is_uppercase)).map(folder).collect();
        assert_eq!(registry().names().map(str::to_owned).collect::<BTreeSet<_>>(), listed);
    }
}
