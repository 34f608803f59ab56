//! Why a service could not be talked to.

use std::fmt;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

/// How much of the body of an answer is kept.
const BODY_KEPT: usize = 4 << 10;
/// What stands in the place of a secret.
const REDACTED: &str = "[REDACTED]";

/// What went wrong with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// What is configured cannot work.
    Configuration,
    /// No connection stands, for one of many reasons: no such name, refused, a proxy that declines.
    Connect,
    /// TLS failed: mostly a certificate that is not trusted.
    Tls,
    /// A part of the request took too long.
    Timeout,
    /// The connection was lost before the answer was complete.
    Interrupted,
    /// The service answered with another status than 2xx.
    Status,
    /// The answer is not what the protocol says.
    Reply,
    /// The request or the answer is larger than allowed.
    TooLarge,
    /// There is no token to go with the request.
    Credentials,
}

impl FailureKind {
    /// A short word for programs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::Interrupted => "interrupted",
            Self::Status => "status",
            Self::Reply => "invalid-reply",
            Self::TooLarge => "too-large",
            Self::Credentials => "credentials",
        }
    }
}

impl std::str::FromStr for FailureKind {
    type Err = ();

    /// The kind of that short word.
    fn from_str(word: &str) -> Result<Self, ()> {
        let all = [
            Self::Configuration,
            Self::Connect,
            Self::Tls,
            Self::Timeout,
            Self::Interrupted,
            Self::Status,
            Self::Reply,
            Self::TooLarge,
            Self::Credentials,
        ];
        all.into_iter().find(|kind| kind.as_str() == word).ok_or(())
    }
}

impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a request failed. No text of it holds a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct RemoteError {
    /// What went wrong.
    pub kind: FailureKind,
    /// What, where, and what to do.
    pub message: String,
    /// The status of the answer, where there was one.
    pub status: Option<u16>,
    /// The beginning of the body of an answer that was not a success.
    pub body: Option<String>,
    /// Whether the same request may get through later.
    pub retryable: bool,
    /// How long the service asks to wait.
    pub retry_after: Option<Duration>,
}

impl RemoteError {
    /// A failure without an answer.
    pub(super) fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        let retryable = matches!(kind, FailureKind::Connect | FailureKind::Timeout | FailureKind::Interrupted);
        Self { kind, message: message.into(), status: None, body: None, retryable, retry_after: None }
    }

    /// An answer with that status, to a request of that place; what to do about a refusal is said by the caller.
    pub(super) fn of_status(
        at: &str,
        status: reqwest::StatusCode,
        body: &[u8],
        secrets: &Secrets,
        refused: &str,
    ) -> Self {
        let text = secrets.redact(&String::from_utf8_lossy(body));
        let body = shortened(&text);
        let code = status.as_u16();
        let name = status.canonical_reason().unwrap_or("unknown status");
        let hint = match code {
            300..=399 => ": redirects are not followed, correct the URL",
            401 | 403 => refused,
            407 => ": the proxy wants credentials",
            _ => "",
        };
        let mut message = format!("{at} answered {code} {name}{hint}");
        if !body.trim().is_empty() {
            let told: String = body.trim().chars().take(200).collect();
            message = format!("{message}; it says: {}", told.escape_debug());
        }
        Self {
            kind: FailureKind::Status,
            message,
            status: Some(code),
            body: Some(body),
            retryable: is_retryable(code),
            retry_after: None,
        }
    }

    /// The failure of a request that the HTTP client gave up, at that place.
    pub(super) fn of_transport(at: &str, error: reqwest::Error, secrets: &Secrets) -> Self {
        let error = error.without_url();
        let reason = secrets.redact(&chain(&error));
        let certificate = ["certificate", "UnknownIssuer", "invalid peer", "HandshakeFailure", "TLS"];
        let kind = if error.is_timeout() {
            FailureKind::Timeout
        } else if error.is_connect() && certificate.iter().any(|word| reason.contains(word)) {
            FailureKind::Tls
        } else if error.is_connect() {
            FailureKind::Connect
        } else if error.is_decode() && is_corrupt(&error) {
            FailureKind::Reply
        } else if error.is_builder() {
            FailureKind::Configuration
        } else {
            FailureKind::Interrupted
        };
        let message = match kind {
            FailureKind::Timeout => format!("{at} did not answer in time: {reason}"),
            FailureKind::Tls => format!(
                "no trusted connection to {at}: {reason}; name the file of its authority with settings.ssl_verify"
            ),
            FailureKind::Connect => format!("no connection to {at}: {reason}"),
            FailureKind::Reply => format!("the answer of {at} cannot be decoded: {reason}"),
            FailureKind::Configuration => format!("the request to {at} cannot be made: {reason}"),
            _ => format!("the connection to {at} was lost: {reason}"),
        };
        Self::new(kind, message)
    }

    /// Whether the service says that it does not know this servo any more; with whichever `detail`, if that will do.
    pub(super) fn is_of_unknown_servo(&self, any_detail: bool) -> bool {
        let detail = || serde_json::from_str::<serde_json::Value>(self.body.as_deref()?).ok()?.get("detail").cloned();
        self.status == Some(410) && detail().is_some_and(|detail| any_detail || detail == "unexpected servo_uid")
    }

    /// Whether the service has looked at the message, and does not want it.
    pub(super) fn refuses_the_message(&self) -> bool {
        match (self.kind, self.status) {
            (FailureKind::Configuration, _) => true,
            (FailureKind::Status, Some(status)) => {
                !is_retryable(status) && status >= 400 && !matches!(status, 401 | 403 | 407)
            }
            _ => false,
        }
    }

    /// Whether the message was too large, for us or for the service, and not the answer.
    pub(super) fn is_of_size(&self) -> bool {
        match self.status {
            Some(status) => status == 413,
            None => self.kind == FailureKind::TooLarge,
        }
    }
}

