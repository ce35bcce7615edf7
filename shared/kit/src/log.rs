//! Logging: one line of JSON an event, with what of it Powertools for AWS Lambda names, under its names.

mod line;

pub use line::TELLS_ALL;
use tracing_subscriber::{filter::LevelFilter, fmt::MakeWriter, prelude::*};

use crate::Env;

/// Sets up JSON logging at the level that `LOG_LEVEL` names (`info` when absent), and metrics. Call once, in `main`.
pub fn init(env: &Env) {
    crate::metrics::init(env);
    init_to(env, std::io::stdout);
}

/// The same, written elsewhere: for where the function's log has no reader.
pub fn init_to(env: &Env, writer: impl for<'w> MakeWriter<'w> + Send + Sync + 'static) {
    // A level and no more: a filter by module would link a regular expression engine into every function.
    let level = env.get("LOG_LEVEL").and_then(|level| level.parse().ok()).unwrap_or(LevelFilter::INFO);
    // A second call finds a subscriber set and changes nothing.
    let _already_set = tracing_subscriber::registry().with(line::layer(env, level, writer)).try_init();
}

/// An error and what caused it, on one line, for the log: as a field of its own type an error is written without its causes.
pub fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::causes;

    #[test]
    fn every_cause_is_named() {
        let denied = anyhow::anyhow!("not authorized").context("service error").context("read the head");
        assert_eq!(causes(&*denied), "read the head: service error: not authorized");
        assert_eq!(causes(&std::fmt::Error), std::fmt::Error.to_string());
    }
}
