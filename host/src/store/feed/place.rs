//! Where a reader stands in a snapshot, as text to hand out and to take back.

use std::fmt;
use std::str::FromStr;

use crate::domain::clock::Timestamp;

/// Where a reader stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The last change that belongs to it.
    pub(super) snapshot: i64,
    /// When that was, ms: the start of the next reading.
    pub time: Timestamp,
    /// The last change that does not belong to it any more; none: everything does.
    pub(super) since: Option<i64>,
    /// The reader may hold what was removed since.
    pub(super) removed: bool,
    pub(super) stage: Stage,
}

/// Groups come before resources before readings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stage {
    /// Behind a group.
    Group { after: String },
    /// Behind a resource.
    Resource { after: String },
    /// Behind a reading.
    Reading(At),
}

/// Behind a reading: in the change log, or, where everything is given, by series and time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct At {
    /// 0 where everything is given.
    pub(super) seq: i64,
    pub(super) series: i64,
    pub(super) time: Timestamp,
}

/// A text that is no place.
#[derive(Debug, thiserror::Error)]
#[error("next is what the answer before says, unchanged")]
pub struct NotAPlace;

impl Place {
    /// Before every reading.
    pub(super) fn beginning(&self) -> At {
        At { seq: self.since.map_or(0, |since| since + 1), series: 0, time: Timestamp::MIN }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { snapshot, time, removed, .. } = self;
        let since = self.since.map_or_else(|| "all".to_owned(), |since| since.to_string());
        write!(formatter, "{snapshot}.{time}.{since}.{}.", u8::from(*removed))?;
        match &self.stage {
            Stage::Group { after } => write!(formatter, "group.{after}"),
            Stage::Resource { after } => write!(formatter, "resource.{after}"),
            Stage::Reading(At { seq, series, time }) => {
                write!(formatter, "reading.{seq}.{series}.{time}")
            }
        }
    }
}

impl FromStr for Place {
    type Err = NotAPlace;

    fn from_str(text: &str) -> Result<Self, NotAPlace> {
        let mut parts = text.split('.');
        let mut part = || parts.next().ok_or(NotAPlace);
        let (snapshot, time) = (number(part()?)?, number(part()?)?);
        let since = match part()? {
            "all" => None,
            since => Some(number(since)?),
        };
        let removed = match part()? {
            "0" => false,
            "1" => true,
            _ => return Err(NotAPlace),
        };
        let stage = match part()? {
            "group" => Stage::Group { after: part()?.to_owned() },
            "resource" => Stage::Resource { after: part()?.to_owned() },
            "reading" => Stage::Reading(At {
                seq: number(part()?)?,
                series: number(part()?)?,
                time: number(part()?)?,
            }),
            _ => return Err(NotAPlace),
        };
        let beyond = since.is_some_and(|since| !(0..=snapshot).contains(&since));
        if parts.next().is_some() || beyond || snapshot < 0 {
            return Err(NotAPlace);
        }
        Ok(Self { snapshot, time, since, removed, stage })
    }
}

fn number(text: &str) -> Result<i64, NotAPlace> {
    text.parse().map_err(|_| NotAPlace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_reads_back_and_anything_else_is_none() {
        let at = At { seq: 3, series: 2, time: i64::MIN };
        for stage in [
            Stage::Group { after: String::new() },
            Stage::Resource { after: "res_1".to_owned() },
            Stage::Reading(at),
        ] {
            for since in [None, Some(2)] {
                let place =
                    Place { snapshot: 7, time: -5, since, removed: true, stage: stage.clone() };
                assert_eq!(place.to_string().parse::<Place>().unwrap(), place);
            }
        }
        for wrong in [
            "",
            "1",
            "7.0.9.1.group.",
            "7.0.all.2.group.",
            "7.0.all.1.reading.1.2",
            "7.0.all.1.reading.1.2.3.4",
            "x.0.all.1.group.",
            "7.0.all.1.well.x",
        ] {
            assert!(wrong.parse::<Place>().is_err(), "{wrong}");
        }
    }
}
