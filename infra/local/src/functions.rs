//! The functions that there are: crate names and how to build their handlers. A function joins with one line in [`registry`].

use std::{collections::BTreeMap, future::Future, sync::Arc};

use futures::future::BoxFuture;
use kit::{Clients, Clock, Env};
use lambda_runtime::LambdaEvent;
use serde_json::Value;

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

/// Every function of the workspace.
pub fn registry() -> Registry {
    functions! {
        "admin" => admin,
        "dispatch" => dispatch,
        "feedback" => feedback,
        "ingest" => ingest,
        "portal" => portal,
        "read-model" => read_model,
        "send-email" => send_email,
        "send-sms" => send_sms,
        "sweep" => sweep,
        "sync" => sync,
    }
}
