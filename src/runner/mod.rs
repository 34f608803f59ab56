//! The run loop of a servo: asks its optimizer what is next, carries it out, reports.

mod activity;
mod assembly;
mod backoff;
mod commands;
mod consent;
mod counting;
mod document;
mod end;
mod execute;
mod greeting;
mod guarded;
mod poll;
mod progress;
mod report;
mod run;
mod servo;
mod start;
mod stop;

pub use activity::{Activity, CommandActivity, Phase};
pub use assembly::{Assembly, Failure, Finished, MemberId};
pub use consent::{Consent, Intent};
pub use greeting::Telemetry;
pub use run::{Ended, RunError, Runner};
pub use servo::{Builder, Servo};
pub use stop::{Grace, Stop};
