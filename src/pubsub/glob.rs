//! Shell patterns for names: `*`, `?`, `[abc]`, `[a-z]`, `[!abc]`.

/// A pattern that names are matched against as a whole, case by case. Dots are characters like any other.
///
/// A bracket that is never closed stands for itself.
///
/// ```
/// use servox::pubsub::Glob;
///
/// let glob = Glob::new("metrics.*.[hg]ttp");
/// assert!(glob.matches("metrics.prometheus.http"));
/// assert!(!glob.matches("metrics.http"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Literal(char),
    One,
    Many,
    Class { negated: bool, ranges: Vec<(char, char)> },
}

impl Part {
    fn takes(&self, found: char) -> bool {
        match self {
            Self::Literal(wanted) => *wanted == found,
            Self::One | Self::Many => true,
            Self::Class { negated, ranges } => {
                ranges.iter().any(|(first, last)| (*first..=*last).contains(&found)) != *negated
            }
        }
    }
}

impl Glob {
    /// Reads a pattern; every text is one.
    #[must_use]
    pub fn new(pattern: &str) -> Self {
        let text: Vec<char> = pattern.chars().collect();
        let mut parts = Vec::with_capacity(text.len());
        let mut at = 0;
        while let Some(found) = text.get(at) {
            at += 1;
            match found {
                // Several in a row are the same as one.
                '*' if parts.last() == Some(&Part::Many) => {}
                '*' => parts.push(Part::Many),
                '?' => parts.push(Part::One),
                '[' => match class(&text, at) {
                    Some((part, next)) => {
                        parts.push(part);
                        at = next;
                    }
                    None => parts.push(Part::Literal('[')),
                },
                other => parts.push(Part::Literal(*other)),
            }
        }
        Self { parts }
    }

    /// The one name that is matched, if the pattern has no wildcards.
    #[must_use]
    pub fn literal(&self) -> Option<String> {
        self.parts.iter().map(|part| if let Part::Literal(found) = part { Some(*found) } else { None }).collect()
    }

    /// Whether a name is matched. The time is at most the product of both lengths.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        let mut rest = name.chars();
        let mut at = 0;
        // Where to go on when it does not fit: behind the last `*`, which takes one character more.
        let mut again: Option<(usize, std::str::Chars<'_>)> = None;
        loop {
            match self.parts.get(at) {
                Some(Part::Many) => {
                    at += 1;
                    again = Some((at, rest.clone()));
                    continue;
                }
                Some(part) if rest.clone().next().is_some_and(|found| part.takes(found)) => {
                    rest.next();
                    at += 1;
                    continue;
                }
                None if rest.as_str().is_empty() => return true,
                _ => {}
            }
            let Some((behind, taken)) = &mut again else { return false };
            if taken.next().is_none() {
                return false;
            }
            (at, rest) = (*behind, taken.clone());
        }
    }
}

/// The class of characters whose bracket was opened before a place, and the place behind it; none if it stays open.
fn class(text: &[char], start: usize) -> Option<(Part, usize)> {
    let negated = text.get(start) == Some(&'!');
    let first = start + usize::from(negated);
    // A bracket that closes at once is a member.
    let search = first + usize::from(text.get(first) == Some(&']'));
    let end = search + text.get(search..)?.iter().position(|found| *found == ']')?;
    let mut ranges = Vec::new();
    let mut members = &text[first..end];
    loop {
        members = match members {
            [] => break,
            // A range that is the wrong way round has no members.
            [low, '-', high, rest @ ..] => {
                ranges.push((*low, *high));
                rest
            }
            [member, rest @ ..] => {
                ranges.push((*member, *member));
                rest
            }
        };
    }
    Some((Part::Class { negated, ranges }, end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn wildcards_match_what_the_shell_matches() {
        for (pattern, name, expected) in [
            ("metrics", "metrics.prometheus.http", false),
            ("metrics.*", "metrics.prometheus.http", true),
            ("metrics.*.http", "metrics.prometheus.http", true),
            ("metrics.*.[hef]ttp", "metrics.prometheus.http", true),
            ("metrics.*.[!hef]ttp", "metrics.prometheus.http", false),
            ("metrics.?", "metrics.a", true),
            ("metrics.?", "metrics.", false),
            ("Metrics", "metrics", false),
            ("*", "", true),
            ("**a", "bba", true),
            ("[]]", "]", true),
            ("[!]]", "]", false),
            ("[a-c]", "b", true),
            ("[c-a]", "b", false),
            ("[!c-a]", "b", true),
            ("[a-]", "-", true),
            ("[-a]", "-", true),
            ("[a-c-e]", "d", false),
            ("[a-c-e]", "-", true),
            ("a[", "a[", true),
            ("a[b", "a[b", true),
            ("?", "é", true),
        ] {
            assert_eq!(Glob::new(pattern).matches(name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn many_stars_take_no_exponential_time() {
        let glob = Glob::new(&"*a".repeat(100));
        assert!(!glob.matches(&format!("{}b", "a".repeat(253))));
    }

    proptest! {
        #[test]
        fn a_text_without_wildcards_matches_itself_alone(name in "[a-z.]{0,12}", other in "[a-z.]{0,12}") {
            let glob = Glob::new(&name);
            prop_assert!(glob.matches(&name));
            prop_assert_eq!(glob.matches(&other), name == other);
            prop_assert_eq!(glob.literal(), Some(name));
        }

        #[test]
        fn it_agrees_with_the_definition(pattern in "[ab*?]{0,8}", name in "[ab]{0,8}") {
            fn defined(pattern: &[u8], name: &[u8]) -> bool {
                match (pattern, name) {
                    ([], []) => true,
                    ([b'*', more @ ..], _) => (0..=name.len()).any(|taken| defined(more, &name[taken..])),
                    ([b'?', more @ ..], [_, rest @ ..]) => defined(more, rest),
                    ([wanted, more @ ..], [found, rest @ ..]) => wanted == found && defined(more, rest),
                    _ => false,
                }
            }
            prop_assert_eq!(Glob::new(&pattern).matches(&name), defined(pattern.as_bytes(), name.as_bytes()));
        }

        #[test]
        fn any_text_is_a_pattern(pattern in "\\PC{0,24}", name in "\\PC{0,24}") {
            let _ = Glob::new(&pattern).matches(&name);
        }
    }
}
