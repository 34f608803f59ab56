//! What the application prints: the last of it in memory, all of it in a rotated file.

use std::collections::VecDeque;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use file_rotate::compression::Compression;
use file_rotate::suffix::AppendCount;
use file_rotate::{ContentLimit, FileRotate};
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe::Receiver;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::config::LogConfiguration;

/// How much is kept in memory.
const KEPT: usize = 64 * 1024;
/// How much is read at once.
const CHUNK: usize = 16 * 1024;
/// How many chunks may wait for the disk: 4 MiB.
const WAITING: usize = 256;
/// How many lines an error quotes, and how much of each.
const QUOTED_LINES: usize = 20;
const QUOTED_LINE: usize = 400;
/// How long what is still in the pipe, or on its way to the file, is waited for.
const PATIENCE: Duration = Duration::from_secs(1);

/// The last bytes of a stream.
#[derive(Default)]
struct Ring(VecDeque<u8>);

impl Ring {
    fn push(&mut self, bytes: &[u8]) {
        let bytes = &bytes[bytes.len().saturating_sub(KEPT)..];
        let excess = (self.0.len() + bytes.len()).saturating_sub(KEPT);
        self.0.drain(..excess);
        self.0.extend(bytes);
    }

    /// The last lines as text.
    fn tail(&mut self) -> String {
        let text = String::from_utf8_lossy(self.0.make_contiguous());
        let mut lines: Vec<_> = text.lines().rev().filter(|line| !line.trim().is_empty()).take(QUOTED_LINES).collect();
        lines.reverse();
        let quoted: Vec<String> = lines
            .into_iter()
            .map(|line| match line.char_indices().nth(QUOTED_LINE) {
                Some((end, _)) => format!("{}…", &line[..end]),
                None => line.to_owned(),
            })
            .collect();
        quoted.join("\n")
    }
}

/// The output of one run of the application. The pipe is read as long as this lives, whatever the disk does.
pub(super) struct Output {
    ring: Arc<Mutex<Ring>>,
    reader: JoinHandle<()>,
}

impl Output {
    /// Reads the pipe, and passes what comes on to the log.
    pub(super) fn follow(pipe: OwnedFd, log: Option<Log>) -> std::io::Result<Self> {
        let mut pipe = Receiver::from_owned_fd(pipe)?;
        let ring = Arc::new(Mutex::new(Ring::default()));
        let reader = tokio::spawn({
            let ring = ring.clone();
            async move {
                let mut log = log;
                let mut chunk = vec![0; CHUNK];
                while let Ok(count @ 1..) = pipe.read(&mut chunk).await {
                    ring.lock().unwrap_or_else(PoisonError::into_inner).push(&chunk[..count]);
                    if let Some(log) = &mut log {
                        log.write(&chunk[..count]);
                    }
                }
            }
        });
        Ok(Self { ring, reader })
    }

    /// Waits, for a moment, until no process can print any more and all was read.
    pub(super) async fn drain(&mut self) {
        let _ = timeout(PATIENCE, self.closed()).await;
    }

    /// Waits until no process can print any more. May be dropped and called again.
    pub(super) async fn closed(&mut self) {
        // A handle that has given its result must not be asked again.
        if !self.reader.is_finished() {
            let _ = (&mut self.reader).await;
        }
    }

    /// The last lines.
    pub(super) fn tail(&self) -> String {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner).tail()
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

enum Item {
    Chunk(Vec<u8>),
    Flush(oneshot::Sender<()>),
}

/// The rotated file. When the disk is slower than the application, output is left out and the gap is marked.
#[derive(Clone)]
pub(super) struct Log {
    items: mpsc::Sender<Item>,
    left_out: usize,
}

impl Log {
    /// Starts the thread that writes; the file is made when there is something to write.
    pub(super) fn start(config: &LogConfiguration) -> Option<Self> {
        let (items, mut waiting) = mpsc::channel(WAITING);
        let config = config.clone();
        let thread = std::thread::Builder::new().name("servo-process-log".into()).spawn(move || {
            let mut file = None;
            let mut failing = false;
            while let Some(item) = waiting.blocking_recv() {
                match item {
                    Item::Chunk(chunk) => {
                        let file = file.get_or_insert_with(|| open(&config));
                        let written = file.as_mut().map_or(Ok(()), |file| file.write_all(&chunk));
                        // A disk stays full for many chunks: it is told once.
                        if let (Err(error), false) = (&written, failing) {
                            tracing::warn!(file = config.file, "the application's output could not be logged: {error}");
                        }
                        failing = written.is_err();
                    }
                    Item::Flush(done) => {
                        let _ = done.send(());
                    }
                }
            }
        });
        match thread {
            Ok(_) => Some(Self { items, left_out: 0 }),
            Err(error) => {
                tracing::warn!("the application's output is not logged: no thread could be started: {error}");
                None
            }
        }
    }

