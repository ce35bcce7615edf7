use tracing_subscriber::{
    EnvFilter,
    fmt::{self, MakeWriter},
    prelude::*,
};

use crate::Env;

/// Sets up JSON logging at the level that `LOG_LEVEL` names (`info` when absent). Call once, in `main`.
pub fn init(env: &Env) {
    init_to(env, std::io::stdout);
}

/// The same, written elsewhere: for where the function's log has no reader.
pub fn init_to(env: &Env, writer: impl for<'w> MakeWriter<'w> + Send + Sync + 'static) {
    let filter = EnvFilter::new(env.get("LOG_LEVEL").unwrap_or("info"));
    let layer = fmt::layer().json().flatten_event(true).with_current_span(false).with_target(false).without_time();
    // A second call finds a subscriber set and changes nothing.
    let _already_set = tracing_subscriber::registry().with(filter).with(layer.with_writer(writer)).try_init();
}
