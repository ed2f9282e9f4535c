//! Flags: Lizard's word on how far a reading is to be trusted, as the water companies that use it agree.

use serde_json::Value;

/// The flag of a reading that was deleted and is still given.
pub(crate) const DELETED: i64 = -99;

/// The quality that a flag stands for.
pub(crate) fn quality(flag: Option<i64>) -> u8 {
    match flag {
        Some(0 | 1) => 1,
        Some(2..=4) => 2,
        Some(6 | 7) => 3,
        // 99 is not validated; others are not known here.
        _ => 0,
    }
}

/// The flag that is told for a quality. What nobody judged is 99: 0 would call it good.
pub(crate) fn of(quality: u8) -> i64 {
    match quality {
        1 => 0,
        2 => 3,
        3 => 6,
        _ => 99,
    }
}

/// As the API has it.
pub(crate) fn read(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// What is noted of a flag, so that it is kept as it was given. Nearly all are 0, which says good.
pub(crate) fn note(flag: i64) -> Option<String> {
    (flag != 0).then(|| format!("flag {flag}"))
}

/// The flag that was noted.
pub(crate) fn noted(text: &str) -> Option<i64> {
    text.strip_prefix("flag ")?.split(';').next()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quality_comes_back_as_it_was_told_and_a_flag_as_it_was_noted() {
        for told in 0..=3 {
            assert_eq!(quality(Some(of(told))), told);
        }
        assert_eq!(
            [0, 1, 2, 3, 4, 5, 6, 7, 99].map(|it| quality(Some(it))),
            [1, 1, 2, 2, 2, 0, 3, 3, 0]
        );
        assert_eq!(quality(None), 0);
        assert_eq!(note(0), None);
        assert_eq!(noted(&note(7).unwrap()), Some(7));
        assert_eq!((noted("flag 3; a comment"), noted("a comment")), (Some(3), None));
    }
}
