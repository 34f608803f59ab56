//! From the name of a channel to the subscriptions that it concerns.

use std::collections::HashMap;

use super::Glob;

/// Subscriptions by selector, each with a number that its owner gives it.
///
/// Selectors without wildcards are found in one look-up, however many there are; only those with wildcards are gone
/// through.
#[derive(Debug, Default)]
pub struct Index {
    literal: HashMap<String, Vec<u64>>,
    globs: Vec<(u64, Glob)>,
    /// The names that the numbers of literal selectors stand under.
    names: HashMap<u64, String>,
}

impl Index {
    /// An index without subscriptions.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a subscription; gives the one name that it selects, if it has no wildcards. A number that is known already
    /// gets the new selector.
    pub fn insert(&mut self, number: u64, selector: &str) -> Option<&str> {
        self.remove(number);
        let glob = Glob::new(selector);
        let Some(name) = glob.literal() else {
            self.globs.push((number, glob));
            return None;
        };
        self.literal.entry(name.clone()).or_default().push(number);
        Some(self.names.entry(number).or_insert(name))
    }

    /// Takes a subscription out; gives whether it was there.
    pub fn remove(&mut self, number: u64) -> bool {
        let Some(name) = self.names.remove(&number) else {
            let before = self.globs.len();
            self.globs.retain(|(found, _)| *found != number);
            return self.globs.len() < before;
        };
        if let Some(numbers) = self.literal.get_mut(&name) {
            numbers.retain(|found| *found != number);
            if numbers.is_empty() {
                self.literal.remove(&name);
            }
        }
        true
    }

    /// The numbers of the subscriptions that a channel's name concerns, ascending.
    #[must_use]
    pub fn find(&self, name: &str) -> Vec<u64> {
        let mut numbers = self.literal.get(name).cloned().unwrap_or_default();
        numbers.extend(self.globs.iter().filter(|(_, glob)| glob.matches(name)).map(|(number, _)| *number));
        numbers.sort_unstable();
        numbers
    }

    /// How many subscriptions there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.names.len() + self.globs.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_name_finds_its_subscriptions_in_order() {
        let mut index = Index::new();
        assert_eq!(index.insert(3, "metrics.http"), Some("metrics.http"));
        assert_eq!(index.insert(1, "metrics.*"), None);
        index.insert(2, "metrics.http");
        index.insert(4, "other");
        assert_eq!(index.find("metrics.http"), [1, 2, 3]);
        assert!(index.remove(2));
        assert!(!index.remove(2));
        assert!(index.remove(1));
        assert_eq!(index.find("metrics.http"), [3]);
        assert_eq!(index.len(), 2);
    }

    #[test]
    fn nothing_stays_behind() {
        let mut index = Index::new();
        for number in 0..100 {
            index.insert(number, if number % 2 == 0 { "name" } else { "name*" });
        }
        index.insert(0, "renamed");
        assert!(!index.find("name").contains(&0));
        for number in 0..100 {
            assert!(index.remove(number));
        }
        assert!(index.is_empty() && index.literal.is_empty() && index.names.is_empty());
    }

    proptest! {
        #[test]
        fn it_finds_what_the_patterns_match(selectors in prop::collection::vec("[ab*?]{0,4}", 0..12), name in "[ab]{0,4}") {
            let mut index = Index::new();
            for (number, selector) in (0..).zip(&selectors) {
                index.insert(number, selector);
            }
            let expected: Vec<u64> =
                (0..).zip(&selectors).filter(|(_, selector)| Glob::new(selector).matches(&name)).map(|(n, _)| n).collect();
            prop_assert_eq!(index.find(&name), expected);
        }
    }
}
