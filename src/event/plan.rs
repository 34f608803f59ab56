//! Which responders a dispatch calls, in which phases.

use super::{Preposition, Prepositions};

/// What a plan needs to know of a member of a bus.
pub trait Target {
    /// The member's name.
    fn name(&self) -> &str;
    /// Whether it has a handler of that event and preposition.
    fn responds_to(&self, event: &str, preposition: Preposition) -> bool;
}

impl<R: super::Responder + ?Sized> Target for std::sync::Arc<R> {
    fn name(&self) -> &str {
        (**self).name()
    }
    fn responds_to(&self, event: &str, preposition: Preposition) -> bool {
        (**self).responds_to(event, preposition)
    }
}

/// How a dispatch differs from one to all.
#[derive(Clone, Debug)]
pub struct Options {
    /// Only the first connector, in order, that answers.
    pub first: bool,
    /// Only connectors of those names.
    pub include: Option<Vec<String>>,
    /// No connector of those names; stronger than `include`.
    pub exclude: Vec<String>,
    /// Failures of on-handlers become results instead of ending the dispatch.
    pub keep_errors: bool,
    /// The phases to run.
    pub prepositions: Prepositions,
}

impl Default for Options {
    fn default() -> Self {
        Self { first: false, include: None, exclude: Vec::new(), keep_errors: false, prepositions: Prepositions::ALL }
    }
}

impl Options {
    /// A dispatch to one connector.
    pub fn only(name: impl Into<String>) -> Self {
        Self { include: Some(vec![name.into()]), ..Self::default() }
    }
}

/// The members that each phase calls, as positions on the bus, in bus order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Called together; one that cancels ends the dispatch.
    pub before: Vec<usize>,
    /// Called together, or one after another with [`Options::first`].
    pub on: Vec<usize>,
    /// Called together, with the results.
    pub after: Vec<usize>,
}

impl Plan {
    /// Plans the dispatch of an event to the members of a bus.
    pub fn new<T: Target>(bus: &[T], event: &str, options: &Options) -> Self {
        let chosen = |name: &str| {
            options.include.as_ref().is_none_or(|names| names.iter().any(|other| other == name))
                && !options.exclude.iter().any(|other| other == name)
        };
        let phase = |preposition| {
            if !options.prepositions.contains(preposition) {
                return Vec::new();
            }
            let mut members = Vec::new();
            for (at, target) in bus.iter().enumerate() {
                if target.responds_to(event, preposition) && chosen(target.name()) {
                    if members.is_empty() {
                        members.reserve(bus.len() - at);
                    }
                    members.push(at);
                }
            }
            members
        };
        Self { before: phase(Preposition::Before), on: phase(Preposition::On), after: phase(Preposition::After) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Member(&'static str, &'static [Preposition]);

    impl Target for Member {
        fn name(&self) -> &str {
            self.0
        }
        fn responds_to(&self, event: &str, preposition: Preposition) -> bool {
            event == "measure" && self.1.contains(&preposition)
        }
    }

    const BUS: [Member; 3] = [
        Member("load", &[Preposition::On]),
        Member("scripts", &[Preposition::Before, Preposition::After]),
        Member("web", &[Preposition::On, Preposition::After]),
    ];

    #[test]
    fn phases_keep_the_order_of_the_bus() {
        let plan = Plan::new(&BUS, "measure", &Options::default());
        assert_eq!(plan, Plan { before: vec![1], on: vec![0, 2], after: vec![1, 2] });
        assert_eq!(Plan::new(&BUS, "adjust", &Options::default()), Plan { before: vec![], on: vec![], after: vec![] });
    }

    #[test]
    fn exclude_is_stronger_than_include() {
        let options = Options {
            include: Some(vec!["load".into(), "web".into()]),
            exclude: vec!["web".into()],
            ..Options::default()
        };
        assert_eq!(Plan::new(&BUS, "measure", &options), Plan { before: vec![], on: vec![0], after: vec![] });
    }

    #[test]
    fn only_the_wanted_phases_run() {
        let options = Options { prepositions: Prepositions::ON, ..Options::default() };
        assert_eq!(Plan::new(&BUS, "measure", &options), Plan { before: vec![], on: vec![0, 2], after: vec![] });
    }
}
