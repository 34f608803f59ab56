//! What is counted of a run.

use std::time::Duration;

use super::activity::Phase;
use super::execute::Executed;
use crate::optimizer::Commands;
use crate::telemetry::counting;
use crate::telemetry::servos::State;

/// A command was carried out, in that time where it took any.
pub(super) fn command(cmd: Commands, status: &str, took: Option<Duration>) {
    if !counting() {
        return;
    }
    // Connectors choose among few words, those who drive a servo themselves among any.
    let status = ["ok", "failed", "rejected", "aborted", "cancelled", "out-of-step"].into_iter().find(|s| *s == status);
    let (cmd, status) = (cmd.as_str(), status.unwrap_or("other"));
    metrics::counter!("servo_commands_total", "command" => cmd, "status" => status).increment(1);
    if let Some(took) = took {
        metrics::histogram!("servo_command_duration_seconds", "command" => cmd).record(took);
    }
}

/// Handlers came to an end after that time.
pub(super) fn executed(cmd: Commands, executed: &Executed, took: Duration) {
    let status = match executed {
        Executed::Result(status) => &status.status,
        Executed::OutOfStep(_) => "out-of-step",
    };
    command(cmd, status, Some(took));
}

/// No optimizer has taken a result.
pub(super) fn lost(cmd: Commands) {
    if counting() {
        metrics::counter!("servo_results_lost_total", "command" => cmd.as_str()).increment(1);
    }
}

/// A report of progress was `posted`, or has `failed`.
pub(super) fn progress(outcome: &'static str) {
    if counting() {
        metrics::counter!("servo_progress_total", "outcome" => outcome).increment(1);
    }
}

/// A servo begins anew, because it is `out-of-step` or has `failed`.
pub(super) fn restart(reason: &'static str) {
    if counting() {
        metrics::counter!("servo_restarts_total", "reason" => reason).increment(1);
    }
}

impl From<Phase> for State {
    fn from(phase: Phase) -> Self {
        match phase {
            Phase::Starting => Self::Starting,
            Phase::Running => Self::Running,
            Phase::Stopping => Self::Stopping,
            Phase::Ended => Self::Finished,
        }
    }
}
