//! Targets as blocks of lines.

use std::path::Path;

use hyper::header::{HeaderName, HeaderValue};

use super::{Target, method, read_file, url};

/// The targets of a text: a request line (`GET http://host/path`) begins each, header lines and a line `@file` with the
/// path of the body may follow. Lines that begin with `#` are skipped; a blank line ends a target.
pub(super) fn parse(text: &str) -> Result<Vec<Target>, Vec<String>> {
    let mut targets: Vec<Target> = Vec::new();
    let mut open = false;
    let mut problems = Vec::new();
    for line in text.lines().map(str::trim) {
        if line.is_empty() {
            open = false;
        } else if !line.starts_with('#') {
            let current = if open { targets.last_mut() } else { None };
            match read_line(line, current) {
                Ok(None) => {}
                Ok(Some(target)) => {
                    targets.push(target);
                    open = true;
                }
                Err(reason) => {
                    // What belongs to a broken request line is not wrong for that.
                    open |= is_request_line(line) && !targets.is_empty();
                    problems.push(format!("invalid target: {} ({reason})", shown(line)));
                }
            }
        }
    }
    if problems.is_empty() { Ok(targets) } else { Err(problems) }
}

/// A new target, or `None` when the line added to the one it belongs to.
fn read_line(line: &str, current: Option<&mut Target>) -> Result<Option<Target>, String> {
    if is_request_line(line) {
        return request_line(line).map(Some);
    }
    let body = line.strip_prefix('@');
    let header = line.split_once(':').filter(|(name, value)| !name.contains([' ', '/']) && !value.starts_with("//"));
    if body.is_none() && header.is_none() {
        return Err("expected a request line such as GET http://localhost/, a header or @file".to_owned());
    }
    let Some(target) = current else {
        return Err("a header or body must follow a request line".to_owned());
    };
    if let Some(path) = body {
        target.body = read_file(Path::new(path))?.into();
    } else if let Some((name, value)) = header {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| "the name of the header is not valid")?;
        let value = value.trim();
        if value.is_empty() {
            return Err("the header has no value".to_owned());
        }
        let value = HeaderValue::from_str(value).map_err(|_| "the value of the header is not valid")?;
        target.headers.append(name, value);
    }
    Ok(None)
}

/// Whether the line is meant to be a request line: a word and a URL.
fn is_request_line(line: &str) -> bool {
    line.split_once(' ').is_some_and(|(word, rest)| {
        word.bytes().all(|byte| byte.is_ascii_alphabetic()) && (method(word).is_some() || rest.contains("://"))
    })
}

fn request_line(line: &str) -> Result<Target, String> {
    let mut words = line.split_whitespace();
    let (Some(name), Some(address), None) = (words.next(), words.next(), words.next()) else {
        return Err("expected a method and a URL".to_owned());
    };
    let method = method(name).ok_or_else(|| format!("'{name}' is not one of {}", super::METHODS.join(", ")))?;
    Ok(Target::new(method, url(address)?))
}

/// The line for a message: a header's value may be a secret.
fn shown(line: &str) -> &str {
    if is_request_line(line) || line.starts_with('@') || line.contains("://") {
        return line.split('?').next().unwrap_or(line);
    }
    line.find(':').map_or(line, |colon| &line[..=colon])
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_block_has_a_request_line_headers_and_a_body() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"{\"a\": 1}").unwrap();
        let text = format!(
            "# comment\nGET http://goku:9090/path?item=ball\nX-Account-ID: 99\nHost: localhost:8080\n\n\
             POST https://goku/things\nX-Many: a\nX-Many: b\n@{}\nHEAD http://goku/\n",
            file.path().display()
        );
        let targets = parse(&text).unwrap();
        assert_eq!(targets.len(), 3);
        assert_eq!(targets[0].url.as_str(), "http://goku:9090/path?item=ball");
        assert_eq!(targets[0].headers["host"], "localhost:8080");
        assert_eq!(targets[1].method, "POST");
        assert_eq!(targets[1].headers.get_all("x-many").iter().count(), 2);
        assert_eq!(targets[1].body, "{\"a\": 1}");
        assert_eq!(targets[2].method, "HEAD");
        assert!(targets[2].headers.is_empty() && targets[2].body.is_empty());
    }

    #[test]
    fn every_wrong_line_is_told() {
        let problems = parse("ZGET http://goku:9090/x\nGET gopher://goku:9090/x\n\nfoo: bar\n0@/path").unwrap_err();
        assert_eq!(problems.len(), 4, "{problems:?}");
        assert!(problems[0].starts_with("invalid target: ZGET http://goku:9090/x ('ZGET' is not one of GET"));
        assert!(problems[1].contains("must begin with http:// or https://"));
        assert!(problems[2].contains("must follow a request line"));
        assert!(problems[3].contains("expected a request line"));
        for text in [
            "https://opsani.com/",
            "get http://a",
            "GET http://a\nX-Account-ID:",
            "GET",
            "GET a b c",
            "GET http://",
            "GET http://a\nbad header: 1",
            "GET http://a\n@/nowhere/body",
        ] {
            assert_eq!(parse(text).unwrap_err().len(), 1, "{text}");
        }
    }

    #[test]
    fn no_secret_is_told() {
        let problems = parse("Authorization: Bearer abc\nGETT http://a/?token=abc").unwrap_err();
        assert!(!problems.join(" ").contains("abc"), "{problems:?}");
        let problems = parse("GET http://user:abc@a/").unwrap_err();
        assert!(problems[0].contains("credentials do not belong in the URL"), "{problems:?}");
    }

    proptest! {
        #[test]
        fn any_text_gives_an_answer(text in "([A-Z]{2,5} |http://|[a-z:/@#?]|\\PC|\n){0,12}") {
            let _ = parse(&text);
        }
    }
}
