//! What is shown of the results: a table, two JSON files, a chart.

pub(crate) mod chart;
pub(crate) mod json;
pub(crate) mod table;

/// Writes a number with as many digits as mean something.
pub(crate) fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 999.5 => {
            let digits = format!("{value:.0}");
            let head = digits.len() - 3;
            match head {
                1..=3 => format!("{},{}", &digits[..head], &digits[head..]),
                _ => format!(
                    "{},{},{}",
                    &digits[..head - 3],
                    &digits[head - 3..head],
                    &digits[head..]
                ),
            }
        }
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits_or_all_before_the_point() {
        let written = [0.1234, 12.34, 123.4, 999.6, 1234.5, 123_456.7, 1_234_567.8].map(number);

        let expected = [
            "0.12",
            "12.3",
            "123",
            "1,000",
            "1,234",
            "123,457",
            "1,234,568",
        ];
        assert_eq!(written, expected);
    }
}
