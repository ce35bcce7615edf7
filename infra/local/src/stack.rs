//! One running stack.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, OnceLock},
};

use anyhow::Context;
use jiff::{Span, Timestamp, tz::TimeZone};
use kit::Clients;
use tokio::{net::TcpListener, task::JoinHandle};

use crate::{
    aws::{self, keys::Keys, objects::Objects},
    clock::VirtualClock,
    control,
    engine::{Engine, Moved, Slot},
    faults::{Fault, Faults, When},
    functions::{Registry, registry},
    hold::Hold,
    kept, lock,
    metrics::Metrics,
    outbox::{Outbox, Sent},
    payments::{Deliveries, PaymentDoubles},
    template::{self, model::Place},
    tenants::{self, Refusal, TenantIn},
    token::{self, TokenIn},
    vendors::Vendors,
    world::{self, World},
};

/// What a stack is started with.
#[derive(Clone)]
pub struct Options {
    /// Port on loopback; 0 takes any.
    pub port: u16,
    /// Where state is kept; in memory when absent.
    pub data: Option<PathBuf>,
    /// A frozen clock's first instant; real time when absent.
    pub now: Option<Timestamp>,
    /// The template's text; the workspace's `template.yaml` when absent.
    pub template: Option<String>,
    /// Values for the template's parameters.
    pub parameters: BTreeMap<String, String>,
    /// The functions that there are.
    pub registry: Registry,
    /// For ids and random crashes; another each time when absent.
    pub seed: Option<u64>,
}

impl Default for Options {
    fn default() -> Self {
        Self { port: 0, data: None, now: None, template: None, parameters: BTreeMap::new(), registry: registry(), seed: None }
    }
}

/// A running stack. It ends when it is stopped or dropped.
pub struct Stack {
    world: Arc<World>,
    tasks: Vec<JoinHandle<()>>,
}

impl Stack {
    /// Starts a stack: everything listens when this returns.
    ///
    /// # Errors
    ///
    /// Names what is wrong with the template, the data directory, the port or a handler.
    pub async fn start(options: Options) -> anyhow::Result<Self> {
        let text = match &options.template {
            Some(text) => text.clone(),
            None => template_text()?,
        };
        let directory = options.data.as_deref();
        if let Some(directory) = directory {
            std::fs::create_dir_all(directory).with_context(|| format!("{} cannot be made", directory.display()))?;
        }
        let public = TcpListener::bind(("127.0.0.1", options.port))
            .await
            .with_context(|| format!("port {} cannot be listened on; give another with --port", options.port))?;
        let private = TcpListener::bind(("127.0.0.1", 0)).await?;
        let place = Place { url: format!("http://{}", public.local_addr()?), ..Place::default() };
        let endpoint = format!("http://{}", private.local_addr()?);
        let is_known = |name: &str| options.registry.constructor(name).is_some();
        let template = template::load(&text, place, &options.parameters, &is_known)?;
        let kept = directory.map(kept::load).transpose()?.flatten();
        let frozen_at = options.now.or(kept.as_ref().and_then(|kept| kept.frozen_at));
        let clock = VirtualClock::new(frozen_at);
        let database = world::open_database(directory, &template)?;
        let seed = options.seed.unwrap_or_else(rand::random);
        let functions = template
            .functions
            .values()
            .map(|spec| -> anyhow::Result<(String, Slot)> {
                let build = options.registry.constructor(&spec.name).context("it has no crate")?;
                let clients = Clients::at_endpoint(&format!("{endpoint}/fn/{}/", spec.name), &template.place.region);
                let slot = Slot::new(spec.clone(), Arc::clone(build), clients, clock.for_handlers());
                // As in Lambda, what a function lacks shows before its first event.
                slot.handler().with_context(|| format!("function {} does not start", spec.name))?;
                Ok((spec.name.clone(), slot))
            })
            .collect::<anyhow::Result<BTreeMap<_, _>>>()?;
        let world = Arc::new(World {
            engine: Engine::new(&template, clock.now(), kept.map(|kept| kept.state)),
            clock,
            functions,
            database,
            faults: Mutex::new(Faults::default()),
            metrics: Mutex::new(Metrics::default()),
            outbox: Outbox::open(directory.map(|path| path.join("outbox.jsonl")).as_deref())?,
            keys: Keys::new(&kept::secret(directory, "kms.key", Keys::random)?),
            objects: Objects::open(directory.map(|path| path.join("objects")))?,
            token_key: token::read_key(&kept::document(directory, "token.p8", token::new_key)?)?,
            seed,
            aws_url: format!("{endpoint}/"),
            random: world::random(seed),
            vendors: OnceLock::new(),
            payments: PaymentDoubles::default(),
            deliveries: Deliveries::default(),
            data: options.data.clone(),
            template,
        });
        let router = control::router(Arc::clone(&world));
        let (aws_world, engine_world) = (Arc::clone(&world), Arc::clone(&world));
        let tasks = vec![
            tokio::spawn(async move {
                let _never = aws::serve(private, aws_world).await;
            }),
            tokio::spawn(async move { engine_world.run().await }),
            tokio::spawn(async move {
                if let Err(error) = axum::serve(public, router).await {
                    tracing::error!("the HTTP API ended: {error}");
                }
            }),
        ];
        Ok(Self { world, tasks })
    }

