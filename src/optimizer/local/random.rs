//! Uniformly at random, without repetition.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::sampler::{Sampler, SamplerError, is_tried};
use super::space::{Assignment, Space};
use super::study::Trial;

/// How often a free configuration is looked for by chance.
const DRAWS: u32 = 256;
/// Spaces up to this size are searched for the last free configurations one by one.
const SMALL: u64 = 100_000;

/// Draws each value by itself. No configuration is tried twice, and none is left once all were tried; in a space too large
/// to be searched through, one that cannot be found free is tried again.
#[derive(Debug)]
pub struct RandomSampler {
    seed: u64,
}

impl RandomSampler {
    /// The same seed and history give the same configuration.
    pub fn new(seed: u64) -> Self {
        Self { seed }
    }
}

/// The random numbers of one trial, the same after a restart.
pub(super) fn generator(seed: u64, number: usize) -> StdRng {
    // An odd factor spreads neighbouring numbers over all bits.
    StdRng::seed_from_u64(seed ^ (number as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15))
}

impl Sampler for RandomSampler {
    fn name(&self) -> &'static str {
        "random"
    }

    fn ask(&mut self, space: &Space, history: &[Trial]) -> Result<Option<Assignment>, SamplerError> {
        let mut random = generator(self.seed, history.len());
        let mut draw = || {
            let counts = space.parameters().iter().map(|parameter| parameter.dimension.len());
            space.assignment(&counts.map(|count| random.random_range(0..count)).collect::<Vec<_>>())
        };
        let mut candidate = draw();
        for _ in 0..DRAWS {
            if !is_tried(history, &candidate) {
                return Ok(Some(candidate));
            }
            candidate = draw();
        }
        let points = space.points();
        if points <= SMALL {
            let start = random.random_range(0..points);
            return Ok((0..points).map(|at| space.at((start + at) % points)).find(|point| !is_tried(history, point)));
        }
        Ok(Some(candidate))
    }
}

#[cfg(test)]
mod tests {
    use super::super::study::tests::trial;
    use super::super::study::{Kind, State};
    use super::*;
    use crate::model::{Component, Description, Setting};

    #[test]
    fn nothing_is_tried_twice() {
        let setting = Setting::range("n", 1, 20, 1, 1);
        let space = Space::of(&Description { components: vec![Component::new("web", vec![setting])], metrics: vec![] });
        let run = |seed| {
            let mut history = Vec::new();
            for number in 0..20 {
                // A new instance each time, as after a restart.
                let point = RandomSampler::new(seed).ask(&space, &history).unwrap().unwrap();
                assert!(space.contains(&point));
                assert!(!is_tried(&history, &point), "trial {number}");
                let mut next = trial(number, Kind::Search, 0, State::Complete, Some(1.0));
                next.assignment = point;
                history.push(next);
            }
            assert_eq!(RandomSampler::new(seed).ask(&space, &history).unwrap(), None);
            history.into_iter().map(|trial| trial.assignment.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
    }
}
