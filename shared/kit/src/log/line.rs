//! What a line of the log says: the event, and which request of which function it belongs to.

use std::{
    fmt::Debug,
    io::Write,
    sync::atomic::{AtomicBool, Ordering},
};

use serde_json::{Map, Value};
use tracing::{
    Event, Id, Metadata, Subscriber,
    field::{Field, Visit},
    span::Attributes,
};
use tracing_subscriber::{
    Layer,
    filter::{FilterFn, LevelFilter},
    fmt::MakeWriter,
    layer::Context,
    registry::LookupSpan,
};

use crate::{Clock, Env};

/// The span that Lambda's runtime lays around each invocation.
const INVOCATION: &str = "Lambda runtime invoke";
/// What the runtime calls the request and its trace there, and what a line calls them.
const OF_SPAN: [(&str, &str); 2] = [("requestId", "function_request_id"), ("xrayTraceId", "xray_trace_id")];

/// A crate of others that writes whole requests and answers below `warn`, with all that they say of people: of it only errors become lines.
pub const TELLS_ALL: &str = "rmcp";

/// Writes each event of `level` or graver as one line.
pub(super) fn layer<S>(
    env: &Env,
    level: LevelFilter,
    writer: impl for<'w> MakeWriter<'w> + Send + Sync + 'static,
) -> impl Layer<S> + Send + Sync + 'static
where
    S: Subscriber + for<'s> LookupSpan<'s>,
{
    let mut always = Map::new();
    for (name, value) in [("service", env.get("METRICS_NAMESPACE")), ("function_name", env.get("AWS_LAMBDA_FUNCTION_NAME"))] {
        always.extend(value.map(|value| (name.to_owned(), Value::from(value))));
    }
    let lines = Lines { always, clock: Clock::system(), writer, is_first: AtomicBool::new(true) };
    // The invocation's span is kept at every level: graver lines belong to a request too.
    let wanted = move |metadata: &Metadata<'_>| {
        let most = if tells_all(metadata) { level.min(LevelFilter::ERROR) } else { level };
        *metadata.level() <= most || is_invocation(metadata)
    };
    Layer::<S>::with_filter(lines, FilterFn::new(wanted).with_max_level_hint(level.max(LevelFilter::INFO)))
}

fn is_invocation(metadata: &Metadata<'_>) -> bool {
    metadata.is_span() && metadata.name() == INVOCATION
}

fn tells_all(metadata: &Metadata<'_>) -> bool {
    metadata.target().split("::").next() == Some(TELLS_ALL)
}

struct Lines<W> {
    /// What every line of the process says.
    always: Map<String, Value>,
    clock: Clock,
    writer: W,
    /// Whether no invocation has begun yet in this process.
    is_first: AtomicBool,
}

/// What every line of an invocation says.
struct Invocation(Map<String, Value>);

impl<S, W> Layer<S> for Lines<W>
where
    S: Subscriber + for<'s> LookupSpan<'s>,
    W: for<'w> MakeWriter<'w> + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id).filter(|_| is_invocation(attributes.metadata())) else { return };
        let mut named = Fields::default();
        attributes.record(&mut named);
        let mut said = Map::new();
        for (theirs, ours) in OF_SPAN {
            said.extend(named.0.remove(theirs).map(|value| (ours.to_owned(), value)));
        }
        said.insert("cold_start".to_owned(), self.is_first.swap(false, Ordering::Relaxed).into());
        span.extensions_mut().insert(Invocation(said));
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut line = Fields::default();
        event.record(&mut line);
        let mut line = line.0;
        line.insert("level".to_owned(), event.metadata().level().as_str().into());
        line.insert("timestamp".to_owned(), format!("{:.3}", self.clock.now()).into());
        line.extend(self.always.clone());
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(Invocation(said)) = span.extensions().get() {
                line.extend(said.clone());
            }
        }
        // Where a line cannot be written there is nobody to tell.
        let _unheard = writeln!(self.writer.make_writer(), "{}", Value::Object(line));
    }
}

/// The fields of an event or a span.
#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn put(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Fields {
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.put(field, format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use lambda_runtime::layers::trace::request_span;
    use serde_json::json;

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("nobody panicked").write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn logged(level: LevelFilter, act: impl FnOnce()) -> Vec<Value> {
        let (env, kept) = (
            Env::from_pairs(
                [("METRICS_NAMESPACE", "dunlin"), ("AWS_LAMBDA_FUNCTION_NAME", "dunlin-Sweep")]
                    .map(|(name, value)| (name.to_owned(), value.to_owned())),
            ),
            Kept::default(),
        );
        let writer = kept.clone();
        let subscriber = tracing_subscriber::registry::Registry::default();
        let subscriber = tracing_subscriber::layer::SubscriberExt::with(subscriber, layer(&env, level, move || writer.clone()));
        tracing::subscriber::with_default(subscriber, act);
        let text = String::from_utf8(kept.0.lock().expect("nobody panicked").clone()).expect("text");
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }

    fn invocation(request_id: &str) -> lambda_runtime::Context {
        let mut context = lambda_runtime::Context::default();
        context.request_id = request_id.to_owned();
        context.xray_trace_id = Some("Root=1-2".to_owned());
        context
    }

    #[test]
    fn a_line_belongs_to_its_request_at_every_level() {
        for level in [LevelFilter::DEBUG, LevelFilter::WARN] {
            let lines = logged(level, || {
                tracing::warn!("before");
                for request in ["r-1", "r-2"] {
                    request_span(&invocation(request)).in_scope(|| {
                        tracing::warn!(tenant.id = %"acme", count = 3_u64, error = "busy", "kept back");
                        tracing::debug!("details");
                    });
                }
            });
            let warned: Vec<&Value> = lines.iter().filter(|line| line["level"] == "WARN").collect();
            assert_eq!(lines.len() - warned.len(), if level == LevelFilter::DEBUG { 2 } else { 0 }, "{lines:?}");
            assert_eq!(warned[0]["function_request_id"], Value::Null);
            for (line, (request, cold)) in warned[1..].iter().zip([("r-1", true), ("r-2", false)]) {
                let mut line = (*line).clone();
                let at = line.as_object_mut().and_then(|line| line.remove("timestamp"));
                assert!(at.is_some_and(|at| at.as_str().is_some_and(|at| at.len() == "2026-01-01T00:00:00.000Z".len())));
                let expected = json!({
                    "level": "WARN", "message": "kept back", "tenant.id": "acme", "count": 3, "error": "busy",
                    "service": "dunlin", "function_name": "dunlin-Sweep",
                    "function_request_id": request, "xray_trace_id": "Root=1-2", "cold_start": cold,
                });
                assert_eq!(line, expected);
            }
        }
    }

    #[test]
    fn nothing_of_requests_is_written_by_who_would_tell_all() {
        let lines = logged(LevelFilter::DEBUG, || {
            tracing::debug!(target: "rmcp::service", request = "names", "received request");
            tracing::warn!(target: "rmcp", "rejected");
            tracing::error!(target: "rmcp::service", "fail to response message");
            tracing::debug!(target: "rmcpx", "somebody else's");
        });
        let said: Vec<&Value> = lines.iter().map(|line| &line["message"]).collect();
        assert_eq!(said, ["fail to response message", "somebody else's"]);
    }

    #[test]
    fn spans_of_others_add_nothing() {
        let lines = logged(LevelFilter::DEBUG, || {
            tracing::debug_span!("try_op", requestId = "s3").in_scope(|| tracing::info!("hello"));
        });
        assert_eq!(lines[0]["function_request_id"], Value::Null);
    }
}
