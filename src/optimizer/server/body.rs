//! Bodies of requests: bounded in size, time, and in all of them together.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout, timeout_at};

/// The largest body: the largest message that our client sends.
pub(super) const LARGEST: usize = 64 << 20;
/// How much all bodies that are being read or understood may hold together.
const TOGETHER: usize = 2 * LARGEST;
/// The unit of [`TOGETHER`]; what a body holds without being counted.
const UNIT: usize = 64 << 10;
/// How long nothing may come.
const SILENCE: Duration = Duration::from_secs(10);
/// How long a body may take in all.
const IN_ALL: Duration = Duration::from_secs(120);

/// Why a body was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyError {
    TooLarge,
    TooSlow,
    /// The others hold what there is.
    NoRoom,
    /// The connection broke.
    Broken,
}

/// What bodies may hold.
pub(super) struct Room(Arc<Semaphore>);

/// A body, and its share of the room.
#[derive(Debug)]
pub(super) struct Read {
    pub bytes: Bytes,
    _share: Vec<OwnedSemaphorePermit>,
}

impl Default for Room {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(TOGETHER / UNIT)))
    }
}

impl Room {
    /// Reads a body to its end.
    pub async fn read(&self, mut body: Body) -> Result<Read, BodyError> {
        let deadline = Instant::now() + IN_ALL;
        let (mut bytes, mut share) = (BytesMut::new(), Vec::new());
        loop {
            let Ok(Ok(frame)) = timeout_at(deadline, timeout(SILENCE, body.frame())).await else {
                return Err(BodyError::TooSlow);
            };
            let Some(frame) = frame else { break };
            let Ok(data) = frame.map_err(|_| BodyError::Broken)?.into_data() else { continue };
            if bytes.len() + data.len() > LARGEST {
                return Err(BodyError::TooLarge);
            }
            while bytes.len() + data.len() > UNIT * (share.len() + 1) {
                share.push(self.0.clone().try_acquire_owned().map_err(|_| BodyError::NoRoom)?);
            }
            bytes.extend_from_slice(&data);
        }
        Ok(Read { bytes: bytes.freeze(), _share: share })
    }
}

#[cfg(test)]
mod tests {
    use futures::stream;

    use super::*;

    fn body(size: usize) -> Body {
        let chunk = Bytes::from(vec![b' '; UNIT]);
        Body::from_stream(stream::iter((0..size / UNIT).map(move |_| Ok::<_, std::io::Error>(chunk.clone()))))
    }

    #[tokio::test]
    async fn what_is_too_large_is_refused_alone_and_together() {
        let room = Room::default();
        assert_eq!(room.read(body(LARGEST + UNIT)).await.unwrap_err(), BodyError::TooLarge);
        let held = [room.read(body(LARGEST)).await.unwrap(), room.read(body(LARGEST)).await.unwrap()];
        assert_eq!(held[0].bytes.len(), LARGEST);
        assert_eq!(room.read(body(LARGEST)).await.unwrap_err(), BodyError::NoRoom);
        room.read(body(UNIT)).await.expect("a small body needs no room");
        drop(held);
        room.read(body(LARGEST)).await.expect("the room is free again");
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_does_not_come_is_given_up() {
        let room = Room::default();
        let silent = Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>());
        assert_eq!(room.read(silent).await.unwrap_err(), BodyError::TooSlow);
        let drops = stream::unfold((), |()| async {
            tokio::time::sleep(Duration::from_secs(5)).await;
            Some((Ok::<_, std::io::Error>(Bytes::from_static(b" ")), ()))
        });
        assert_eq!(room.read(Body::from_stream(drops)).await.unwrap_err(), BodyError::TooSlow);
    }
}
