//! Everything that one stack shares.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

use anyhow::Context;
use aws_lc_rs::signature::EcdsaKeyPair;
use dynoxide::Database;
use rand::{RngCore, SeedableRng, rngs::StdRng};

use crate::{
    aws::{keys::Keys, objects::Objects},
    clock::VirtualClock,
    engine::{Engine, Slot},
    faults::Faults,
    lock,
    metrics::Metrics,
    outbox::Outbox,
    payments::{Deliveries, PaymentDoubles},
    template::Template,
    vendors::Vendors,
};

/// One stack's shared state.
pub struct World {
    /// Where AWS answers, for callers that are none of the functions.
    pub aws_url: String,
    /// What runs.
    pub template: Template,
    /// What time it is.
    pub clock: Arc<VirtualClock>,
    /// Functions by name.
    pub functions: BTreeMap<String, Slot>,
    /// What is still to be done.
    pub engine: Engine,
    /// The tables.
    pub database: Database,
    /// What goes wrong next.
    pub faults: Mutex<Faults>,
    /// What it cost.
    pub metrics: Mutex<Metrics>,
    /// What was sent.
    pub outbox: Outbox,
    /// KMS.
    pub keys: Keys,
    /// S3.
    pub objects: Objects,
    /// Signs the tokens of `POST /_local/token`.
    pub token_key: EcdsaKeyPair,
    /// For ids and crashes; printed where it matters.
    pub seed: u64,
    /// Seeded.
    pub random: Mutex<StdRng>,
    /// The accounting systems beside it, where there are any.
    pub vendors: OnceLock<Vendors>,
    /// The payment providers beside it, once a tenant has one.
    pub payments: PaymentDoubles,
    /// What they told.
    pub deliveries: Deliveries,
    /// Where state is kept.
    pub data: Option<PathBuf>,
}

impl World {
    /// An id in the form of a UUID.
    pub fn new_id(&self) -> String {
        let mut bytes = [0_u8; 16];
        lock(&self.random).fill_bytes(&mut bytes);
        let hex = hex::encode(bytes);
        format!("{}-{}-4{}-a{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..32])
    }
}

impl World {
    fn clients(&self) -> kit::Clients {
        kit::Clients::at_endpoint(&self.aws_url, &self.template.place.region)
    }

    /// The table, for a caller that is none of the functions.
    pub(crate) fn store(&self) -> store::Store {
        let table = self.template.tables.first().map(|table| table.name.clone()).unwrap_or_default();
        store::Store::new(aws_sdk_dynamodb::Client::new(&self.clients().sdk), &table)
    }

    /// The secrets in it.
    pub(crate) fn vault(&self) -> store::Vault {
        store::Vault::new(aws_sdk_kms::Client::new(&self.clients().sdk), self.store(), None)
    }
}

/// A random source from a seed.
pub fn random(seed: u64) -> Mutex<StdRng> {
    Mutex::new(StdRng::seed_from_u64(seed))
}

/// The tables, in memory or in a file.
pub fn open_database(directory: Option<&Path>, template: &Template) -> anyhow::Result<Database> {
    static OPENED: AtomicU64 = AtomicU64::new(0);
    let place = match directory {
        None => format!("file:tables-{}?mode=memory&cache=shared", OPENED.fetch_add(1, Ordering::Relaxed)),
        Some(directory) => directory.join("table.db").to_string_lossy().into_owned(),
    };
    let database = Database::new(&place).map_err(|error| anyhow::anyhow!("the table engine does not open: {error}"))?;
    // The engine looks for a stream's last number, and for what comes after one, without an index: each write would read the whole stream.
    let index = "CREATE INDEX IF NOT EXISTS _stream_by_number ON _stream_records (table_name, CAST(sequence_number AS INTEGER))";
    let second = rusqlite::Connection::open(&place).context("the table engine's file")?;
    second.execute_batch(index).context("an index of the stream")?;
    for table in &template.tables {
        let known = database.get_table_metadata(&table.name);
        if matches!(known, Ok(Some(_))) {
            continue;
        }
        let request = serde_json::from_value(table.request.clone()).with_context(|| format!("table {}", table.name))?;
        database.create_table(request).map_err(|error| anyhow::anyhow!("table {}: {error}", table.name))?;
    }
    Ok(database)
}
