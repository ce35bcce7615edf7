//! A stack whose functions run on a thread each, so that the processor time and the capacity units of every function are
//! known apart from those of the table's engine.

use std::{
    collections::BTreeMap,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    thread,
    time::Duration,
};

use anyhow::Context as _;
use jiff::Timestamp;
use kit::{Clients, Env};
use lambda_runtime::{Context, LambdaEvent};
use local::{Options, Registry, Stack, metrics::Metrics, tenants::TenantIn, world::World};
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

use crate::cpu;

type Job = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A thread with a runtime of its own, as a function has in Lambda.
pub struct Lane {
    thread: u32,
    jobs: mpsc::UnboundedSender<Job>,
}

impl Lane {
    /// Starts one. It ends when this is dropped.
    pub fn start(name: &str) -> anyhow::Result<Arc<Self>> {
        let (jobs, mut inbox) = mpsc::unbounded_channel::<Job>();
        let (tell, told) = std::sync::mpsc::channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        thread::Builder::new().name(name.to_owned()).spawn(move || {
            let _nobody_waits = tell.send(cpu::own_thread());
            runtime.block_on(async move {
                while let Some(job) = inbox.recv().await {
                    tokio::spawn(job);
                }
            });
        })?;
        Ok(Arc::new(Self { thread: told.recv()??, jobs }))
    }

    /// Runs something there.
    pub async fn run<T: Send + 'static>(&self, future: impl Future<Output = T> + Send + 'static) -> anyhow::Result<T> {
        let (tell, told) = oneshot::channel();
        let job = async move {
            let _nobody_waits = tell.send(future.await);
        };
        self.jobs.send(Box::pin(job)).ok().context("the lane has ended")?;
        told.await.context("the job did not end")
    }

    /// What it has used so far.
    pub fn cpu(&self) -> Duration {
        cpu::of_thread(self.thread)
    }
}

/// What one function has cost.
#[derive(Clone, Debug, Default)]
pub struct Cost {
    pub cpu: Duration,
    pub metrics: Metrics,
}

/// What the functions share with whoever measures them.
#[derive(Default)]
pub struct Probes {
    world: OnceLock<Arc<World>>,
    lanes: Mutex<BTreeMap<String, Arc<Lane>>>,
    costs: Mutex<BTreeMap<String, Cost>>,
    places: Mutex<BTreeMap<String, (Env, Clients)>>,
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Probes {
    fn metrics(&self) -> Metrics {
        self.world.get().map(|world| lock(&world.metrics).clone()).unwrap_or_default()
    }

    /// The stack invokes one function at a time, so what the stack counts meanwhile is that function's.
    fn note(&self, name: &str, before: &Metrics) {
        let mut costs = lock(&self.costs);
        let cost = costs.entry(name.to_owned()).or_default();
        add(&mut cost.metrics, &less(&self.metrics(), before));
    }

    /// The functions, each on a thread of its own.
    pub fn registry(self: &Arc<Self>) -> anyhow::Result<Registry> {
        let real = local::registry();
        let mut probed = Registry::default();
        for name in real.names() {
            let build = Arc::clone(real.constructor(name).with_context(|| format!("there is no function {name}"))?);
            let (probes, of) = (Arc::clone(self), name.to_owned());
            probed = probed.with(name, move |env, clients, clock| {
                let inner = build(env, clients, clock)?;
                let lane = Lane::start(&of)?;
                lock(&probes.lanes).insert(of.clone(), Arc::clone(&lane));
                lock(&probes.places).insert(of.clone(), (env.clone(), clients.clone()));
                let (probes, of) = (Arc::downgrade(&probes), of.clone());
                Ok(local::from_fn(move |event| {
                    let (lane, inner, probes, of) = (Arc::clone(&lane), Arc::clone(&inner), probes.clone(), of.clone());
                    async move {
                        let before = probes.upgrade().map(|probes| probes.metrics()).unwrap_or_default();
                        let answer = lane.run(inner.call(event)).await.map_err(|error| error.to_string())?;
                        if let Some(probes) = probes.upgrade() {
                            probes.note(&of, &before);
                        }
                        answer
                    }
                }))
            });
        }
        Ok(probed)
    }

    /// What every function has cost so far.
    pub fn costs(&self) -> BTreeMap<String, Cost> {
        let mut costs = lock(&self.costs).clone();
        for (name, lane) in lock(&self.lanes).iter() {
            costs.entry(name.clone()).or_default().cpu = lane.cpu();
        }
        costs
    }
}

/// A stack with probes.
pub struct Rig {
    pub stack: Stack,
    probes: Arc<Probes>,
}

impl Rig {
    /// Starts a stack with one live tenant, `bench`, whose breaker does not trip.
    pub async fn start(now: Timestamp) -> anyhow::Result<(Self, Hook)> {
        let probes = Arc::new(Probes::default());
        let options = Options { now: Some(now), registry: probes.registry()?, seed: Some(1), ..Options::default() };
        let stack = Stack::start(options).await?;
        let _first = probes.world.set(Arc::clone(stack.world()));
        let rig = Self { stack, probes };
        let hook = rig.tenant("bench").await?;
        Ok((rig, hook))
    }

