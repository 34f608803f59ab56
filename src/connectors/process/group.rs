//! The process group of the application, and the guard that ends it when the servo dies.
//!
//! The guard is a shell that leads the group and reads from a pipe whose other end only the servo holds. Whatever the
//! servo dies of, the system closes that end, the guard reads the end of the file and kills its group, itself
//! included. It needs nothing but builtins of a POSIX shell, and no cooperation of the application. Processes that leave
//! the group on purpose (daemons, by `setsid`) are out of its reach.

use std::io;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::AsyncReadExt;
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

/// The line that is printed tells that signals to the group no longer end the guard.
const GUARD: &str =
    "trap '' HUP INT QUIT USR1 USR2 PIPE ALRM TERM TSTP TTIN TTOU; echo ready; read -r line; kill -KILL 0";

/// How long a shell may take to start, and a killed process to be gone.
const PATIENCE: Duration = Duration::from_secs(10);

/// A process group with a guard. Dropping it kills all of its processes.
pub(super) struct Group {
    /// Not waited for before the group is killed: until then the system cannot give its id to another group.
    guard: Option<Child>,
    id: Pid,
    /// Closed when the servo dies.
    _line: ChildStdin,
    /// Ends when the guard dies.
    alive: ChildStdout,
}

impl Group {
    /// A group with nothing in it but its guard.
    pub(super) async fn open() -> io::Result<Self> {
        let mut guard = Command::new("/bin/sh")
            .args(["-c", GUARD, "servo-guard"])
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        let id = guard.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        let (Some(id), Some(line), Some(alive)) = (id, guard.stdin.take(), guard.stdout.take()) else {
            return Err(io::Error::other("the guard has no id or no pipes"));
        };
        let mut group = Self { guard: Some(guard), id, _line: line, alive };
        let mut ready = [0; 6];
        match timeout(PATIENCE, group.alive.read_exact(&mut ready)).await {
            Ok(Ok(_)) if &ready == b"ready\n" => Ok(group),
            Ok(Ok(_)) => Err(io::Error::other("/bin/sh is not a POSIX shell")),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "/bin/sh did not start in time")),
        }
    }

    /// Starts a program as a member of the group.
    pub(super) fn spawn(&self, command: &mut Command) -> io::Result<Child> {
        command.process_group(self.id.as_raw_nonzero().get()).spawn()
    }

    /// Waits until the guard is dead, which only somebody else's SIGKILL brings about. May be dropped and called again.
    pub(super) async fn broken(&mut self) {
        let mut rest = [0; 64];
        while matches!(self.alive.read(&mut rest).await, Ok(count) if count > 0) {}
    }

    /// Asks every process of the group to end; the guard ignores it.
    pub(super) fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Kills every process of the group, the guard included.
    pub(super) fn kill(&self) {
        self.signal(Signal::KILL);
    }

    fn signal(&self, signal: Signal) {
        // The guard, a zombie at least, is a member until it is waited for. Some systems say that a group of zombies
        // may not be signalled: then there is nothing left to signal.
        if self.guard.is_some() {
            let _ = kill_process_group(self.id, signal);
        }
    }

    /// Kills what is left and waits for the guard.
    pub(super) async fn close(mut self) {
        self.kill();
        if let Some(mut guard) = self.guard.take() {
            let _ = timeout(PATIENCE, guard.wait()).await;
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}
