//! Who answers events.

use async_trait::async_trait;

use super::{Answer, Call, Context, EventError, Outcome};

/// When a handler runs, in relation to the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Preposition {
    /// Before the event; may cancel it.
    Before,
    /// The event itself.
    On,
    /// After the event, with its results.
    After,
}

/// A set of prepositions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prepositions(u8);

impl Prepositions {
    /// Before, on and after.
    pub const ALL: Self = Self(0b111);
    /// The event itself alone, as `startup` and `shutdown` are dispatched.
    pub const ON: Self = Self(0b010);

    /// Whether the set holds that preposition.
    pub const fn contains(self, preposition: Preposition) -> bool {
        self.0 & Self::bit(preposition) != 0
    }

    const fn bit(preposition: Preposition) -> u8 {
        match preposition {
            Preposition::Before => 0b001,
            Preposition::On => 0b010,
            Preposition::After => 0b100,
        }
    }
}

impl From<Preposition> for Prepositions {
    fn from(preposition: Preposition) -> Self {
        Self(Self::bit(preposition))
    }
}

impl FromIterator<Preposition> for Prepositions {
    fn from_iter<I: IntoIterator<Item = Preposition>>(prepositions: I) -> Self {
        Self(prepositions.into_iter().fold(0, |bits, preposition| bits | Self::bit(preposition)))
    }
}

impl std::fmt::Display for Preposition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Before => "before",
            Self::On => "on",
            Self::After => "after",
        })
    }
}

/// The type of a member that does not say its own.
const OTHER: &str = "other";

/// A member of a bus, native or foreign.
#[async_trait]
pub trait Responder: Send + Sync {
    /// The connector's name, unique on its bus.
    fn name(&self) -> &str;

    /// The type of the connector, by which metrics tell it: one of few, however many servos there are.
    fn kind(&self) -> &str {
        OTHER
    }

    /// Whether there is a handler of that event and preposition.
    fn responds_to(&self, event: &str, preposition: Preposition) -> bool;

    /// Runs the handlers of one preposition, in the order they were registered.
    ///
    /// `results` is empty but for [`Preposition::After`].
    async fn respond(
        &self,
        preposition: Preposition,
        call: &Call,
        results: &[Outcome],
        context: &Context,
    ) -> Result<Vec<Answer>, EventError>;
}
