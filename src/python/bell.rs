//! What wakes an asyncio loop up without the GIL: a socket that the loop watches.

#[cfg(unix)]
pub(super) use unix::Bell;

#[cfg(not(unix))]
pub(super) use elsewhere::Bell;

#[cfg(unix)]
mod unix {
    use std::io::{Read, Write};
    use std::os::fd::{AsRawFd, RawFd};
    use std::os::unix::net::UnixStream;

    /// A pair of connected sockets.
    pub(in crate::python) struct Bell {
        near: UnixStream,
        far: UnixStream,
    }

    impl Bell {
        /// A bell and the file descriptor to watch; None where the system has no more of them.
        pub fn new() -> Option<(Self, RawFd)> {
            let (near, far) = UnixStream::pair().ok()?;
            near.set_nonblocking(true).ok()?;
            far.set_nonblocking(true).ok()?;
            let watched = far.as_raw_fd();
            Some((Self { near, far }, watched))
        }

        /// Wakes the loop up.
        pub fn ring(&self) {
            // Where there is no room for another byte there are enough of them.
            let _ = (&self.near).write(&[1]);
        }

        /// Takes what has rung.
        pub fn silence(&self) {
            // A byte a wake-up: what is left wakes the loop once more.
            let _ = (&self.far).read(&mut [0; 64]);
        }
    }
}

#[cfg(not(unix))]
mod elsewhere {
    /// There is none.
    pub(in crate::python) enum Bell {}

    impl Bell {
        pub fn new() -> Option<(Self, i32)> {
            None
        }

        pub fn ring(&self) {
            match *self {}
        }

        pub fn silence(&self) {
            match *self {}
        }
    }
}
