//! Spans to an OpenTelemetry collector, over OTLP/HTTP.
//!
//! The standard variables say where to and how: `OTEL_EXPORTER_OTLP_ENDPOINT`, `OTEL_SERVICE_NAME`,
//! `OTEL_RESOURCE_ATTRIBUTES`, `OTEL_TRACES_SAMPLER`, `OTEL_BSP_…` and the others that the SDK knows.

mod bridge;
mod courier;

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{SpanExporter, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use tracing::{Level, Subscriber};
use tracing_opentelemetry::{OpenTelemetryLayer, OpenTelemetrySpanExt};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{Targets, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;

use bridge::LogBridge;
use courier::Courier;

/// What the service is called unless the environment says so.
const SERVICE: &str = "servo";
/// What stands in a variable that is not set.
const UNSET: &str = "";

/// The spans of this process on their way to a collector.
static EXPORT: OnceLock<Mutex<Option<SdkTracerProvider>>> = OnceLock::new();

/// Why spans are not exported.
#[derive(Debug, thiserror::Error)]
#[error("traces are not exported: {0}")]
pub struct TraceError(String);

/// Begins to export spans, where `OTEL_EXPORTER_OTLP_ENDPOINT` or `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` says where to; for
/// all of this process and once. Gives whether spans are exported.
///
/// Records go on to `log` as they did. At most 2,048 spans wait for a collector, unless `OTEL_BSP_MAX_QUEUE_SIZE` says
/// another number; later ones are dropped. Nothing ever waits for the collector but [`finish_traces`].
pub fn export_traces() -> Result<bool, TraceError> {
    let Some(spans) = span_layer()? else { return Ok(kept().is_some()) };
    let records = LogBridge.with_filter(filter_fn(bridge::is_record).with_max_level_hint(bridge::most()));
    let subscriber = tracing_subscriber::registry().with(spans).with(records);
    let installed = tracing::subscriber::set_global_default(subscriber);
    installed.map_err(|_| {
        *kept() = None;
        TraceError("another subscriber of tracing is installed".to_owned())
    })?;
    Ok(true)
}

fn kept() -> MutexGuard<'static, Option<SdkTracerProvider>> {
    EXPORT.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner)
}

/// What exports spans, for a subscriber; None where the environment does not ask for it, and once there is one.
pub(super) fn span_layer<S>() -> Result<Option<impl Layer<S>>, TraceError>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let read = |name: &str| std::env::var(name).unwrap_or(UNSET.to_owned()).trim().to_owned();
    let wanted = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];
    if wanted.iter().all(|name| read(name).is_empty())
        || read("OTEL_SDK_DISABLED").eq_ignore_ascii_case("true")
        || read("OTEL_TRACES_EXPORTER") == "none"
    {
        return Ok(None);
    }
    let mut kept = kept();
    if kept.is_some() {
        return Ok(None);
    }
    for name in ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"] {
        let protocol = read(name);
        if !matches!(protocol.as_str(), UNSET | "http/protobuf") {
            return Err(TraceError(format!("{name} is '{protocol}', and http/protobuf is all there is")));
        }
    }
    let courier = Courier::new().map_err(TraceError)?;
    let exporter = SpanExporter::builder().with_http().with_http_client(courier).build();
    let exporter = exporter.map_err(|error| TraceError(error.to_string()))?;
    let mut resource = Resource::builder();
    if read("OTEL_SERVICE_NAME").is_empty() && !read("OTEL_RESOURCE_ATTRIBUTES").contains("service.name=") {
        resource = resource.with_service_name(SERVICE);
    }
    let provider = SdkTracerProvider::builder().with_resource(resource.build()).with_batch_exporter(exporter).build();
    let spans = OpenTelemetryLayer::new(provider.tracer("servox"))
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
        .with_filter(Targets::new().with_target("servox", Level::INFO).with_target(super::spans::TARGET, Level::DEBUG));
    *kept = Some(provider);
    Ok(Some(spans))
}

/// Delivers what still waits, within that time, and ends the export.
///
/// It blocks: call it where nothing else runs on the thread.
pub fn finish_traces(within: Duration) {
    let kept = EXPORT.get().and_then(|kept| kept.lock().unwrap_or_else(PoisonError::into_inner).take());
    if let Some(provider) = kept
        && let Err(error) = provider.shutdown_with_timeout(within)
    {
        tracing::debug!("not all spans were delivered: {error}");
    }
}

/// The headers by which a service can tell its spans from those around a request.
pub(crate) fn propagate(headers: &mut HeaderMap) {
    use opentelemetry::propagation::TextMapPropagator as _;

    struct Headers<'a>(&'a mut HeaderMap);

    impl opentelemetry::propagation::Injector for Headers<'_> {
        fn set(&mut self, key: &str, value: String) {
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(key), HeaderValue::try_from(value))
                && !value.is_empty()
            {
                self.0.insert(name, value);
            }
        }
    }

    let span = tracing::Span::current();
    if !span.is_none() {
        TraceContextPropagator::new().inject_context(&span.context(), &mut Headers(headers));
    }
}
