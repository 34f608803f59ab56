//! What a server counts. `docs/optimizer-server.md` tells the same.

use std::time::Duration;

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};

use crate::optimizer::Commands;

/// Says what the numbers mean; to be called when they are being kept.
pub(super) fn describe(applications: usize) {
    describe_gauge!("servo_server_applications", "Applications that are configured.");
    describe_gauge!("servo_server_connections", "Connections that are open.");
    describe_counter!("servo_server_connections_refused_total", "Connections beyond the limit.");
    describe_counter!("servo_server_requests_total", "Messages of servos, by event and status of HTTP.");
    describe_histogram!(
        "servo_server_request_duration_seconds",
        metrics::Unit::Seconds,
        "From the head of a request to its answer, by event."
    );
    describe_counter!("servo_server_commands_total", "Commands that were given.");
    describe_counter!("servo_server_studies_total", "Studies that ended, finished or broken.");
    gauge!("servo_server_applications").set(applications as f64);
}

pub(super) fn request(event: &'static str, status: u16, took: Duration) {
    counter!("servo_server_requests_total", "event" => event, "status" => status.to_string()).increment(1);
    histogram!("servo_server_request_duration_seconds", "event" => event).record(took.as_secs_f64());
}

pub(super) fn command(command: Commands) {
    counter!("servo_server_commands_total", "command" => command.as_str()).increment(1);
}

pub(super) fn study(outcome: &'static str) {
    counter!("servo_server_studies_total", "outcome" => outcome).increment(1);
}

pub(super) fn connection_refused() {
    counter!("servo_server_connections_refused_total").increment(1);
}

/// An open connection, for as long as it is held.
pub(super) struct Connection(());

impl Connection {
    pub fn opened() -> Self {
        gauge!("servo_server_connections").increment(1);
        Self(())
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        gauge!("servo_server_connections").decrement(1);
    }
}
