//! The tokens of an application: where they come from, and whether one that was shown is among them.

use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use secrecy::{ExposeSecret, SecretString};
use subtle::{Choice, ConstantTimeEq};

use super::config::ApplicationConfig;

/// The longest token; also how many bytes are compared, whatever the lengths.
const LONGEST: usize = 4_096;
/// How many tokens of one file are accepted.
const MOST: usize = 8;
/// How often a file is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The largest file.
const FILE_SIZE: u64 = 64 << 10;

type Tokens = Arc<[SecretString]>;

/// What tells a new file from an old one.
type Stamp = (Option<SystemTime>, u64);

/// Who may speak for an application.
pub(super) struct Credential {
    file: Option<PathBuf>,
    known: Mutex<Known>,
}

struct Known {
    tokens: Tokens,
    stamp: Option<Stamp>,
    looked: Instant,
}

impl Credential {
    /// The tokens of an application; the error says what is wrong with them, and shows none.
    pub fn of(config: &ApplicationConfig) -> Result<Self, String> {
        let stamp = config.token_file.as_deref().and_then(stamp);
        let known = Known { tokens: tokens(config)?.into(), stamp, looked: Instant::now() };
        Ok(Self { file: config.token_file.clone(), known: Mutex::new(known) })
    }

    /// One that accepts nothing.
    pub fn none() -> Self {
        let known =
            Known { tokens: Arc::new([SecretString::from(String::new())]), stamp: None, looked: Instant::now() };
        Self { file: None, known: Mutex::new(known) }
    }

    /// Whether that token is accepted. Takes the same time for each token that is not.
    pub async fn accepts(self: &Arc<Self>, shown: &str) -> bool {
        if self.is_due() {
            let this = self.clone();
            let _ = tokio::task::spawn_blocking(move || this.look()).await;
        }
        let tokens = self.known().tokens.clone();
        let same = tokens.iter().fold(Choice::from(0), |found, token| found | same(token.expose_secret(), shown));
        let usable = !shown.is_empty() && shown.len() <= LONGEST;
        bool::from(same & Choice::from(u8::from(usable)))
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the file is to be looked at: so it is told to one of many that ask.
    fn is_due(&self) -> bool {
        if self.file.is_none() {
            return false;
        }
        let mut known = self.known();
        let due = known.looked.elapsed() >= LOOK_EVERY;
        if due {
            known.looked = Instant::now();
        }
        due
    }

    /// Reads the file again when it has changed. What cannot be read changes nothing.
    fn look(&self) {
        let Some(file) = &self.file else { return };
        let found = stamp(file);
        if self.known().stamp == found {
            return;
        }
        match tokens_of_file(file) {
            Ok(tokens) => {
                tracing::info!("the tokens in {} have changed: {} are accepted", file.display(), tokens.len());
                self.known().tokens = tokens.into();
            }
            Err(error) => tracing::warn!("the tokens as they were are kept: {error}"),
        }
        self.known().stamp = found;
    }
}

/// The tokens of an application, at least one.
pub(super) fn tokens(config: &ApplicationConfig) -> Result<Vec<SecretString>, String> {
    if let Some(token) = &config.token {
        return Ok(vec![token_of(token.expose_secret())?]);
    }
    if let Some(file) = &config.token_file {
        return tokens_of_file(file);
    }
    let variable = config.token_env.as_deref().unwrap_or_default();
    match std::env::var(variable) {
        Ok(text) => Ok(vec![token_of(&text)?]),
        Err(_) => Err(format!("expected a token in the environment variable {variable}, which is not set to a text")),
    }
}

fn tokens_of_file(file: &Path) -> Result<Vec<SecretString>, String> {
    let told = |why: String| format!("expected a file with a token at {}: {why}", file.display());
    let size = fs::metadata(file).map_err(|error| told(error.to_string()))?.len();
    if size > FILE_SIZE {
        return Err(told(format!("it has {size} bytes, more than {FILE_SIZE}")));
    }
    let text = fs::read_to_string(file).map(SecretString::from).map_err(|error| told(error.to_string()))?;
    let lines: Vec<_> = text.expose_secret().lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    if lines.is_empty() || lines.len() > MOST {
        return Err(told(format!("expected 1 to {MOST} lines, each with a token, found {}", lines.len())));
    }
    lines.into_iter().map(|line| token_of(line).map_err(told)).collect()
}

/// A token as it comes in a header. The words before it, which servos have in their configuration, are left out.
fn token_of(text: &str) -> Result<SecretString, String> {
    let text = text.trim();
    let token = ["Bearer ", "X-SF-Token "].iter().find_map(|word| text.strip_prefix(word)).unwrap_or(text).trim();
    if token.is_empty() {
        return Err("expected a token, found an empty text".into());
    }
    if token.len() > LONGEST || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(format!("expected a token of at most {LONGEST} ASCII letters, digits and signs, without spaces"));
    }
    Ok(SecretString::from(token.to_owned()))
}

