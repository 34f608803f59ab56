//! What is told of requests: counted for those who operate, and at TRACE level shown without secrets.

use std::fmt::{self, Display, Formatter};
use std::time::Instant;

use bytes::Bytes;
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, HeaderMap};
use serde_json::Value as Json;

use super::errors::{RemoteError, Secrets};
use super::pool::Answer;
use crate::telemetry::counting;

/// How much of a body is shown.
const SHOWN: usize = 16 << 10;
const REDACTED: &str = "[REDACTED]";

/// The events of the protocol; any other is counted as one.
const EVENTS: [&str; 6] = ["HELLO", "WHATS_NEXT", "DESCRIPTION", "MEASUREMENT", "ADJUSTMENT", "GOODBYE"];

fn label(event: &str) -> &'static str {
    EVENTS.into_iter().find(|known| *known == event).unwrap_or("other")
}

/// Counts a request that is made again.
pub(super) fn retried(event: &str) {
    if counting() {
        metrics::counter!("servo_optimizer_retries_total", "event" => label(event)).increment(1);
    }
}

/// One try of a request.
pub(super) struct Try {
    began: Option<Instant>,
    event: &'static str,
}

impl Try {
    /// It begins now.
    pub fn new(event: &str) -> Self {
        let began = counting().then(Instant::now);
        Self { began, event: if began.is_some() { label(event) } else { "" } }
    }

    /// Counts what came of it.
    pub fn ended(self, result: &Result<Json, RemoteError>) {
        let (Some(began), event) = (self.began, self.event) else { return };
        metrics::histogram!("servo_optimizer_request_duration_seconds", "event" => event).record(began.elapsed());
        let outcome = match result {
            Ok(_) => "ok",
            Err(error) => match error.status {
                Some(300..=399) => "3xx",
                Some(400..=499) => "4xx",
                Some(500..=599) => "5xx",
                _ => error.kind.as_str(),
            },
        };
        metrics::counter!("servo_optimizer_requests_total", "event" => event, "outcome" => outcome).increment(1);
    }
}

/// A request as a command that a shell takes, without secrets.
pub(super) struct Curl<'a> {
    pub method: &'a Method,
    pub at: &'a str,
    pub headers: &'a HeaderMap,
    pub body: &'a Bytes,
    pub secrets: &'a Secrets,
}

impl Display for Curl<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "curl -X {}", self.method)?;
        for (name, value) in self.headers {
            let value = match value.to_str() {
                Ok(text) if name == AUTHORIZATION && value.is_sensitive() && text.starts_with("Bearer ") => {
                    "Bearer [REDACTED]"
                }
                Ok(text) if !value.is_sensitive() => text,
                _ => REDACTED,
            };
            write!(f, " -H {}", quoted(&format!("{name}: {value}")))?;
        }
        if !self.body.is_empty() {
            write!(f, " -d {}", quoted(&shown(self.body, self.secrets)))?;
        }
        write!(f, " {}", quoted(self.at))
    }
}

/// An answer, without secrets.
pub(super) struct Answered<'a> {
    pub at: &'a str,
    pub answer: &'a Answer,
    pub secrets: &'a Secrets,
}

impl Display for Answered<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} answered {}: {}", self.at, self.answer.status, shown(&self.answer.body, self.secrets))
    }
}

fn shown(body: &Bytes, secrets: &Secrets) -> String {
    // Redacted before it is cut: half a secret would stay.
    let text = secrets.redact(&String::from_utf8_lossy(body));
    match text.char_indices().nth(SHOWN) {
        None => text,
        Some((end, _)) => format!("{}… ({} bytes)", &text[..end], body.len()),
    }
}

/// As one word of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use reqwest::header::{CONTENT_TYPE, HeaderName, HeaderValue};

    use super::*;

    fn curl(name: HeaderName, value: &str) -> String {
        let mut secrets = Secrets::default();
        secrets.add("hunter22");
        let mut secret = HeaderValue::from_str(value).unwrap();
        secret.set_sensitive(true);
        let headers: HeaderMap =
            [(name, secret), (CONTENT_TYPE, HeaderValue::from_static("application/json"))].into_iter().collect();
        let body = Bytes::from_static(br#"{"reason": "it's hunter22"}"#);
        let at = "http://127.0.0.1:1/servo";
        Curl { method: &Method::POST, at, headers: &headers, body: &body, secrets: &secrets }.to_string()
    }

    #[test]
    fn a_command_shows_no_secret() {
        let expected = |header: &str| {
            format!(
                "curl -X POST -H '{header}' -H 'content-type: application/json' \
                 -d '{{\"reason\": \"it'\\''s [REDACTED]\"}}' 'http://127.0.0.1:1/servo'"
            )
        };
        assert_eq!(curl(AUTHORIZATION, "Bearer hunter22"), expected("authorization: Bearer [REDACTED]"));
        assert_eq!(curl(HeaderName::from_static("x-sf-token"), "hunter22"), expected("x-sf-token: [REDACTED]"));
    }

    #[test]
    fn events_have_few_labels() {
        assert_eq!(label("WHATS_NEXT"), "WHATS_NEXT");
        assert_eq!(label("SOMETHING_ELSE"), "other");
    }
}
