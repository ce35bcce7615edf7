use tracing_subscriber::{EnvFilter, fmt, prelude::*};

use crate::Env;

/// Sets up JSON logging at the level that `LOG_LEVEL` names (`info` when absent). Call once, in `main`.
pub fn init(env: &Env) {
    let filter = EnvFilter::new(env.get("LOG_LEVEL").unwrap_or("info"));
    let layer = fmt::layer().json().flatten_event(true).with_current_span(false).with_target(false).without_time();
    // A second call finds a subscriber set and changes nothing.
    let _already_set = tracing_subscriber::registry().with(filter).with(layer).try_init();
}
