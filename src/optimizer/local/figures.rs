//! Numbers for people.

/// A measured number: `2.10`, `38.1`, `412`; trailing zeros of tens and more are left out.
pub fn figure(value: f64) -> String {
    let size = value.abs();
    if !value.is_finite() || size == 0.0 {
        return short(value);
    }
    if size >= 99.95 {
        return format!("{value:.0}");
    }
    if size >= 9.995 {
        let text = format!("{value:.1}");
        return text.strip_suffix(".0").map(str::to_owned).unwrap_or(text);
    }
    if size >= 0.9995 {
        return format!("{value:.2}");
    }
    if size < 1e-6 {
        return format!("{value:.2e}");
    }
    // Three digits that count.
    let decimals = (2 - size.log10().floor() as i32).max(0) as usize;
    format!("{value:.decimals$}")
}

/// A number that somebody wrote, as short as it can be: `60`, `0.5`.
pub fn short(value: f64) -> String {
    if value == 0.0 { "0".into() } else { format!("{value}") }
}

/// A change: `-41 %`, `+2.5 %`.
pub fn percent(value: f64) -> String {
    if value.abs() < 9.95 { format!("{value:+.1} %") } else { format!("{value:+.0} %") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_show_what_counts() {
        for (value, text) in [
            (2.1, "2.10"),
            (38.04, "38"),
            (38.14, "38.1"),
            (412.3, "412"),
            (99.97, "100"),
            (0.012_345, "0.0123"),
            (0.5, "0.500"),
            (-2.1, "-2.10"),
            (0.0, "0"),
            (123_456.7, "123457"),
            (1e-9, "1.00e-9"),
        ] {
            assert_eq!(figure(value), text);
        }
        assert_eq!((percent(-41.3), percent(2.51)), ("-41 %".into(), "+2.5 %".into()));
    }
}
