//! The first steps of a search stay near the baseline: a live application is not thrown about at random.

use rand::RngExt;
use rand::seq::SliceRandom;

use super::random::generator;
use super::sampler::is_tried;
use super::space::{Assignment, Space};
use super::study::{Kind, Trial};

/// No more steps than this, however many parameters there are.
const MAX_STEPS: usize = 4;
/// How much of a parameter's range the radius grows with each step.
const GROWTH: f64 = 0.1;

/// The next of the first steps; `None` once they are made, or when all near the baseline was tried.
pub fn step(space: &Space, baseline: &Assignment, history: &[Trial], seed: u64) -> Option<Assignment> {
    let parameters = space.parameters();
    let made = history.iter().filter(|trial| trial.kind == Kind::Search).count();
    if made >= MAX_STEPS.min(parameters.len() + 1) {
        return None;
    }
    // The order is that of the study, not of the step: each step changes another parameter.
    let mut order: Vec<usize> = (0..parameters.len()).collect();
    order.shuffle(&mut generator(seed, usize::MAX - 1));
    let start = space.indices(baseline);
    let up_first: bool = generator(seed, history.len()).random();
    for turn in 0..order.len() {
        let at = order[(made + turn) % order.len()];
        let count = parameters[at].dimension.len();
        let radius = ((made + 1) as f64 * GROWTH * (count - 1) as f64).round().max(1.0) as u64;
        for up in [up_first, !up_first] {
            let moved = if up { (start[at] + radius).min(count - 1) } else { start[at].saturating_sub(radius) };
            let mut indices = start.clone();
            indices[at] = moved;
            let candidate = space.assignment(&indices);
            if moved != start[at] && !is_tried(history, &candidate) {
                return Some(candidate);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::study::State;
    use super::super::study::tests::trial;
    use super::*;
    use crate::model::{Component, Description, Setting};

    #[test]
    fn the_first_steps_change_one_parameter_and_grow() {
        let settings = ["a", "b", "c", "d", "e"].map(|name| Setting::range(name, 0, 100, 1, 50));
        let description = Description { components: vec![Component::new("x", settings.to_vec())], metrics: vec![] };
        let space = Space::of(&description);
        let baseline = space.present(&description).unwrap();
        let walk = |seed| {
            let mut history: Vec<Trial> = Vec::new();
            while let Some(next) = step(&space, &baseline, &history, seed) {
                let mut trial = trial(history.len() as u32, Kind::Search, 0, State::Complete, None);
                trial.assignment = next;
                history.push(trial);
            }
            history.into_iter().map(|trial| trial.assignment).collect::<Vec<_>>()
        };
        let steps = walk(3);
        assert_eq!(steps.len(), 4);
        assert_eq!(steps, walk(3), "the same seed gives the same steps");
        for (number, step) in steps.iter().enumerate() {
            let distances: Vec<u64> = space.indices(step).iter().map(|index| index.abs_diff(50)).collect();
            assert_eq!(distances.iter().filter(|distance| **distance > 0).count(), 1);
            assert_eq!(distances.iter().sum::<u64>(), 10 * (number as u64 + 1));
        }
    }

    #[test]
    fn what_was_tried_is_not_proposed_again() {
        let setting = Setting::choice("c", ["a", "b"], "a");
        let description = Description { components: vec![Component::new("x", vec![setting])], metrics: vec![] };
        let space = Space::of(&description);
        let baseline = space.present(&description).unwrap();
        let mut made = trial(0, Kind::Search, 0, State::Complete, None);
        made.assignment = step(&space, &baseline, &[], 1).unwrap();
        assert_eq!(made.assignment.to_string(), "x.c=b");
        assert_eq!(step(&space, &baseline, &[made], 1), None);
    }
}
