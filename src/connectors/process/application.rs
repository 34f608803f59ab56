//! One run of the application, from its start to its end.

use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::group::Group;
use super::output::{Log, Output};
use super::plan::Launch;

/// How long a killed process may take to be gone.
const PATIENCE: Duration = Duration::from_secs(10);

/// A running application. Dropping it kills all of its processes.
pub(super) struct Application {
    /// Counts the runs: the same number, the same processes.
    pub(super) run: u64,
    pub(super) pid: u32,
    pub(super) started: Instant,
    child: Child,
    group: Group,
    output: Output,
}

impl Application {
    /// Starts the application. Says what is wrong, and where, when the program cannot be run.
    pub(super) async fn start(run: u64, launch: &Launch, log: Option<Log>) -> Result<Self, String> {
        if !launch.directory.is_dir() {
            return Err(format!("the working directory {} is not there", launch.directory.display()));
        }
        let group = Group::open()
            .await
            .map_err(|error| format!("its guard process (/bin/sh) could not be started: {error}"))?;
        let pipe = |error| format!("no pipe for the output: {error}");
        let (reader, writer) = std::io::pipe().map_err(pipe)?;
        let mut command = Command::new(&launch.program);
        command
            .args(&launch.arguments)
            .envs(launch.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(&launch.directory)
            .stdin(Stdio::null())
            .stdout(writer.try_clone().map_err(pipe)?)
            .stderr(writer);
        let child = group.spawn(&mut command).map_err(|error| {
            format!(
                "the program {} cannot be run (in {}): {error}",
                launch.program.display(),
                launch.directory.display()
            )
        })?;
        // It holds the writing end of the pipe, which would never end.
        drop(command);
        let output = Output::follow(reader.into(), log).map_err(pipe)?;
        let pid = child.id().unwrap_or_default();
        Ok(Self { run, pid, started: Instant::now(), child, group, output })
    }

    /// Waits until the application has ended and says how. What is left of its processes is killed. May be dropped and
    /// called again.
    pub(super) async fn ended(&mut self) -> String {
        let how = tokio::select! {
            biased;
            status = self.child.wait() => match status {
                Ok(status) if status.success() => {
                    "exit status: 0; an application has to stay in the foreground".into()
                }
                Ok(status) => status.to_string(),
                Err(error) => format!("its exit status is not known: {error}"),
            },
            () = self.group.broken() => "its guard process was killed, so it was stopped".into(),
        };
        self.group.kill();
        self.output.drain().await;
        how
    }

    /// How it has ended, if it has.
    pub(super) async fn ended_now(&mut self) -> Option<String> {
        match self.child.try_wait() {
            Ok(None) => None,
            _ => Some(self.ended().await),
        }
    }

    /// The last lines of its output.
    pub(super) fn tail(&self) -> String {
        self.output.tail()
    }

    /// Asks all of its processes to end, gives them that long, kills the rest, and waits until all is gone.
    pub(super) async fn stop(mut self, patience: Duration) -> String {
        let graceful = async {
            self.group.terminate();
            let _ = self.child.wait().await;
            // Workers may outlive the process that started them; as long as they can print, they have not ended.
            self.output.closed().await;
        };
        let killed = timeout(patience, graceful).await.is_err();
        if killed {
            tracing::warn!(pid = self.pid, "the application did not end on SIGTERM in time and was killed");
        }
        self.kill().await
    }

    /// Kills all of its processes and waits until they are gone. Gives the last lines of the output.
    pub(super) async fn kill(mut self) -> String {
        self.group.kill();
        if timeout(PATIENCE, self.child.wait()).await.is_err() {
            tracing::warn!(pid = self.pid, "the killed application is still there: the system holds it");
        }
        self.output.drain().await;
        let tail = self.output.tail();
        self.group.close().await;
        tail
    }
}
