//! What survives a restart with `--data DIR`: the table (at every write), the outbox (at every message), keys, objects, and
//! the clock and what was still to be done (whenever the engine comes to rest). After a kill in between, messages that were on
//! their way are dispatched again from the table by the sweep, under the same ids.

use std::path::Path;

use anyhow::Context;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{engine::state::State, lock, world::World};

#[derive(Serialize)]
struct KeptRef<'a> {
    frozen_at: Option<Timestamp>,
    state: &'a State,
}

/// What was kept.
#[derive(Debug, Default, Deserialize)]
pub struct Kept {
    /// Where the clock stood, if it was frozen.
    pub frozen_at: Option<Timestamp>,
    /// What was still to be done.
    pub state: State,
}

/// Writes the state beside the old one, then puts it in its place.
fn save(directory: &Path, world: &World) -> anyhow::Result<()> {
    let frozen_at = world.clock.is_frozen().then(|| world.clock.now());
    let text = {
        let state = lock(&world.engine.state);
        serde_json::to_vec(&KeptRef { frozen_at, state: &state })?
    };
    let beside = directory.join("state.json.new");
    std::fs::write(&beside, text).context("state.json.new cannot be written")?;
    std::fs::rename(&beside, directory.join("state.json")).context("state.json cannot be replaced")
}

impl World {
    /// Writes down what must survive a restart; errors are logged, for the stack can go on.
    pub fn keep(&self) {
        let Some(directory) = &self.data else { return };
        if let Err(error) = save(directory, self) {
            tracing::error!("the state cannot be kept: {error:#}");
        }
    }
}

/// What was kept, if anything was.
pub fn load(directory: &Path) -> anyhow::Result<Option<Kept>> {
    match std::fs::read(directory.join("state.json")) {
        Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes).context("state.json cannot be read; remove it to begin anew")?)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).context("state.json"),
    }
}

/// A secret that is made once and kept.
pub fn secret(directory: Option<&Path>, name: &str, make: impl FnOnce() -> [u8; 32]) -> anyhow::Result<[u8; 32]> {
    let Some(path) = directory.map(|directory| directory.join(name)) else { return Ok(make()) };
    match std::fs::read(&path) {
        Ok(bytes) => bytes.try_into().map_err(|_| anyhow::anyhow!("{} does not hold 32 bytes", path.display())),
        Err(_) => {
            let secret = make();
            std::fs::write(&path, secret).with_context(|| format!("{} cannot be written", path.display()))?;
            Ok(secret)
        }
    }
}

/// A document that is made once and kept.
pub fn document(directory: Option<&Path>, name: &str, make: impl FnOnce() -> anyhow::Result<Vec<u8>>) -> anyhow::Result<Vec<u8>> {
    let Some(path) = directory.map(|directory| directory.join(name)) else { return make() };
    match std::fs::read(&path) {
        Ok(bytes) => Ok(bytes),
        Err(_) => {
            let made = make()?;
            std::fs::write(&path, &made).with_context(|| format!("{} cannot be written", path.display()))?;
            Ok(made)
        }
    }
}
