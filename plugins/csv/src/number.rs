//! Numbers as people write them: exact, finite, or refused.

/// A longer text is no number.
const MAX_NUMBER_BYTES: usize = 64;
/// Integers up to here are exact in a double, and so is one divided by a power of ten below.
const MAX_EXACT: u64 = 1 << 53;
const POWERS_OF_TEN: [f64; 16] =
    [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

/// How numbers are written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Format {
    pub(crate) decimal: char,
    pub(crate) thousands: Option<char>,
}

/// The number, or why there is none.
pub(crate) fn parse(text: &[u8], format: Format) -> Result<f64, &'static str> {
    match short(text, format.decimal) {
        Some(value) => Ok(value),
        None => long(text, format),
    }
}

/// The shortest text that reads back as this number.
pub(crate) fn write(value: f64, decimal: char) -> String {
    let plain = value.to_string();
    let text = if plain.len() <= 24 { plain } else { format!("{value:e}") };
    text.replace('.', decimal.encode_utf8(&mut [0; 4]))
}

/// Up to fifteen digits and one decimal mark: mantissa and power are exact, so the quotient is
/// the nearest double.
fn short(text: &[u8], decimal: char) -> Option<f64> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    if digits.is_empty() || digits.len() > 16 {
        return None;
    }
    let mut mantissa = 0_u64;
    let mut point = None;
    for (place, &byte) in digits.iter().enumerate() {
        match byte {
            b'0'..=b'9' => mantissa = mantissa * 10 + u64::from(byte - b'0'),
            _ if char::from(byte) == decimal && byte.is_ascii() && point.is_none() => {
                point = Some(place);
            }
            _ => return None,
        }
    }
    let decimals = point.map_or(0, |place| digits.len() - place - 1);
    let lone_mark = point.is_some() && digits.len() == 1;
    if mantissa > MAX_EXACT || lone_mark {
        return None;
    }
    let value = mantissa as f64 / POWERS_OF_TEN.get(decimals)?;
    Some(if negative { -value } else { value })
}

fn long(text: &[u8], format: Format) -> Result<f64, &'static str> {
    const NO_NUMBER: &str = "it is not a number";
    if text.len() > MAX_NUMBER_BYTES {
        return Err("it is too long for a number");
    }
    let text = std::str::from_utf8(text).map_err(|_| NO_NUMBER)?;
    let grouped = format.thousands.is_some_and(|mark| text.contains(mark));
    let text = match format.thousands.filter(|_| grouped) {
        Some(mark) => ungroup(text, mark, format.decimal).ok_or("its digits are oddly grouped")?,
        None => text.to_owned(),
    };
    if format.decimal != '.' && text.contains('.') {
        return Err("it has a point where the decimal mark is another");
    }
    let value: f64 = text.replace(format.decimal, ".").parse().map_err(|_| NO_NUMBER)?;
    if value.is_finite() { Ok(value) } else { Err("it is not a finite number") }
}

/// Without the marks between groups: three digits in the last, two (lakh) or three in the others.
fn ungroup(text: &str, mark: char, decimal: char) -> Option<String> {
    let (whole, fraction) = match text.split_once(decimal) {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    let digits = whole.trim_start_matches(['-', '+']);
    let groups: Vec<_> = digits.split(mark).collect();
    let last = groups.len() - 1;
    let sized = groups.iter().enumerate().all(|(place, group)| match place {
        0 => (1..=3).contains(&group.len()),
        _ if place == last => group.len() == 3,
        _ => (2..=3).contains(&group.len()),
    });
    let plain = groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_digit()));
    let clean = fraction.is_none_or(|fraction| !fraction.contains(mark));
    (sized && plain && clean).then(|| text.replace(mark, ""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str, decimal: char, thousands: Option<char>) -> Option<f64> {
        parse(text.as_bytes(), Format { decimal, thousands }).ok()
    }

    #[test]
    fn marks_are_what_they_are_declared_to_be() {
        let table = [
            ("-0.999", '.', None, Some(-0.999)),
            ("0", '.', None, Some(0.0)),
            ("00.00", '.', None, Some(0.0)),
            ("+7.", '.', None, Some(7.0)),
            (".5", '.', None, Some(0.5)),
            (".", '.', None, None),
            ("-", '.', None, None),
            ("1e3", '.', None, Some(1000.0)),
            ("1e999", '.', None, None),
            ("NaN", '.', None, None),
            ("inf", '.', None, None),
            ("112,485038689249", ',', None, Some(112.485_038_689_249)),
            ("1.5", ',', None, None),
            ("1,5", '.', None, None),
            ("1,234.5", '.', Some(','), Some(1234.5)),
            ("1,00,000", '.', Some(','), Some(100_000.0)),
            ("1,5", '.', Some(','), None),
            ("-1.234.567,25", ',', Some('.'), Some(-1_234_567.25)),
            ("1.5", ',', Some('.'), None),
            ("1 234", '.', Some(' '), Some(1234.0)),
            ("8.482999999999999", '.', None, Some(8.482_999_999_999_999)),
        ];
        for (text, decimal, thousands, expected) in table {
            assert_eq!(read(text, decimal, thousands), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(value in proptest::num::f64::NORMAL | proptest::num::f64::ZERO) {
            let back = read(&write(value, ','), ',', None).unwrap();
            prop_assert_eq!(back.to_bits(), value.to_bits());
        }

        #[test]
        fn the_short_way_is_exact(mantissa in -99_999_999_i64..99_999_999, decimals in 0_usize..8) {
            let text = format!("{:.decimals$}", mantissa as f64 / 10_f64.powi(decimals.try_into().unwrap()));
            prop_assert_eq!(read(&text, '.', None), text.parse().ok());
        }
    }
}
