//! Every combination, or an even selection of them.

use super::sampler::{Sampler, SamplerError, is_tried};
use super::space::{Assignment, Space};
use super::study::{Kind, Trial};

/// Goes through the space in order. When there are more configurations than trials, it takes as many evenly spread
/// values of each parameter as the trials suffice for.
#[derive(Debug)]
pub struct GridSampler {
    trials: u32,
}

impl GridSampler {
    /// A grid of at most so many configurations.
    pub fn new(trials: u32) -> Self {
        Self { trials }
    }
}

/// How many values of each parameter are taken: the product is at most `trials`.
fn levels(counts: &[u64], trials: u64) -> Vec<u64> {
    let mut levels = vec![1_u64; counts.len()];
    loop {
        let product = levels.iter().fold(1_u64, |product, level| product.saturating_mul(*level));
        // The parameter with the fewest levels is next, the first one of equals.
        let next = (0..counts.len())
            .filter(|at| levels[*at] < counts[*at] && product / levels[*at] * (levels[*at] + 1) <= trials)
            .min_by_key(|at| levels[*at]);
        match next {
            Some(at) => levels[at] += 1,
            None => return levels,
        }
    }
}

/// The number of the value at one of so many evenly spread levels; a single level is the middle.
fn spread(level: u64, levels: u64, count: u64) -> u64 {
    if levels <= 1 {
        return (count - 1) / 2;
    }
    let position = u128::from(level) * u128::from(count - 1);
    ((position + u128::from(levels - 1) / 2) / u128::from(levels - 1)) as u64
}

impl Sampler for GridSampler {
    fn name(&self) -> &'static str {
        "grid"
    }

    fn ask(&mut self, space: &Space, history: &[Trial]) -> Result<Option<Assignment>, SamplerError> {
        let counts: Vec<u64> = space.parameters().iter().map(|parameter| parameter.dimension.len()).collect();
        // The baseline is measured anyway and takes no part of the budget.
        let measured = u64::from(history.iter().any(|trial| trial.kind == Kind::Baseline));
        let levels = levels(&counts, u64::from(self.trials) + measured);
        let product: u64 = levels.iter().product();
        let point = |number: u64| {
            let mut rest = number;
            let mut indices = vec![0; counts.len()];
            for at in (0..counts.len()).rev() {
                indices[at] = spread(rest % levels[at], levels[at], counts[at]);
                rest /= levels[at];
            }
            space.assignment(&indices)
        };
        Ok((0..product).map(point).find(|point| !is_tried(history, point)))
    }

    fn approaches(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::super::study::State;
    use super::super::study::tests::trial;
    use super::*;
    use crate::model::{Component, Description, Setting};

    fn all(trials: u32) -> Vec<String> {
        let settings = vec![Setting::range("n", 1, 9, 1, 1), Setting::choice("gc", ["a", "b"], "a")];
        let space = Space::of(&Description { components: vec![Component::new("web", settings)], metrics: vec![] });
        let mut history: Vec<Trial> = Vec::new();
        while let Some(point) = GridSampler::new(trials).ask(&space, &history).unwrap() {
            let mut next = trial(history.len() as u32, Kind::Search, 0, State::Complete, Some(1.0));
            next.assignment = point;
            history.push(next);
        }
        history.into_iter().map(|trial| trial.assignment.to_string()).collect()
    }

    #[test]
    fn every_combination_comes_once() {
        let points = all(100);
        assert_eq!(points.len(), 18);
        assert_eq!(points.iter().collect::<std::collections::HashSet<_>>().len(), 18);
    }

    #[test]
    fn a_small_budget_is_spread_evenly() {
        assert_eq!(
            all(7),
            ["n=1 web.gc=a", "n=1 web.gc=b", "n=5 web.gc=a", "n=5 web.gc=b", "n=9 web.gc=a", "n=9 web.gc=b"]
                .map(|text| format!("web.{text}"))
        );
        assert_eq!(all(1), ["web.n=5 web.gc=a"]);
    }
}
