//! Targets as JSON objects.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::header::{HeaderName, HeaderValue};
use serde_json::{Map, Value as Json};

use super::{METHODS, Target, method, url};

/// The targets of a text: objects one after another, each on a line of its own or over several lines.
pub(super) fn parse(text: &str, key: &str) -> Result<Vec<Target>, Vec<String>> {
    let mut targets = Vec::new();
    let mut problems = Vec::new();
    for (at, object) in serde_json::Deserializer::from_str(text).into_iter::<Json>().enumerate() {
        match object {
            Ok(object) => match target(&object) {
                Ok(target) => targets.push(target),
                Err(problem) => problems.push(format!("Invalid JSON target {}: {problem}", at + 1)),
            },
            // Nothing after it can be read.
            Err(error) => problems.push(format!("{key} contains invalid JSON: {error}")),
        }
    }
    if problems.is_empty() { Ok(targets) } else { Err(problems) }
}

fn target(object: &Json) -> Result<Target, String> {
    let Json::Object(object) = object else {
        return Err("expected an object with 'method' and 'url'".to_owned());
    };
    if let Some(extra) = object.keys().find(|key| !["method", "url", "body", "header"].contains(&key.as_str())) {
        return Err(format!("Additional properties are not allowed ('{extra}' was unexpected)"));
    }
    let name = text(object, "method")?.ok_or("'method' is a required property")?;
    let address = text(object, "url")?.ok_or("'url' is a required property")?;
    let method = method(name).ok_or_else(|| format!("'{name}' is not one of {METHODS:?}").replace('"', "'"))?;
    let mut target = Target::new(method, url(address)?);
    if let Some(body) = text(object, "body")? {
        target.body = STANDARD.decode(body).map_err(|error| format!("'body' must be base64: {error}"))?.into();
    }
    match object.get("header") {
        None => {}
        Some(Json::Object(headers)) => {
            for (name, values) in headers {
                let wrong = || format!("header '{name}' must be an array of strings");
                let parsed = HeaderName::from_bytes(name.as_bytes())
                    .map_err(|_| format!("'{name}' is not the name of a header"))?;
                for value in values.as_array().ok_or_else(wrong)? {
                    let value = HeaderValue::from_str(value.as_str().ok_or_else(wrong)?)
                        .map_err(|_| format!("header '{name}' has a value that is not valid"))?;
                    target.headers.append(parsed.clone(), value);
                }
            }
        }
        Some(_) => return Err("'header' must be an object".to_owned()),
    }
    Ok(target)
}

fn text<'a>(object: &'a Map<String, Json>, key: &str) -> Result<Option<&'a str>, String> {
    match object.get(key) {
        None => Ok(None),
        Some(Json::String(text)) => Ok(Some(text)),
        Some(_) => Err(format!("'{key}' must be a string")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn objects_stand_one_after_another() {
        let targets = parse(
            "{\"method\": \"POST\", \"url\": \"http://goku:9090/things\", \"header\": {\"X-Account-ID\": [\"99\"]}, \
             \"body\": \"Rk9P\"}\n{\n  \"method\": \"GET\",\n  \"url\": \"https://goku/\"\n}",
            "target",
        )
        .unwrap();
        assert_eq!(targets.len(), 2);
        assert_eq!(targets[0].headers["x-account-id"], "99");
        assert_eq!(targets[0].body, "FOO");
        assert_eq!(targets[1].url.as_str(), "https://goku/");
    }

    #[test]
    fn says_what_is_wrong() {
        for (text, expected) in [
            ("nope", "target contains invalid JSON"),
            ("[]", "Invalid JSON target 1: expected an object"),
            (r#"{"url": "http://a"}"#, "'method' is a required property"),
            (r#"{"method": "GET"}"#, "'url' is a required property"),
            (r#"{"method": "INVALID", "url": "http://a"}"#, "'INVALID' is not one of ['GET', 'POST', 'PUT',"),
            (r#"{"method": "GET", "url": "a"}"#, "must begin with http://"),
            (r#"{"method": "GET", "url": "http://a", "extra": 1}"#, "('extra' was unexpected)"),
            (r#"{"method": "GET", "url": "http://a", "body": "?"}"#, "'body' must be base64"),
            (r#"{"method": "GET", "url": "http://a", "body": "Zh=="}"#, "'body' must be base64"),
            (r#"{"method": "GET", "url": "http://a", "body": "Zg"}"#, "'body' must be base64"),
            (r#"{"method": "GET", "url": "http://a", "header": {"A": "b"}}"#, "must be an array of strings"),
        ] {
            let problems = parse(text, "target").unwrap_err();
            assert!(problems.len() == 1 && problems[0].contains(expected), "{text}: {problems:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_gives_an_answer(text in "\\PC{0,40}") {
            let _ = parse(&text, "target");
        }
    }
}