    /// Never waits.
    fn write(&mut self, bytes: &[u8]) {
        let mut chunk = Vec::with_capacity(bytes.len());
        if self.left_out > 0 {
            chunk.extend(format!("\n[servo: {} bytes left out, the disk was too slow]\n", self.left_out).bytes());
        }
        chunk.extend(bytes);
        match self.items.try_send(Item::Chunk(chunk)) {
            Ok(()) => self.left_out = 0,
            Err(_) => self.left_out += bytes.len(),
        }
    }

    /// Waits, for a moment, until the file holds all that was written.
    pub(super) async fn flush(&self) {
        let (done, flushed) = oneshot::channel();
        let _ = timeout(PATIENCE, async {
            if self.items.send(Item::Flush(done)).await.is_ok() {
                let _ = flushed.await;
            }
        })
        .await;
    }
}

/// The file, ready to be written to, or `None` with a warning. The crate panics where a folder cannot be made and is
/// silent where a file cannot be opened: both are tried before.
fn open(config: &LogConfiguration) -> Option<FileRotate<AppendCount>> {
    let attempt = || {
        let path = std::path::absolute(&config.file)?;
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::OpenOptions::new().create(true).append(true).open(&path)?;
        Ok::<_, std::io::Error>(path)
    };
    match attempt() {
        Ok(path) => {
            let limit = usize::try_from(config.max_size.bytes()).unwrap_or(usize::MAX);
            let kept = AppendCount::new(config.files.into());
            Some(FileRotate::new(path, kept, ContentLimit::BytesSurpassed(limit), Compression::None, None))
        }
        Err(error) => {
            tracing::warn!(file = config.file, "the application's output is not logged: {error}");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ring_keeps_the_last_bytes() {
        let mut ring = Ring::default();
        ring.push(&vec![b'a'; KEPT + 5]);
        ring.push(b"\nlast\n");
        assert_eq!(ring.0.len(), KEPT);
        assert!(ring.tail().ends_with("a…\nlast"), "{}", ring.tail());
        for line in 0..100 {
            ring.push(format!("line {line}\n\n").as_bytes());
        }
        let tail = ring.tail();
        assert!(tail.starts_with("line 80\n") && tail.ends_with("\nline 99"), "{tail}");
    }

    #[tokio::test]
    async fn the_file_is_rotated() {
        rotate(0, &["app.log"]).await;
        rotate(1, &["app.log", "app.log.1"]).await;
        rotate(2, &["app.log", "app.log.1", "app.log.2"]).await;
    }

    async fn rotate(files: u16, expected: &[&str]) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("deep/er/app.log");
        let config: LogConfiguration =
            serde_json::from_value(serde_json::json!({"file": file, "max_size": "1kB", "files": files})).unwrap();
        let mut log = Log::start(&config).unwrap();
        log.flush().await;
        assert!(!file.exists());
        for line in 0..100 {
            log.write(format!("{line:099}\n").as_bytes());
            log.flush().await;
        }
        let mut names: Vec<_> = std::fs::read_dir(file.parent().unwrap())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names, expected);
        assert!(std::fs::read_to_string(&file).unwrap().ends_with("99\n"));
    }

    #[tokio::test]
    async fn a_file_that_cannot_be_made_is_no_failure() {
        let folder = tempfile::tempdir().unwrap();
        let config = serde_json::from_value(serde_json::json!({"file": folder.path()})).unwrap();
        let mut log = Log::start(&config).unwrap();
        log.write(b"x");
        log.flush().await;
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