/// Compares without telling by the time where they differ, or how long they are.
fn same(token: &str, shown: &str) -> Choice {
    let padded = |text: &str| {
        let mut bytes = [0; LONGEST];
        // No token holds a zero.
        let length = text.len().min(LONGEST);
        bytes[..length].copy_from_slice(&text.as_bytes()[..length]);
        bytes
    };
    padded(token)[..].ct_eq(&padded(shown)[..])
}

fn stamp(file: &Path) -> Option<Stamp> {
    let of = |metadata: Metadata| (metadata.modified().ok(), metadata.len());
    fs::metadata(file).ok().map(of)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(token: Option<&str>, file: Option<&Path>) -> ApplicationConfig {
        ApplicationConfig {
            token: token.map(|token| token.to_owned().into()),
            token_file: file.map(Path::to_owned),
            token_env: None,
            local: crate::optimizer::local::LocalConfig::default(),
        }
    }

    #[tokio::test]
    async fn one_of_them_is_accepted_and_nothing_like_it() {
        for written in ["t0ken", " t0ken\n", "Bearer t0ken", "X-SF-Token t0ken"] {
            let credential = Arc::new(Credential::of(&config(Some(written), None)).unwrap());
            assert!(credential.accepts("t0ken").await, "{written:?}");
            for other in ["", "t0ke", "t0kenn", "T0ken", "Bearer t0ken", "\0", &"t".repeat(9_000)] {
                assert!(!credential.accepts(other).await, "{other:?}");
            }
        }
        let nobody = Arc::new(Credential::none());
        assert!(!nobody.accepts("").await && !nobody.accepts("t0ken").await);
    }

    #[test]
    fn what_is_no_token_is_refused_and_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        fs::write(&file, "hunter2 \u{e4}\n").unwrap();
        for config in [
            config(Some(""), None),
            config(Some("hunter2 x"), None),
            config(Some(&"hunter2".repeat(1_000)), None),
            config(None, Some(&file)),
            config(None, Some(folder.path())),
            config(None, Some(&folder.path().join("none"))),
        ] {
            let error = tokens(&config).unwrap_err();
            assert!(error.starts_with("expected") && !error.contains("hunter2"), "{error}");
        }
    }

    #[tokio::test]
    async fn a_file_is_read_again_when_it_changes() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        fs::write(&file, "first\n").unwrap();
        let credential = Arc::new(Credential::of(&config(None, Some(&file))).unwrap());
        fs::write(&file, "first\nsecond token\n").unwrap();
        credential.look();
        assert!(credential.accepts("first").await, "what cannot be read changes nothing");
        fs::write(&file, "first\n\nsecond\n").unwrap();
        credential.look();
        assert!(credential.accepts("first").await && credential.accepts("second").await);
        fs::write(&file, "second\n").unwrap();
        credential.look();
        assert!(!credential.accepts("first").await && credential.accepts("second").await);
    }
}
