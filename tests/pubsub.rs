//! Selectors and their index, as a user of the crate sees them.

use servox::pubsub::{Glob, Index};

#[test]
fn an_index_routes_channels_to_subscriptions() {
    let mut index = Index::new();
    index.insert(0, "servo.events.*");
    index.insert(1, "loadgen.vegeta");
    index.insert(2, "*");
    assert_eq!(index.find("loadgen.vegeta"), [1, 2]);
    assert_eq!(index.find("servo.events.measure.01"), [0, 2]);
    assert!(index.remove(2));
    assert!(index.find("other").is_empty());
}

#[test]
fn an_index_agrees_with_its_patterns() {
    let patterns = ["a", "a*", "?b", "[ab]c", "[!a]c", "**"];
    let mut index = Index::new();
    for (number, pattern) in (0..).zip(patterns) {
        index.insert(number, pattern);
    }
    for name in ["a", "ab", "bb", "ac", "cc", "", "abc"] {
        let expected: Vec<u64> =
            (0..).zip(patterns).filter(|(_, p)| Glob::new(p).matches(name)).map(|(n, _)| n).collect();
        assert_eq!(index.find(name), expected, "{name}");
    }
}
