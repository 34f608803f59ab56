//! Messages and replies as the bytes of HTTP.

use std::borrow::Cow;

use serde_json::{Map, Value as Json, json};

use crate::optimizer::{Reply, Request};

/// The message in a body; the error says what is wrong with it.
pub(super) fn request(body: &[u8]) -> Result<Request, String> {
    match serde_json::from_slice(body) {
        Ok(request) => Ok(request),
        // ServoX writes what is no number as words that JSON does not know.
        Err(error) => match without_words(body) {
            Cow::Owned(body) => serde_json::from_slice(&body).map_err(|error| told(&error)),
            Cow::Borrowed(_) => Err(told(&error)),
        },
    }
}

fn told(error: &serde_json::Error) -> String {
    format!("expected a JSON object with event, param and servo_uid: {error}")
}

/// The same text with `null` for `NaN`, `Infinity` and `-Infinity` outside of texts.
fn without_words(body: &[u8]) -> Cow<'_, [u8]> {
    const WORDS: [&[u8]; 3] = [b"NaN", b"-Infinity", b"Infinity"];
    let mut clean: Option<Vec<u8>> = None;
    let (mut at, mut within_text) = (0, false);
    while at < body.len() {
        let rest = &body[at..];
        let word = WORDS.into_iter().find(|word| !within_text && rest.starts_with(word));
        let (taken, written): (usize, &[u8]) = match (word, rest[0]) {
            (Some(word), _) => {
                clean.get_or_insert_with(|| body[..at].to_vec());
                (word.len(), b"null")
            }
            (None, b'\\') if within_text => (2.min(rest.len()), &rest[..2.min(rest.len())]),
            (None, byte) => {
                within_text ^= byte == b'"';
                (1, &rest[..1])
            }
        };
        if let Some(clean) = &mut clean {
            clean.extend_from_slice(written);
        }
        at += taken;
    }
    clean.map_or(Cow::Borrowed(body), Cow::Owned)
}

/// A reply as a service writes it: without what it does not say.
pub(super) fn reply(reply: &Reply) -> Json {
    match reply {
        Reply::Command(command) => {
            let mut json = json!({ "cmd": command.cmd, "param": command.param });
            if let Some(uid) = &command.cmd_uid {
                json["cmd_uid"] = json!(uid);
            }
            json
        }
        Reply::Status(status) => {
            let mut json = Map::from_iter([("status".to_owned(), json!(status.status))]);
            let texts = [("message", &status.message), ("reason", &status.reason)];
            json.extend(texts.into_iter().filter_map(|(key, text)| Some((key.to_owned(), json!(text.as_ref()?)))));
            json.extend(status.content.clone());
            Json::Object(json)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimizer::{Event, Status};

    #[test]
    fn words_for_what_is_no_number_are_nothing() {
        let body =
            br#"{"event": "MEASUREMENT", "param": {"a": [1, NaN], "b": -Infinity, "c": "NaN \" NaN", "d": Infinity}}"#;
        let request = request(body).unwrap();
        assert_eq!(request.event, Event::Measurement);
        assert_eq!(request.param, json!({"a": [1, null], "b": null, "c": "NaN \" NaN", "d": null}));
    }

    #[test]
    fn what_is_no_message_is_explained() {
        for body in
            ["", "{", "[]", "5", r#"{"param": {}}"#, r#"{"event": "JUMP"}"#, "{\"event\": \"HELLO", "NaN", r#""\"#]
        {
            let error = request(body.as_bytes()).unwrap_err();
            assert!(error.starts_with("expected a JSON object"), "{body}: {error}");
        }
        let deep = format!(r#"{{"event": "HELLO", "param": {}{}}}"#, "[".repeat(5_000), "]".repeat(5_000));
        assert!(request(deep.as_bytes()).is_err());
    }

    #[test]
    fn replies_say_what_there_is_to_say() {
        assert_eq!(reply(&Reply::Status(Status::accepted())), json!({"status": "ok"}));
        let unexpected = reply(&Reply::Status(Status::unexpected("why")));
        assert_eq!(unexpected, json!({"status": "unexpected-event", "reason": "why"}));
        let sleep = super::super::application::sleep(60, &json!({"reason": "r"}));
        let expected = json!({"cmd": "SLEEP", "param": {"duration": 60, "data": {"reason": "r"}}});
        assert_eq!(reply(&Reply::Command(sleep)), expected);
    }
}