    /// Where the HTTP API and the control surface answer.
    pub fn url(&self) -> &str {
        &self.world.template.place.url
    }

    /// What is shared; for what has no helper here.
    pub fn world(&self) -> &Arc<World> {
        &self.world
    }

    /// Moves the clock on, `P30D` or `PT1H`, doing what is due on the way; `PT0S` drains.
    ///
    /// # Errors
    ///
    /// When the span cannot be read or is negative.
    pub async fn advance(&self, span: &str) -> anyhow::Result<Moved> {
        let span: Span = span.parse().with_context(|| format!("{span} is not an ISO 8601 duration"))?;
        self.world.advance(span).await.map_err(|detail| anyhow::anyhow!(detail))
    }

    /// Moves the clock to an instant, doing what is due on the way.
    ///
    /// # Errors
    ///
    /// When it lies before now.
    pub async fn to(&self, at: Timestamp) -> anyhow::Result<Moved> {
        self.world.move_to(at).await.map_err(|detail| anyhow::anyhow!(detail))
    }

    /// The virtual time, for whatever runs beside the stack.
    pub fn clock(&self) -> kit::Clock {
        self.world.clock.for_handlers()
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        self.world.clock.now()
    }

    /// Invokes a function and waits for its answer.
    ///
    /// # Errors
    ///
    /// The handler's error, or why there is no answer.
    pub async fn invoke(&self, function: &str, event: serde_json::Value) -> anyhow::Result<serde_json::Value> {
        self.world.invoke(function, event).await.map_err(|failure| anyhow::anyhow!("{function}: {failure}"))
    }

    /// AWS clients of somebody who is none of the functions: no crash meets them.
    pub fn clients(&self) -> Clients {
        Clients::at_endpoint(&self.world.aws_url, &self.world.template.place.region)
    }

    /// Puts stand-ins of accounting systems beside the stack, with books as they are today.
    ///
    /// # Errors
    ///
    /// When no port can be had, or they are there already.
    pub async fn add_vendors(&self) -> anyhow::Result<&Vendors> {
        let today = self.now().to_zoned(TimeZone::UTC).date();
        let vendors = Vendors::start(self.clock(), today).await?;
        self.world.vendors.set(vendors).ok().context("the accounting systems are there already")?;
        self.world.vendors.get().context("they were just put there")
    }

    /// What was sent for a tenant, or for all.
    pub fn outbox(&self, tenant: Option<&str>) -> Vec<Sent> {
        self.world.outbox.list(tenant, 0)
    }

    /// What it cost since the start.
    pub fn metrics(&self) -> Metrics {
        lock(&self.world.metrics).clone()
    }

    /// Adds a fault, or clears its target.
    ///
    /// # Errors
    ///
    /// Says what is wrong with it.
    pub fn fault(&self, fault: Fault) -> anyhow::Result<()> {
        self.world.add_fault(fault).map_err(|detail| anyhow::anyhow!(detail))
    }

    /// Holds a call of a function's invocations open, from 1, before it is made or before its answer is seen, until it is let go.
    ///
    /// # Errors
    ///
    /// When there is no such function.
    pub fn hold(&self, function: &str, call: u32, when: When) -> anyhow::Result<Hold> {
        let slot = self.world.functions.get(function).with_context(|| format!("there is no function {function}"))?;
        Ok(slot.hold(call, when))
    }

    /// A token of one of a tenant's people.
    ///
    /// # Errors
    ///
    /// When it cannot be signed.
    pub fn token(&self, tenant: &str, role: &str) -> anyhow::Result<String> {
        self.world.token_of(tenant, role)
    }

    /// A token of somebody who operates the deployment.
    ///
    /// # Errors
    ///
    /// When it cannot be signed.
    pub fn operator_token(&self) -> anyhow::Result<String> {
        self.world.operator_token()
    }

    /// A token with claims of one's own.
    ///
    /// # Errors
    ///
    /// When it cannot be signed.
    pub fn token_for(&self, asked: &TokenIn) -> anyhow::Result<String> {
        self.world.issue_token(asked)
    }

    /// Creates or replaces a tenant; answers its webhooks.
    ///
    /// # Errors
    ///
    /// The admin API's refusal.
    pub async fn create_tenant(&self, tenant: TenantIn) -> Result<serde_json::Value, Refusal> {
        tenants::create_tenant(&self.world, tenant).await
    }

    /// Ends the stack; what is kept has been kept.
    pub async fn stop(mut self) {
        for task in self.tasks.drain(..) {
            task.abort();
            let _aborted = task.await;
        }
        self.world.keep();
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// The template at the root of the workspace, or in the current folder.
fn template_text() -> anyhow::Result<String> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../template.yaml");
    let path = [PathBuf::from("template.yaml"), beside].into_iter().find(|path| path.exists());
    let path = path.context("there is no template.yaml here")?;
    std::fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))
}
