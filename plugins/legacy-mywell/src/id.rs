//! Ids of LegacyMyWell: two numbers, since villages and resources are counted within a postcode.

use std::fmt;
use std::str::FromStr;

/// A village or a resource, written "313603.1111".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Id {
    pub(crate) postcode: u64,
    /// Of a resource, by convention, the village's two digits and two of its own.
    pub(crate) number: u64,
}

impl Id {
    /// The village that a resource's number names.
    pub(crate) fn village(self) -> u64 {
        self.number / 100
    }
}

impl fmt::Display for Id {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{}.{}", self.postcode, self.number)
    }
}

/// It is not an id of LegacyMyWell.
#[derive(Debug)]
pub(crate) struct Foreign;

impl FromStr for Id {
    type Err = Foreign;

    fn from_str(text: &str) -> Result<Self, Foreign> {
        let (postcode, number) = text.split_once('.').ok_or(Foreign)?;
        let (postcode, number) = (whole(postcode).ok_or(Foreign)?, whole(number).ok_or(Foreign)?);
        Ok(Self { postcode, number })
    }
}

/// A number as an id is written: digits only, and no zero before them, so that one thing has one id.
pub(crate) fn whole(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    text.parse().ok().filter(|_| plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_way_to_be_written() {
        for text in ["313603.1111", "1.1"] {
            assert_eq!(text.parse::<Id>().unwrap().to_string(), text);
        }
        for text in ["", "313603", "313603.", ".1", "+1.2", "1.02", "1.2.3", "1.-2", "1. 2", "0.1"]
        {
            assert!(text.parse::<Id>().is_err(), "{text}");
        }
    }
}
