//! What the greeting tells of a servo.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use indexmap::IndexMap;
use serde_json::{Value as Json, json};

use super::Servo;
use crate::optimizer::agent;

/// How long connectors may take to say what they want to be told of.
const PATIENCE: Duration = Duration::from_secs(10);

/// Texts by name that a service is told of a servo and its connectors, such as `servox.version`.
pub type Telemetry = IndexMap<String, String>;

/// Gives the texts whenever the servo says hello.
pub(super) type Provider = Arc<dyn Fn() -> BoxFuture<'static, Option<Telemetry>> + Send + Sync>;

/// The `param` of HELLO. Connectors have been attached by now.
pub(super) async fn greeting(servo: &Servo) -> Json {
    let given = match servo.telemetry() {
        None => None,
        Some(provider) => {
            // A greeting is sent whatever goes wrong with what it could tell.
            let given = tokio::time::timeout(PATIENCE, AssertUnwindSafe(provider()).catch_unwind()).await;
            if !matches!(given, Ok(Ok(_))) {
                tracing::warn!(servo = servo.name(), "the telemetry of the connectors is not to be had");
            }
            given.ok().and_then(Result::ok).flatten()
        }
    };
    json!({ "agent": agent(), "telemetry": given.unwrap_or_else(own) })
}

/// What the engine itself knows.
fn own() -> Telemetry {
    let mut own = Telemetry::from_iter([
        ("servox.version".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
        ("servox.platform".to_owned(), platform().to_owned()),
    ]);
    if let Some(namespace) = std::env::var("POD_NAMESPACE").ok().filter(|namespace| !namespace.is_empty()) {
        own.insert("servox.namespace".to_owned(), namespace);
    }
    own
}

/// System, release and machine, as in `Linux-6.1.0-x86_64`.
fn platform() -> &'static str {
    static PLATFORM: OnceLock<String> = OnceLock::new();
    PLATFORM.get_or_init(|| {
        let system = match std::env::consts::OS {
            "linux" => "Linux",
            "macos" => "macOS",
            "windows" => "Windows",
            other => other,
        };
        let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        let parts = [system, release.trim(), std::env::consts::ARCH];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_servo_without_more_to_tell_tells_of_the_engine() {
        let greeting = greeting(&Servo::builder("shop").build()).await;
        assert_eq!(greeting["agent"], format!("github.com/opsani/servox v{}", env!("CARGO_PKG_VERSION")));
        assert_eq!(greeting["telemetry"]["servox.version"], env!("CARGO_PKG_VERSION"));
        let platform = greeting["telemetry"]["servox.platform"].as_str().unwrap();
        assert!(platform.contains(std::env::consts::ARCH) && !platform.contains(char::is_whitespace), "{platform}");
    }

    #[tokio::test(start_paused = true)]
    async fn telemetry_that_fails_does_not_keep_a_servo_from_greeting() {
        let panics = Servo::builder("shop").telemetry(|| async { panic!("no telemetry") });
        let hangs = Servo::builder("shop").telemetry(std::future::pending);
        let nothing = Servo::builder("shop").telemetry(|| async { None });
        for servo in [panics, hangs, nothing] {
            let greeting = greeting(&servo.build()).await;
            assert_eq!(greeting["telemetry"]["servox.version"], env!("CARGO_PKG_VERSION"));
        }
    }
}
