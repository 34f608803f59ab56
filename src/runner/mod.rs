//! The run loop of a servo: asks its optimizer what is next, carries it out, reports.

mod activity;
mod assembly;
mod commands;
mod document;
mod run;
mod servo;
mod stop;

pub use activity::{Activity, CommandActivity, Phase};
pub use assembly::{Assembly, Failure, Finished, MemberId};
pub use run::{Ended, RunError, Runner};
pub use servo::{Builder, Servo};
pub use stop::{Grace, Stop};
