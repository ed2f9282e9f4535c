//! What the readings of a resource are readings of. They carry neither property nor unit, so it is
//! told from the resource's number, which never changes; its `type` may.

use ourwater_sdk::Series;

use crate::id::Id;

/// The kinds that LegacyMyWell has numbers for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Well,
    Raingauge,
    Checkdam,
}

impl Kind {
    /// By the last two digits: 10 to 69 wells, 70 to 79 raingauges, 80 to 99 checkdams. Number 80
    /// is in the ranges of both; checkdams begin there. What follows no convention is a well.
    pub(crate) fn of(id: Id) -> Self {
        match id.number % 100 {
            70..=79 => Self::Raingauge,
            80..=99 => Self::Checkdam,
            _ => Self::Well,
        }
    }

    /// As resources name it.
    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Well, Self::Raingauge, Self::Checkdam].into_iter().find(|kind| kind.name() == name)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Well => "well",
            Self::Raingauge => "raingauge",
            Self::Checkdam => "checkdam",
        }
    }

    /// The last two digits of its ids.
    pub(crate) fn digits(self) -> std::ops::RangeInclusive<u64> {
        match self {
            Self::Well => 10..=69,
            Self::Raingauge => 70..=79,
            Self::Checkdam => 80..=99,
        }
    }
}

/// The one series of a resource.
pub(crate) fn series(id: Id) -> Series {
    let (property, unit) = match Kind::of(id) {
        Kind::Well => ("depth-below-ground", "m"),
        Kind::Raingauge => ("rainfall", "mm"),
        Kind::Checkdam => ("depth-of-water", "m"),
    };
    Series {
        resource: id.to_string(),
        name: "default".to_owned(),
        property: property.to_owned(),
        unit: unit.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_says_what_is_read_and_the_ranges_agree_with_it() {
        for kind in [Kind::Well, Kind::Raingauge, Kind::Checkdam] {
            for digits in kind.digits() {
                assert_eq!(Kind::of(Id { postcode: 313_603, number: 1100 + digits }), kind);
            }
        }
        let unit = |number| series(Id { postcode: 1, number }).unit;
        assert_eq!([unit(21), unit(1170), unit(1180)], ["m", "mm", "m"]);
    }
}
