//! Sleeping more exactly than to the millisecond.
//!
//! The timers of tokio are rounded up to the next millisecond. A request that is sent that much late counts it as
//! latency, so on Linux the pacer sleeps on a timer of the kernel.

use std::io;
use std::time::Instant;

#[cfg(target_os = "linux")]
pub(super) struct Timer {
    fd: tokio::io::unix::AsyncFd<std::os::fd::OwnedFd>,
}

#[cfg(target_os = "linux")]
impl Timer {
    /// A timer of the current tokio runtime.
    pub(super) fn new() -> io::Result<Self> {
        use rustix::time::{TimerfdClockId, TimerfdFlags, timerfd_create};
        let fd = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
        // Deprecated for types that may give another descriptor each time they are asked; an `OwnedFd` never does, and
        // the constructor that replaces it would be this crate's only unsafe call.
        #[allow(deprecated)]
        let fd = tokio::io::unix::AsyncFd::with_interest(fd, tokio::io::Interest::READABLE)?;
        Ok(Self { fd })
    }

    /// Waits until then. Others get a turn even when that is past.
    pub(super) async fn sleep_until(&mut self, deadline: Instant) -> io::Result<()> {
        use rustix::time::{Itimerspec, TimerfdTimerFlags, Timespec, timerfd_settime};
        let wait = deadline.saturating_duration_since(Instant::now());
        if wait.is_zero() {
            tokio::task::yield_now().await;
            return Ok(());
        }
        let it_value = Timespec {
            tv_sec: i64::try_from(wait.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: i64::from(wait.subsec_nanos()),
        };
        let it_interval = Timespec { tv_sec: 0, tv_nsec: 0 };
        timerfd_settime(self.fd.get_ref(), TimerfdTimerFlags::empty(), &Itimerspec { it_interval, it_value })?;
        loop {
            let mut ready = self.fd.readable().await?;
            // A readiness may be left from a sleep that was dropped: only a read tells.
            let read = ready.try_io(|fd| Ok(rustix::io::read(fd.get_ref(), &mut [0_u8; 8])?));
            if let Ok(result) = read {
                return result.map(|_| ());
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) struct Timer;

#[cfg(not(target_os = "linux"))]
impl Timer {
    /// A timer of the current tokio runtime.
    #[allow(clippy::unnecessary_wraps)]
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self)
    }

    /// Waits until then. Others get a turn even when that is past.
    #[allow(clippy::unnecessary_wraps)]
    pub(super) async fn sleep_until(&mut self, deadline: Instant) -> io::Result<()> {
        tokio::task::yield_now().await;
        tokio::time::sleep_until(deadline.into()).await;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn sleeps_at_least_that_long() {
        let mut timer = Timer::new().unwrap();
        let begin = Instant::now();
        timer.sleep_until(begin).await.unwrap();
        for millis in [2, 0, 5] {
            let deadline = Instant::now() + Duration::from_millis(millis);
            timer.sleep_until(deadline).await.unwrap();
            assert!(Instant::now() >= deadline);
        }
        assert!(begin.elapsed() < Duration::from_secs(5));
    }

    #[tokio::test]
    async fn a_dropped_sleep_does_not_shorten_the_next() {
        let mut timer = Timer::new().unwrap();
        let soon = Instant::now() + Duration::from_millis(1);
        drop(tokio::time::timeout(Duration::ZERO, timer.sleep_until(soon)).await);
        tokio::time::sleep(Duration::from_millis(20)).await;
        let deadline = Instant::now() + Duration::from_millis(30);
        timer.sleep_until(deadline).await.unwrap();
        assert!(Instant::now() >= deadline);
    }
}
