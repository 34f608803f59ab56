//! Which known name an unknown one was meant to be.

/// Names longer than this are not compared, and no more known names than `CANDIDATES`: the time is bounded
/// whatever a file holds.
const LENGTH: usize = 64;
const CANDIDATES: usize = 256;

/// The known name within a third of the letters of the unknown one. Case and `-` for `_` do not count.
pub fn nearest<'a>(unknown: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let fold = |name: &str| name.to_lowercase().replace('-', "_");
    if unknown.len() > LENGTH {
        return None;
    }
    let unknown = fold(unknown);
    let near_enough = (unknown.chars().count() / 3).max(1);
    known
        .into_iter()
        .take(CANDIDATES)
        .filter(|name| name.len() <= LENGTH)
        .map(|name| (strsim::osa_distance(&unknown, &fold(name)), name))
        // One letter for another one is no likeness.
        .filter(|(distance, name)| *distance <= near_enough && *distance < name.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn only_what_is_near_is_named() {
        let known = ["rate", "target", "ssl_verify", "id"];
        for (unknown, expected) in [
            ("ratee", Some("rate")),
            ("raet", Some("rate")),
            ("Rate", Some("rate")),
            ("ssl-verify", Some("ssl_verify")),
            ("targte", Some("target")),
            ("banana", None),
            ("x", None),
        ] {
            assert_eq!(nearest(unknown, known).as_deref(), expected, "{unknown}");
        }
        assert_eq!(nearest(&"r".repeat(1_000_000), known), None);
    }
}