    /// Adds a tenant.
    pub async fn tenant(&self, id: &str) -> anyhow::Result<Hook> {
        let settings = json!({
            "name": "Bench GmbH", "country": "DE", "time_zone": "Europe/Berlin", "breaker": {"factor": 1000, "minimum": 1_000_000}
        });
        let settings = settings.as_object().cloned().unwrap_or_default();
        let wish = TenantIn { tenant: id.to_owned(), settings, ..TenantIn::default() };
        let answer = self.stack.create_tenant(wish).await.map_err(|refusal| anyhow::anyhow!("{refusal:?}"))?;
        let hook = &answer["webhooks"]["canonical"];
        let text = |key: &str| hook[key].as_str().map(str::to_owned).with_context(|| format!("no {key} in {answer}"));
        Ok(Hook { url: text("url")?, secret: text("secret")? })
    }

    /// Invokes a function by itself, with a quarter of an hour to finish in.
    pub async fn invoke(&self, function: &str, payload: Value) -> anyhow::Result<Value> {
        let slot = self.stack.world().functions.get(function).context("a function of the template")?;
        let mut context = Context::default();
        let deadline = self.stack.now() + jiff::SignedDuration::from_mins(15);
        context.deadline = u64::try_from(deadline.as_millisecond())?;
        let handler = slot.handler()?;
        handler.call(LambdaEvent::new(payload, context)).await.map_err(|error| anyhow::anyhow!(error))
    }

    /// What every function has cost so far.
    pub fn costs(&self) -> BTreeMap<String, Cost> {
        self.probes.costs()
    }

    /// Where a function was told to find AWS, and its variables.
    pub fn place(&self, function: &str) -> anyhow::Result<(Env, Clients)> {
        lock(&self.probes.places).get(function).cloned().context("a function of the template")
    }

    pub fn table_name(&self) -> &str {
        self.stack.world().template.tables.first().map_or("", |table| table.name.as_str())
    }
}

/// A canonical webhook.
#[derive(Clone, Debug)]
pub struct Hook {
    pub url: String,
    pub secret: String,
}

/// What a measured stretch cost: later less earlier.
pub fn less(after: &Metrics, before: &Metrics) -> Metrics {
    fn less<T: Copy + Default>(
        after: &BTreeMap<String, T>,
        before: &BTreeMap<String, T>,
        sub: fn(T, T) -> T,
    ) -> BTreeMap<String, T> {
        after.iter().map(|(key, value)| (key.clone(), sub(*value, before.get(key).copied().unwrap_or_default()))).collect()
    }
    let units = |after, before| less(after, before, |after: f64, before: f64| after - before);
    Metrics {
        write_units: units(&after.write_units, &before.write_units),
        read_units: units(&after.read_units, &before.read_units),
        aws_calls: less(&after.aws_calls, &before.aws_calls, u64::saturating_sub),
        invocations: less(&after.invocations, &before.invocations, u64::saturating_sub),
        ..Metrics::default()
    }
}

fn add(to: &mut Metrics, more: &Metrics) {
    for (key, value) in &more.write_units {
        *to.write_units.entry(key.clone()).or_default() += value;
    }
    for (key, value) in &more.read_units {
        *to.read_units.entry(key.clone()).or_default() += value;
    }
    for (key, value) in &more.aws_calls {
        *to.aws_calls.entry(key.clone()).or_default() += value;
    }
}