/// Whether a request that got this status may get through later.
pub const fn is_retryable(status: u16) -> bool {
    matches!(status, 404 | 408 | 425 | 429) || status >= 500
}

/// Whether what came is wrong, not cut short.
fn is_corrupt(error: &(dyn std::error::Error + 'static)) -> bool {
    use std::io::ErrorKind::{InvalidData, InvalidInput};
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<std::io::Error>()
            && matches!(error.kind(), InvalidData | InvalidInput)
        {
            return true;
        }
        next = error.source();
    }
    false
}

/// An error with all of its causes, each once; what the HTTP client says of its own parts is left out.
fn chain(error: &dyn std::error::Error) -> String {
    const PARTS: [&str; 3] = ["error sending request", "client error (Connect)", "client error (SendRequest)"];
    let mut texts: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let text = error.to_string();
        let said = texts.last().is_some_and(|last| last.contains(&text));
        if !said && (error.source().is_none() || !PARTS.contains(&text.as_str())) {
            texts.push(text);
        }
        next = error.source();
    }
    texts.join(": ")
}

/// The beginning of a text.
fn shortened(text: &str) -> String {
    if text.len() <= BODY_KEPT {
        return text.to_owned();
    }
    let end = (0..=BODY_KEPT).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    format!("{}…", &text[..end])
}

/// What must not be told to anyone.
#[derive(Clone, Default)]
pub(super) struct Secrets(Vec<SecretString>);

impl Secrets {
    /// Adds a secret; words too short to be one are left alone.
    pub fn add(&mut self, secret: &str) {
        if secret.len() >= 4 {
            self.0.push(SecretString::from(secret));
        }
    }

    /// The text without them.
    pub fn redact(&self, text: &str) -> String {
        let mut redacted = text.to_owned();
        for secret in &self.0 {
            if redacted.contains(secret.expose_secret()) {
                redacted = redacted.replace(secret.expose_secret(), REDACTED);
            }
        }
        redacted
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({})", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn which_statuses_may_pass() {
        for status in [404, 408, 425, 429, 500, 502, 503, 504] {
            assert!(is_retryable(status), "{status}");
        }
        for status in [301, 302, 400, 401, 403, 405, 409, 410, 413, 422] {
            assert!(!is_retryable(status), "{status}");
        }
    }

    #[test]
    fn a_body_is_kept_in_part_and_without_secrets() {
        let mut secrets = Secrets::default();
        secrets.add("s3cr3t-token");
        let body = format!("no such token: s3cr3t-token {}", "ä".repeat(BODY_KEPT));
        let status = reqwest::StatusCode::FORBIDDEN;
        let error = RemoteError::of_status("http://localhost/servo", status, body.as_bytes(), &secrets, ": correct it");
        assert!(error.message.contains("no such token: [REDACTED]"), "{error}");
        assert!(error.body.as_ref().is_some_and(|body| body.len() <= BODY_KEPT + 4));
        assert!(!format!("{error:?} {secrets:?}").contains("s3cr3t"), "{error:?}");
    }
}
