//! HTTP/1.1 by hand, so that a test says what happens to each byte.

use std::time::Duration;

use serde_json::Value as Json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Incoming {
    pub path: String,
    /// Names in small letters.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Incoming {
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    pub fn json(&self) -> Json {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// The next request of a connection; `None` at its end.
pub async fn read(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Incoming> {
    loop {
        if let Some(end) = buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
            let mut lines = head.lines();
            let path = lines.next()?.split(' ').nth(1)?.to_owned();
            let headers: Vec<_> = lines
                .filter_map(|line| line.split_once(':'))
                .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
                .collect();
            let length = headers.iter().find(|(name, _)| name == "content-length");
            let length: usize = length.map_or(0, |(_, value)| value.parse().unwrap_or(0));
            if buffer.len() >= end + 4 + length {
                let body = buffer[end + 4..end + 4 + length].to_vec();
                buffer.drain(..end + 4 + length);
                return Some(Incoming { path, headers, body });
            }
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
}

/// The head of an answer with a body of that length.
pub fn head(status: u16, headers: &[(&str, &str)], length: usize) -> String {
    let mut text = format!("HTTP/1.1 {status} As-The-Test-Says\r\ncontent-length: {length}\r\n");
    if !headers.iter().any(|(name, _)| *name == "content-type") {
        text.push_str("content-type: application/json\r\n");
    }
    for (name, value) in headers {
        text += name;
        text += ": ";
        text += value;
        text += "\r\n";
    }
    text + "\r\n"
}

pub async fn write(stream: &mut TcpStream, bytes: &[u8]) {
    stream.write_all(bytes).await.ok();
    stream.flush().await.ok();
}

/// Ends a connection so that the other side gets a reset.
#[allow(deprecated)]
pub fn reset(stream: &TcpStream) {
    stream.set_linger(Some(Duration::ZERO)).ok();
}
