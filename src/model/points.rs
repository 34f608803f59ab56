//! Values over time, in columns.

/// Times and values of equal number, oldest first. A point takes 16 bytes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Points {
    times: Vec<i64>,
    values: Vec<f64>,
}

impl Points {
    /// Columns of one length, sorted by time; those of one time stay in their order.
    ///
    /// Times are microseconds since 1970. `None` when the columns differ in length.
    pub fn new(mut times: Vec<i64>, mut values: Vec<f64>) -> Option<Self> {
        if times.len() != values.len() {
            return None;
        }
        // Columns that grew point by point may hold twice their length.
        times.shrink_to_fit();
        values.shrink_to_fit();
        if times.is_sorted() {
            return Some(Self { times, values });
        }
        let mut order: Vec<usize> = (0..times.len()).collect();
        order.sort_by_key(|&at| times[at]);
        Some(Self {
            times: order.iter().map(|&at| times[at]).collect(),
            values: order.iter().map(|&at| values[at]).collect(),
        })
    }

    /// The number of points.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is no point.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The times in microseconds since 1970, oldest first.
    pub fn times(&self) -> &[i64] {
        &self.times
    }

    /// The values, oldest first.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// A point by its place.
    pub fn get(&self, at: usize) -> Option<(i64, f64)> {
        Some((*self.times.get(at)?, *self.values.get(at)?))
    }

    /// Where the smallest value stands, the earliest of equal ones. NaN counts where there is nothing else.
    pub fn least(&self) -> Option<usize> {
        self.first_by(|value, best| value < best)
    }

    /// Where the greatest value stands, the earliest of equal ones. NaN counts where there is nothing else.
    pub fn greatest(&self) -> Option<usize> {
        self.first_by(|value, best| value > best)
    }

    fn first_by(&self, better: impl Fn(f64, f64) -> bool) -> Option<usize> {
        let mut best: Option<usize> = None;
        for (at, value) in self.values.iter().enumerate() {
            let better = best.is_none_or(|found| {
                let known = self.values[found];
                if known.is_nan() { !value.is_nan() } else { better(*value, known) }
            });
            if better {
                best = Some(at);
            }
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_sorted_and_stay_in_order_among_equals() {
        let points = Points::new(vec![2, 1, 2], vec![1.0, 2.0, 3.0]).unwrap();
        assert_eq!((points.times(), points.values()), (&[1, 2, 2][..], &[2.0, 1.0, 3.0][..]));
        assert_eq!(Points::new(vec![1], vec![]), None);
    }

    #[test]
    fn extremes_are_the_earliest_and_never_nan() {
        let points = Points::new(vec![1, 2, 3, 4], vec![f64::NAN, 5.0, 5.0, f64::NAN]).unwrap();
        assert_eq!((points.least(), points.greatest()), (Some(1), Some(1)));
        assert_eq!(Points::default().least(), None);
        assert_eq!(Points::new(vec![1], vec![f64::NAN]).unwrap().greatest(), Some(0));
    }
}
