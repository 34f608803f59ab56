//! What a run is doing, for those who watch it.

use std::time::Instant;

use crate::event::Progress;
use crate::optimizer::Commands;

/// The part of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// Connectors attach and start, the optimizer is greeted.
    #[default]
    Starting,
    /// Commands are carried out.
    Running,
    /// The run ends: by itself or because it was asked to.
    Stopping,
    /// The run is over.
    Ended,
}

/// A command at work.
#[derive(Clone, Debug, PartialEq)]
pub struct CommandActivity {
    /// What was asked for.
    pub cmd: Commands,
    /// When it began.
    pub since: Instant,
}

/// What a run is doing now. Watchers see the newest; they may miss what came between.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Activity {
    /// The part of the run.
    pub phase: Phase,
    /// The command at work.
    pub command: Option<CommandActivity>,
    /// How far it has come, as far as a connector said so.
    pub progress: Option<Progress>,
}
