//! YAML as operators of ServoX know it: the scalars of YAML 1.1, anchors, merge keys, and nothing that is evaluated.
//!
//! The syntax is that of YAML 1.2. Where PyYAML is more lenient the file is refused with a place: a line inside of
//! `[…]`, `{…}` or quotes that is indented no further than the key before it (but for the closing bracket), and a `#`
//! right after a quote. Stricter than PyYAML by intention: keys are unique, and numbers and null are no keys.

mod compose;
mod node;
mod scalar;

pub use node::{Entry, Node, Value};
pub use scalar::Scalar;

use super::{Path, Place, Problem};

/// The documents of a file; none when it holds nothing but space and comments.
///
/// # Errors
/// Everything that is wrong up to the first place where the reader cannot go on.
pub fn read(bytes: &[u8]) -> Result<Vec<Node>, Vec<(Place, Problem)>> {
    let text = decode(bytes).map_err(|found| vec![found])?;
    compose::documents(text)
}

/// The text of a file without its byte order mark.
fn decode(bytes: &[u8]) -> Result<&str, (Place, Problem)> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let wrong = |at: usize, message: String| {
        let before = String::from_utf8_lossy(&bytes[..at]);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        (Place { line, column }, Problem::new(Path::default(), message))
    };
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(wrong(0, "expected UTF-8 text, found UTF-16, save the file as UTF-8".to_owned()));
    }
    let control = |byte: u8| (byte < 0x20 && !b"\t\n\r".contains(&byte)) || byte == 0x7f;
    if let Some(at) = bytes.iter().position(|byte| *byte == 0) {
        return Err(wrong(at, format!("expected UTF-8 text, found a binary file (a NUL byte at offset {at})")));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        wrong(at, format!("expected UTF-8 text, found the byte 0x{:02X} at offset {at}", bytes[at]))
    })?;
    match bytes.iter().position(|byte| control(*byte)) {
        Some(at) => Err(wrong(at, format!("expected text, found the control character U+{:04X}", bytes[at]))),
        None => Ok(text),
    }
}

#[cfg(test)]
mod tests;
