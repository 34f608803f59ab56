//! What is requested: methods, URLs, headers and bodies.

mod json;
mod lines;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use bytes::Bytes;
use hyper::{HeaderMap, Method};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

/// The methods a target may have.
const METHODS: [&str; 9] = ["GET", "POST", "PUT", "PATCH", "OPTIONS", "TRACE", "HEAD", "DELETE", "CONNECT"];

/// The most bytes of a file of targets or of a body: both are held in memory during the whole attack.
const FILE_LIMIT: u64 = 64 << 20;

/// How targets are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TargetFormat {
    /// Blocks of a request line, header lines and a line `@file` for the body.
    #[default]
    Http,
    /// JSON objects, one after another.
    Json,
}

/// One request, sent again and again.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// The method.
    pub method: Method,
    /// Where to; the scheme is `http` or `https`.
    pub url: Url,
    /// The headers that were given.
    pub headers: HeaderMap,
    /// The body, empty for none.
    pub body: Bytes,
}

impl Target {
    fn new(method: Method, url: Url) -> Self {
        Self { method, url, headers: HeaderMap::new(), body: Bytes::new() }
    }

    /// The method and URL for people: without the query, which may hold a secret.
    pub fn label(&self) -> String {
        let mut url = self.url.clone();
        url.set_query(None);
        url.set_fragment(None);
        format!("{} {url}", self.method)
    }
}

/// The targets of a text, at least one; or everything that is wrong with it.
///
/// Bodies named by `@file` are read from the current directory.
pub fn parse(text: &str, format: TargetFormat, key: &str) -> Result<Vec<Target>, Vec<String>> {
    let targets = match format {
        TargetFormat::Http => lines::parse(text)?,
        TargetFormat::Json => json::parse(text, key)?,
    };
    if targets.is_empty() { Err(vec!["no targets found".to_owned()]) } else { Ok(targets) }
}

/// The targets of a file.
pub fn read(path: &Path, format: TargetFormat) -> Result<Vec<Target>, Vec<String>> {
    let bytes = read_file(path).map_err(|problem| vec![problem])?;
    let text = String::from_utf8(bytes).map_err(|_| vec![format!("file \"{}\" is not UTF-8 text", path.display())])?;
    parse(&text, format, "targets")
}

fn read_file(path: &Path) -> Result<Vec<u8>, String> {
    let shown = path.display();
    let unreadable = |error: std::io::Error| format!("file \"{shown}\" cannot be read: {error}");
    match std::fs::metadata(path) {
        Ok(found) if found.is_dir() => return Err(format!("\"{shown}\" is a directory, expected a file")),
        // A pipe would be waited for, and a device may have no end.
        Ok(found) if !found.is_file() => return Err(format!("\"{shown}\" is a pipe or device, expected a file")),
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(format!("file or directory at path \"{shown}\" does not exist"));
        }
        Err(error) => return Err(unreadable(error)),
    }
    // The size may be wrong by now, and of some files it is never known.
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(FILE_LIMIT + 1).read_to_end(&mut bytes)).map_err(unreadable)?;
    if bytes.len() as u64 > FILE_LIMIT {
        return Err(format!("file \"{shown}\" has more than the {FILE_LIMIT} bytes that are allowed"));
    }
    Ok(bytes)
}

/// The method of that name.
fn method(name: &str) -> Option<Method> {
    METHODS.contains(&name).then(|| name.parse().ok()).flatten()
}

/// The URL of a target, or what is wrong with it.
fn url(text: &str) -> Result<Url, &'static str> {
    if !(text.starts_with("http://") || text.starts_with("https://")) {
        return Err("the URL must begin with http:// or https://");
    }
    let url = Url::parse(text).map_err(|_| "the URL is not valid")?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("credentials do not belong in the URL: give a header Authorization");
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_file_is_read_and_its_absence_is_told() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        writeln!(file, "GET http://localhost/a\n\nPOST http://localhost/b").unwrap();
        assert_eq!(read(file.path(), TargetFormat::Http).unwrap().len(), 2);
        let problems = read(Path::new("/nowhere/t"), TargetFormat::Http).unwrap_err();
        assert_eq!(problems, ["file or directory at path \"/nowhere/t\" does not exist"]);
        let problems = read(Path::new("/"), TargetFormat::Http).unwrap_err();
        assert_eq!(problems, ["\"/\" is a directory, expected a file"]);
        file.as_file().set_len(FILE_LIMIT + 1).unwrap();
        let problems = read(file.path(), TargetFormat::Http).unwrap_err();
        assert!(problems[0].ends_with("has more than the 67108864 bytes that are allowed"), "{problems:?}");
    }

    #[cfg(unix)]
    #[test]
    fn what_has_no_end_is_not_read() {
        for path in ["/dev/zero", "/dev/random"] {
            let problems = read(Path::new(path), TargetFormat::Json).unwrap_err();
            assert_eq!(problems, [format!("\"{path}\" is a pipe or device, expected a file")]);
        }
        let body = parse("POST http://localhost/\n@/dev/zero", TargetFormat::Http, "target").unwrap_err();
        assert!(body[0].contains("expected a file"), "{body:?}");
    }

    #[test]
    fn a_text_without_targets_is_refused() {
        for text in ["", "# nothing\n\n"] {
            assert_eq!(parse(text, TargetFormat::Http, "target").unwrap_err(), ["no targets found"]);
        }
        assert_eq!(parse(" \n", TargetFormat::Json, "target").unwrap_err(), ["no targets found"]);
    }

    #[test]
    fn the_label_keeps_secrets_of_the_query() {
        let targets = parse("GET http://localhost:80/a?token=x#y", TargetFormat::Http, "target").unwrap();
        assert_eq!(targets[0].label(), "GET http://localhost/a");
    }
}
