//! Whether a range is a whole number of steps, in decimal arithmetic: `0.3` is three times `0.1`.

/// A decimal number: digits times a power of ten.
#[derive(Clone, Copy)]
struct Decimal {
    digits: i128,
    exponent: i32,
}

/// What a range would be with whole steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Misaligned {
    /// `max - min`
    pub difference: f64,
    /// The least values that fit the present greatest one: the nearer one, then the next below.
    pub min: [f64; 2],
    /// The greatest values that fit the present least one: the nearer one, then the next above.
    pub max: [f64; 2],
}

impl Decimal {
    /// The shortest decimal that reads as this float; `None` for NaN and infinity.
    fn of(number: f64) -> Option<Self> {
        let text = format!("{number:e}");
        let (digits, exponent) = text.split_once('e')?;
        let exponent: i32 = exponent.parse().ok()?;
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let digits = format!("{whole}{fraction}").parse().ok()?;
        Some(Self { digits, exponent: exponent - i32::try_from(fraction.len()).ok()? })
    }

    fn float(self) -> f64 {
        format!("{}e{}", self.digits, self.exponent).parse().unwrap_or(f64::NAN)
    }

    /// The digits at a smaller exponent; `None` when they do not fit.
    fn at(self, exponent: i32) -> Option<i128> {
        let power = u32::try_from(self.exponent.checked_sub(exponent)?).ok()?;
        if self.digits == 0 {
            return Some(0);
        }
        self.digits.checked_mul(10_i128.checked_pow(power)?)
    }
}

/// Whether a number is a whole multiple of a step. Everything is one of zero, and of itself.
pub fn is_aligned(number: f64, step: f64) -> bool {
    if step == 0.0 || number == step {
        return true;
    }
    let (Some(number), Some(step)) = (Decimal::of(number), Decimal::of(step)) else { return false };
    let exponent = number.exponent.min(step.exponent);
    match (number.at(exponent), step.at(exponent)) {
        (Some(number), Some(step)) => number % step == 0,
        // The step is greater by more digits than fit: only zero is a multiple of it.
        (Some(number), None) => number == 0,
        // The number is greater by more digits than fit: what counts is the power of ten modulo the step.
        _ => {
            let step = step.digits.unsigned_abs();
            let power = u32::try_from(number.exponent - exponent).unwrap_or(0);
            ((number.digits.unsigned_abs() % step) * power_of_ten(power, step)).is_multiple_of(step)
        }
    }
}

/// `10^power % modulus`, for a modulus below `2^64`.
fn power_of_ten(mut power: u32, modulus: u128) -> u128 {
    let (mut result, mut base) = (1 % modulus, 10 % modulus);
    while power > 0 {
        if power & 1 == 1 {
            result = result * base % modulus;
        }
        base = base * base % modulus;
        power >>= 1;
    }
    result
}

/// What is wrong with a range whose width is no whole number of steps; `None` when nothing is.
pub fn misaligned(min: f64, max: f64, step: f64) -> Option<Misaligned> {
    if is_multiple_apart(min, max, step) {
        return None;
    }
    let exact = || {
        let [low, high, step] = [Decimal::of(min)?, Decimal::of(max)?, Decimal::of(step)?];
        let exponent = low.exponent.min(high.exponent).min(step.exponent);
        let [low, high, step] = [low.at(exponent)?, high.at(exponent)?, step.at(exponent)?];
        let difference = high.checked_sub(low)?;
        let less = (difference - difference.rem_euclid(step)).max(step);
        let more = less.checked_add(step)?;
        let float = |digits: i128| Decimal { digits, exponent }.float();
        Some(Misaligned {
            difference: float(difference),
            min: [float(high - less), float(high.checked_sub(more)?)],
            max: [float(low + less), float(low.checked_add(more)?)],
        })
    };
    Some(exact().unwrap_or_else(|| {
        // Of numbers so far apart no float tells the difference.
        let difference = max - min;
        let less = ((difference / step).floor() * step).max(step);
        let more = less + step;
        Misaligned { difference, min: [max - less, max - more], max: [min + less, min + more] }
    }))
}

/// Whether `max - min` is a whole multiple of the step.
fn is_multiple_apart(min: f64, max: f64, step: f64) -> bool {
    let exact = || {
        let [low, high] = [Decimal::of(min)?, Decimal::of(max)?];
        let exponent = low.exponent.min(high.exponent);
        let difference = high.at(exponent)?.checked_sub(low.at(exponent)?)?;
        Some(Decimal { digits: difference, exponent }.float())
    };
    is_aligned(exact().unwrap_or(max - min), step)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn alignment_is_that_of_decimals() {
        for (number, step) in
            [(1.0, 0.1), (1.0, 0.125), (10.0, 1.0), (12.0, 3.0), (0.0, 0.0), (1.0, 1.0), (0.3, 0.1), (1e300, 1.0)]
        {
            assert!(is_aligned(number, step), "{number} {step}");
        }
        for (number, step) in
            [(1.0, 0.3), (0.6, 0.5), (3.0, 12.0), (6.0, 5.0), (5.0, 6.0), (1e300, 7.0), (1.0, 1e300), (f64::NAN, 1.0)]
        {
            assert!(!is_aligned(number, step), "{number} {step}");
        }
    }

    #[test]
    fn the_nearest_bounds_are_proposed() {
        let found = misaligned(3.0, 11.0, 3.0).unwrap();
        assert_eq!(found, Misaligned { difference: 8.0, min: [5.0, 2.0], max: [9.0, 12.0] });
        assert_eq!(misaligned(0.1, 0.4, 0.1), None);
        assert_eq!(misaligned(0.1, 0.4, 0.2).unwrap().difference, 0.3);
    }

    proptest! {
        #[test]
        fn any_range_gives_an_answer(min: f64, max: f64, step in 0.0..f64::MAX) {
            if let Some(found) = misaligned(min, max, step) {
                prop_assert!(step != 0.0);
                let _ = found;
            }
        }

        #[test]
        fn what_is_proposed_is_aligned(min in -1000_i32..1000, width in 1_i32..5000, step in 1_i32..500) {
            let [min, max, step] = [min, min + width, step].map(|number| f64::from(number) / 8.0);
            if let Some(found) = misaligned(min, max, step) {
                for low in found.min {
                    prop_assert_eq!(misaligned(low, max, step), None);
                }
                for high in found.max {
                    prop_assert_eq!(misaligned(min, high, step), None);
                }
            }
        }
    }
}
